# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about the present: is the table full, were packets lost, and why."""

from __future__ import annotations

from ansible_collections.stateward.conntrack.plugins.module_utils._evidence import Evidence
from ansible_collections.stateward.conntrack.plugins.module_utils._levels import (
    CRITICAL,
    OK,
    WARNING,
    decimal,
    percent,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import ABSENT

# Below this percentage of max no insert fails for want of room.
_NEARLY_EMPTY = 50.0
# Refused new flows: from here on users notice; from here on a host is in trouble.
_NOTICED, _SEVERE = 0.001, 0.01


def check_tracking(evidence: Evidence) -> tuple[str, str] | None:
    """There is no conntrack: nothing is tracked, nothing can fill up."""
    observed = evidence.observed
    if observed.active:
        return None
    if observed.module == ABSENT and not observed.installed:
        where = f"kernel {observed.release} has no conntrack keys, and no such module was found for it"
    else:
        where = f"the module {observed.dialect} is not loaded; the first firewall rule that needs it will load it"
    return OK, f"Connection tracking is not active on this host: {where}. Nothing is tracked, and nothing can fill up."


def check_namespace(evidence: Evidence) -> tuple[str, str] | None:
    """count and counters are per network namespace, max is not."""
    if evidence.observed.netns == "init":
        return None
    return OK, (
        "This is not the initial network namespace: count and counters are of this one only, while max and hashsize "
        "belong to the whole host. Look at the host as well, and size the table there."
    )


def check_usage(evidence: Evidence) -> tuple[str, str] | None:
    """The table is nearly full."""
    usage = evidence.usage
    if usage is None or usage < evidence.warning:
        return None
    level, limit = (CRITICAL, evidence.critical) if usage >= evidence.critical else (WARNING, evidence.warning)
    return level, (
        f"{evidence.count:,} of {evidence.max:,} entries are in use, {usage:.1f} %, which is not below the {limit} % "
        f"that count as {level}. Raise max (conntrack_tune with max=auto sizes it from this very count), or see with "
        "flows=true what fills the table."
    )


def check_unlimited(evidence: Evidence) -> tuple[str, str] | None:
    """max = 0 means no limit on every kernel up to 6.18."""
    if evidence.max is None or evidence.max > 0:
        return None
    return WARNING, (
        f"max is {evidence.max}, which this kernel takes as no limit at all: a flood of new flows can take all memory. "
        "Set a size, for example with conntrack_tune max=auto."
    )


def check_drops(evidence: Evidence) -> tuple[str, str] | None:
    """Packets were lost because no entry could be made."""
    drops = evidence.counters.get("drop", 0)
    if not drops:
        return None
    if evidence.usage is not None and evidence.usage >= evidence.warning:
        return CRITICAL, f"{_lost(drops)}, and the table is still nearly full. Raise max above the peak."
    was_full = evidence.counters.get("early_drop", 0) or evidence.log.count
    if evidence.counters.get("insert_failed", 0) and not was_full:
        # The loser of a race is counted in both.
        return WARNING, f"{_lost(drops)}, and nothing else says that the table was ever full: see the failed inserts."
    return WARNING, (
        f"{_lost(drops)} since conntrack was loaded; the table is not full now. Raise max above the peak, and watch "
        "whether the counter still grows."
    )


def _lost(drops: int) -> str:
    return f"{drops:,} packets were dropped because no entry could be made for them (counter drop)"


def check_table_full(evidence: Evidence) -> tuple[str, str] | None:
    """The kernel has complained."""
    log = evidence.log
    if not log.count:
        return None
    inside = f" It also happened inside network namespaces (inode {', '.join(sorted(log.netns))})." if log.netns else ""
    return WARNING, (
        f"{evidence.log_source} has {log.count:,} complaints about a full table, each for at least one lost packet: "
        f"the kernel limits their rate. The last one: {log.last!r}.{inside} Raise max above the peak."
    )


def check_early_drops(evidence: Evidence) -> tuple[str, str] | None:
    """Entries were thrown out to make room: pressure, not yet loss."""
    early = evidence.counters.get("early_drop", 0)
    if not early:
        return None
    return WARNING, (
        f"{early:,} entries without the mark ASSURED were removed early to make room for new ones (counter "
        "early_drop): the table has been full. Raise max above the peak, or shorten the timeouts of unanswered flows."
    )


def check_chain_limit(evidence: Evidence) -> tuple[str, str] | None:
    """The kernel refuses new flows although the table is not full."""
    load, refused = evidence.load_factor, evidence.counters.get("chaintoolong", 0)
    share = evidence.refused(load)
    if evidence.window is None or load is None or (not refused and share < _NOTICED):
        return None
    low, high = evidence.window
    counted = f"{refused:,} new flows were refused (counter chaintoolong)" if refused else "New flows are being refused"
    return CRITICAL if share >= _SEVERE else WARNING, (
        f"{counted} because a hash chain was too long, which the kernel does not log: the load factor is "
        f"{decimal(load)} now, and this kernel ends a chain at {low} to {high} entries, which refuses {percent(share)} "
        f"of new flows. Raise hashsize from {evidence.hashsize:,} to {_enough(evidence):,}."
    )


def _enough(evidence: Evidence) -> int:
    """As many buckets as entries, rounded as the kernel will."""
    return evidence.machine.rounded(max(evidence.max or 0, evidence.count or 0, evidence.hashsize or 0))


def check_insert_race(evidence: Evidence) -> tuple[str, str] | None:
    """Inserts fail in a nearly empty table: two packets of one flow, or two flows that NAT maps to the same tuple."""
    counters, usage = evidence.counters, evidence.usage
    failed = counters.get("insert_failed", 0) - counters.get("chaintoolong", 0)
    if failed <= 0 or usage is None or usage >= _NEARLY_EMPTY:
        return None
    return WARNING, (
        f"{failed:,} inserts failed (counter insert_failed) while {usage:.1f} % of the table is used: a race, not a "
        "question of size, so a larger max does not help. Usual causes are two DNS queries sent at once from one "
        "socket through DNAT (use a cache on the node, or leave DNS untracked) and source NAT onto few ports (use "
        "random-fully or more addresses)."
    )
