# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of things for conntrack_info: check the options, read once, understand, judge. Both transports run
exactly this.

Nothing here fails because of the host: what is not there or cannot be read is said in the result.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Iterator, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._boot.simulate import Simulator
from ansible_collections.stateward.conntrack.plugins.module_utils._conflicts import find_conflicts, simulate_events
from ansible_collections.stateward.conntrack.plugins.module_utils._desired import machine_of
from ansible_collections.stateward.conntrack.plugins.module_utils._evidence import Evidence
from ansible_collections.stateward.conntrack.plugins.module_utils._features import assumed_init
from ansible_collections.stateward.conntrack.plugins.module_utils._flow_model import (
    FlowCounts,
    FlowQuery,
    FlowSource,
    FlowWish,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._flow_sources import (
    NOT_AVAILABLE,
    Listing,
    find_listings,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._host_read import TOO_LARGE
from ansible_collections.stateward.conntrack.plugins.module_utils._info_options import InfoOptions, parse_info_options
from ansible_collections.stateward.conntrack.plugins.module_utils._info_render import render_info
from ansible_collections.stateward.conntrack.plugins.module_utils._manifest import INFO, MANIFEST
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Host, Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import Observed, observe
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.kernel_log import TableFull, parse_table_full
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.stat import parse_stat, parse_stat_output
from ansible_collections.stateward.conntrack.plugins.module_utils._persisted import find_persisted
from ansible_collections.stateward.conntrack.plugins.module_utils._survival import find_survival

# The first of these that says anything.
_STAT_FILES = ("/proc/net/stat/nf_conntrack", "/proc/net/stat/ip_conntrack")
_STAT_COMMAND = "command:conntrack -S"
# The same complaint may be in several of these: the one with most of them counts, the first of equals.
_LOGS = ("command:dmesg", "command:journalctl -k", "/var/log/kern.log", "/var/log/messages", "/var/log/syslog")


@dataclass(frozen=True)
class Info:
    """values: every return key."""

    values: dict[str, Any]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Flows:
    """The flows, and where they were read from. note: what limits them, or why there are none."""

    counts: FlowCounts
    source: str
    note: str


def run_info(host: Host, params: Mapping[str, Any], *, transport: str = "python") -> Info:
    """conntrack_info from end to end. Raises OptionError for an option, UnsupportedHostError for a host that is
    no Linux."""
    options = parse_info_options(params)
    snapshot = _read(host, options)
    observed = _as_reader(observe(snapshot))
    simulator = Simulator(observed, snapshot)
    evidence = collect_evidence(options, simulator)
    flows = _read_flows(host, options, observed) if options.flows else None
    values = render_info(evidence, persisted=find_persisted(simulator), flows=flows, transport=transport)
    return Info(values, tuple(_warnings(observed)))


def _read(host: Host, options: InfoOptions) -> Snapshot:
    reads = (*MANIFEST, *INFO)
    if not options.flows:
        return host.read(reads)
    return host.read_ahead(reads, FlowWish(options.flow_limit, options.time_limit, options.top))


def _as_reader(observed: Observed) -> Observed:
    """What cannot be written matters to nobody here; to a user who is not root that is everything, container or not."""
    if observed.is_root:
        return observed
    return replace(observed, blocked={}, container=observed.netns == "other")


def collect_evidence(options: InfoOptions, simulator: Simulator) -> Evidence:
    """Everything that the verdict looks at."""
    observed, snapshot = simulator.observed, simulator.snapshot
    events = simulate_events(simulator, observed.values)
    log, source, is_partial = find_complaints(snapshot)
    return Evidence(
        observed=observed,
        warning=options.warning,
        critical=options.critical,
        memory_limit=options.memory_limit.resolve(machine_of(observed).kernel_memory),
        counters=find_counters(snapshot),
        log=log,
        log_source=source,
        log_partial=is_partial,
        survival=find_survival(simulator, events),
        conflicts=find_conflicts(simulator, events, observed.values),
        preloaded_by=simulator.preloaded_by,
    )


def find_counters(snapshot: Snapshot) -> dict[str, int]:
    """The sums over all CPUs, from the kernel's file or else from the tool; empty when neither says anything."""
    for path in _STAT_FILES:
        counters = parse_stat(snapshot.text(path) or "")
        if counters:
            return counters
    return parse_stat_output(snapshot.text(_STAT_COMMAND) or "")


def find_complaints(snapshot: Snapshot) -> tuple[TableFull, str, bool]:
    """What the kernel's log says about a full table, where that was found, and whether only its end was looked at.

    Without a complaint: whether that is true of any of the logs.
    """
    found = [(parse_table_full(snapshot.text(path) or ""), path) for path in _LOGS]
    partial = {path for path in _LOGS if _is_partial(snapshot.get(path))}
    log, path = max(found, key=lambda pair: pair[0].count)
    if not log.count:
        return log, "", bool(partial)
    return log, path.replace("command:", ""), path in partial


def _is_partial(entry: Entry | None) -> bool:
    return entry is not None and entry.text is not None and entry.error == TOO_LARGE


# ---------------------------------------------------------------------------------------------- flows


def _read_flows(host: Host, options: InfoOptions, observed: Observed) -> Flows:
    """The first listing that works; what was wrong with those before it is said."""
    listings = find_listings(observed.snapshot, observed.version)
    problems: list[str] = []
    for listing in listings:
        counts = host.count_flows(_query(listing, options))
        if counts.entries or not counts.error:
            return Flows(counts, listing.source.name, "; ".join([*problems, *_notes(listing, counts)]))
        problems.append(counts.error)
    why = "; ".join(dict.fromkeys(problems)) or (
        NOT_AVAILABLE if observed.active else "connection tracking is not active on this host"
    )
    return Flows(FlowCounts(error=why), "", why)


def _query(listing: Listing, options: InfoOptions) -> FlowQuery:
    source: FlowSource = listing.source
    return FlowQuery(source, options.flow_limit or listing.limit, options.time_limit, options.top)


def _notes(listing: Listing, counts: FlowCounts) -> Iterator[str]:
    if counts.truncated:
        yield f"{counts.truncated} ended the reading after {counts.entries:,} flows"
    yield from (text for text in (listing.note, counts.error) if text)


# ---------------------------------------------------------------------------------------------- warnings


def _warnings(observed: Observed) -> Iterator[str]:
    if not observed.is_root:
        yield (
            "Not root: sizes and counters are there, but what only root can read (slabinfo, the listing of flows, "
            "parts of the logs and of the configuration) is missing from the result. Use become: true."
        )
    assumed = assumed_init(observed.snapshot)
    if assumed:
        yield f"{assumed}."
