# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about the future: what a full table would do, and what will not be there any more."""

from __future__ import annotations

from typing import Iterator, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._evidence import Evidence
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_keys import default_value, find_key
from ansible_collections.stateward.conntrack.plugins.module_utils._levels import (
    CRITICAL,
    WARNING,
    days,
    decimal,
    percent,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._names import short_name
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import BUILTIN
from ansible_collections.stateward.conntrack.plugins.module_utils._profiles import PROFILES
from ansible_collections.stateward.conntrack.plugins.module_utils._sizing_model import in_mib

# Of the new flows that a full table would refuse. Four entries per bucket on a kernel with the strict limit (8 to 31)
# refuse 5 %, two 0.1 %.
_TOO_MANY = 0.005
# Without a limit, long chains only cost time: the ratios that kernels chose themselves were at most 8 (up to 2.6.22,
# and wherever hashsize alone is given) and are 4 or 1 today.
_LONG_RATIO = 8.0
# Of several items, those that are written out.
_SHOWN = 3

# Long for the idle flows of a busy table, harmless in an empty one: five days is the kernel's own default.
_ESTABLISHED = "tcp_established"


def check_hash_small(evidence: Evidence) -> tuple[str, str] | None:
    """A full table would have chains that this kernel refuses, or that make every packet slow."""
    load, buckets = evidence.full_load_factor, evidence.hashsize
    if load is None or evidence.max is None or buckets is None:
        return None
    share = evidence.refused(load)
    if share < _TOO_MANY and load / 2 <= _LONG_RATIO:
        return None
    effect = "every packet has to walk long chains"
    if share >= _TOO_MANY:
        effect = f"this kernel would refuse {percent(share)} of new flows without a log line"
    return WARNING, (
        f"hashsize {buckets:,} is small for max {evidence.max:,}: a full table has a load factor of {decimal(load)}, "
        f"and {effect}. Raise hashsize to {evidence.machine.rounded(evidence.max):,}, which takes "
        f"{in_mib(evidence.machine.rounded(evidence.max) * evidence.machine.bucket_bytes)}."
    )


def check_memory(evidence: Evidence) -> tuple[str, str] | None:
    """A full table would take more memory than it may."""
    full, usable = evidence.memory(evidence.max), evidence.machine.kernel_memory
    if not full or not evidence.memory_limit or full <= evidence.memory_limit:
        return None
    return CRITICAL if usable and full > usable // 2 else WARNING, (
        f"A full table takes {in_mib(full)} of memory that cannot be swapped ({evidence.max:,} entries of "
        f"{evidence.observed.entry.bytes} bytes and {evidence.hashsize:,} buckets), "
        f"{percent(full / usable) if usable else 'an unknown share'} of what there is and above the limit of "
        f"{in_mib(evidence.memory_limit)}. Lower max, add memory, or allow more with memory_limit."
    )


def check_reboot(evidence: Evidence) -> tuple[str, str] | None:
    """Values will be others after a reboot."""
    return _lost(evidence, "reboot", "a reboot")


def check_late_load(evidence: Evidence) -> tuple[str, str] | None:
    """Values will be others when the module is loaded late. Where it is loaded early at boot, that does not happen."""
    if evidence.observed.module == BUILTIN or evidence.preloaded_by:
        return None
    return _lost(evidence, "late_load", "a load of the module later than the sysctl step of the boot")


def check_firewall_restart(evidence: Evidence) -> tuple[str, str] | None:
    """Values will be others after the firewall was restarted. Without any yet, that is a late load."""
    if not evidence.observed.active:
        return None
    return _lost(evidence, "firewall_restart", "a restart of the firewall service")


def _lost(evidence: Evidence, event: str, words: str) -> tuple[str, str] | None:
    survival = evidence.survival.get(event)
    if survival is None or survival.ok or not survival.wanted:
        return None
    if not survival.kernel.loaded:
        why = "; ".join(dict.fromkeys(survival.kernel.notes)) or "nothing loads it"
        return WARNING, f"Connection tracking will not be there after {words}: {why}."
    kernel = survival.kernel
    changes = [
        f"{short_name(key)} will be {kernel.values.get(key)} instead of {survival.wanted[key]} "
        f"({kernel.sources.get(key, 'unknown')})"
        for key in survival.wrong
    ]
    return WARNING, (
        f"Values will not survive {words}: {_some(changes)}. Persist what is meant with conntrack_tune persist=all, or "
        "correct what sets the other value."
    )


def _some(items: list[str]) -> str:
    more = len(items) - _SHOWN
    return "; ".join(items[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def check_conflicts(evidence: Evidence) -> tuple[str, str] | None:
    """Something else sets another value and wins."""
    winning = [item for item in evidence.conflicts if item.wins]
    if not winning:
        return None
    lines = [
        f"{item.source} sets {item.key} to {item.value}" if item.value else f"{item.source}: {item.note}"
        for item in winning
    ]
    found = "1 foreign setting differs" if len(winning) == 1 else f"{len(winning)} foreign settings differ"
    in_files = any(":" in item.source for item in winning)
    remedy = (
        "Remove them, or let conntrack_tune comment out those in files with takeover=true."
        if in_files
        else "Set the value in the configuration of that program, or have it leave the value alone."
    )
    return WARNING, f"{found} from the running kernel and will win: {_some(lines)}. {remedy}"


def _ceilings(evidence: Evidence) -> Iterator[tuple[str, int]]:
    """For each timeout the longest that a profile of this collection or the kernel itself would choose."""
    observed = evidence.observed
    for key in observed.values:
        group, _colon, name = key.partition(":")
        if group == "timeout" and not name.startswith("sctp_"):
            chosen = [profile.timeouts[name] for profile in PROFILES.values() if name in profile.timeouts]
            default = default_value(find_key(group, name), observed.version, observed.family)
            yield name, max([*chosen, default or 0])


def check_timeouts(evidence: Evidence) -> tuple[str, str] | None:
    """Dead flows stay in the table for longer than any kind of host needs, or for days in a table that fills up."""
    values = {short_name(key): value for key, value in evidence.observed.values.items() if key.startswith("timeout:")}
    long = {name: values[name] for name, ceiling in _ceilings(evidence) if 0 < ceiling < values[name]}
    usual = PROFILES["general"].timeouts[_ESTABLISHED]
    filling = evidence.usage is not None and evidence.usage >= evidence.warning / 2
    if filling and values.get(_ESTABLISHED, 0) > usual:
        long[_ESTABLISHED] = values[_ESTABLISHED]
    if not long:
        return None
    return WARNING, (
        f"Dead flows are held for long: {_some(_shown(long))}. Every host that vanishes without closing leaves its "
        "entries for that time. Shorten them with conntrack_tune timeouts or a profile."
    )


def _shown(timeouts: Mapping[str, int]) -> list[str]:
    return [f"{name} is {days(seconds)}" for name, seconds in timeouts.items()]
