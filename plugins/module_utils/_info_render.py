# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of conntrack_info as Ansible returns it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable

from ansible_collections.stateward.conntrack.plugins.module_utils._evidence import Evidence
from ansible_collections.stateward.conntrack.plugins.module_utils._flow_model import Ranking
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.stat import ENTRIES
from ansible_collections.stateward.conntrack.plugins.module_utils._persisted import Persisted
from ansible_collections.stateward.conntrack.plugins.module_utils._render import (
    printable,
    render_conflicts,
    render_event,
    render_host,
    render_values,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._verdict import Verdict, judge

if TYPE_CHECKING:
    from ansible_collections.stateward.conntrack.plugins.module_utils._info import Flows


def render_info(
    evidence: Evidence, *, persisted: Iterable[Persisted], flows: Flows | None, transport: str
) -> dict[str, Any]:
    """All return keys."""
    observed = evidence.observed
    return {
        "changed": False,
        "host": render_host(observed),
        **render_values(observed.values, observed.count),
        "usage_percent": _rounded(evidence.usage),
        "load_factor": _rounded(evidence.load_factor),
        "memory": render_memory(evidence),
        "counters": {name: value for name, value in evidence.counters.items() if name != ENTRIES},
        "kernel_log": render_log(evidence),
        "persisted": render_persisted(persisted),
        "conflicts": render_conflicts(evidence.conflicts),
        "survives": {name: render_event(item.kernel, item.wanted) for name, item in evidence.survival.items()},
        "verdict": render_verdict(judge(evidence)),
        "flows": None if flows is None else render_flows(flows),
        "transport": transport,
    }


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 2)


def render_memory(evidence: Evidence) -> dict[str, Any]:
    """Bytes; None for what follows from a value that is not known."""
    full, usable = evidence.memory(evidence.max), evidence.machine.kernel_memory
    return {
        "entry_bytes": evidence.observed.entry.bytes,
        "entry_source": evidence.observed.entry.source,
        "now_bytes": evidence.memory(evidence.count),
        "full_bytes": full,
        "full_percent": _rounded(100 * full / usable) if full is not None and usable else None,
        "limit_bytes": evidence.memory_limit,
    }


def render_log(evidence: Evidence) -> dict[str, Any]:
    log = evidence.log
    return {
        "count": log.count,
        "last": printable(log.last),
        "source": evidence.log_source,
        "netns": sorted(log.netns),
        "truncated": evidence.log_partial,
    }


def render_persisted(persisted: Iterable[Persisted]) -> list[dict[str, Any]]:
    return [
        {
            "key": item.key,
            "value": printable(item.value),
            "source": printable(item.source),
            "when": item.when,
            "ours": item.ours,
        }
        for item in persisted
    ]


def render_verdict(verdict: Verdict) -> dict[str, Any]:
    findings = [{"rule": item.rule, "level": item.level, "reason": printable(item.reason)} for item in verdict.findings]
    return {"level": verdict.level, "reasons": [item["reason"] for item in findings], "findings": findings}


def render_flows(flows: Flows) -> dict[str, Any]:
    counts = flows.counts
    return {
        "available": bool(flows.source),
        "source": flows.source,
        "entries": counts.entries,
        "l3": dict(counts.l3),
        "l4": dict(counts.l4),
        "tcp_states": dict(counts.tcp_states),
        "assured": counts.assured,
        "unreplied": counts.unreplied,
        "offloaded": counts.offloaded,
        "top_sources": _addresses(counts.sources),
        "top_destinations": _addresses(counts.destinations),
        "top_ports": [_port(key, count) for key, count in counts.ports.rows],
        "top_error": max(counts.sources.error, counts.destinations.error, counts.ports.error),
        "truncated": bool(counts.truncated),
        "note": printable(flows.note),
    }


def _addresses(ranking: Ranking) -> list[dict[str, Any]]:
    return [{"address": key, "count": count} for key, count in ranking.rows]


def _port(key: str, count: int) -> dict[str, Any]:
    protocol, _slash, port = key.rpartition("/")
    return {"protocol": protocol, "port": int(port), "count": count}
