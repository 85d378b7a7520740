# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Made-up fleets for the report: what the tasks of playbooks/audit.yml would have registered on each host."""

from __future__ import annotations

import copy
import random
from typing import Any

from ansible_collections.stateward.conntrack.plugins.plugin_utils._report import build_report
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_changes import Previous
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_hosts import find_host

WRITTEN = "2026-11-21T06:00:00Z"
LAST_WEEK = "2026-11-16T06:00:00Z"

_SYSTEMS = (
    ("Debian GNU/Linux 12 (bookworm)", "6.1.0-39-amd64"),
    ("Debian GNU/Linux 13 (trixie)", "6.12.41+deb13-amd64"),
    ("Red Hat Enterprise Linux 9.6 (Plow)", "5.14.0-570.12.1.el9_6.x86_64"),
    ("Ubuntu 24.04.3 LTS", "6.8.0-79-generic"),
    ("CentOS release 6.10 (Final)", "2.6.32-754.el6.x86_64"),
)
_REASONS = {
    "usage": "{count:,} of {max:,} entries are in use, {use} %, which is not below the 90 % that count as critical. "
    "Raise max (conntrack_tune with max=auto sizes it from this very count), or see with flows=true what fills it.",
    "drops": "{drop:,} packets were dropped because no entry could be made for them (counter drop), and the table is "
    "still nearly full. Raise max above the peak.",
    "insert_race": "{insert_failed:,} inserts failed (counter insert_failed) while {use} % of the table is used: a "
    "race, not a question of size, so a larger max does not help.",
    "hash_small": "hashsize {hashsize:,} is small for max {max:,}: a full table has a load factor of 32, and this "
    "kernel would refuse 97.1 % of new flows without a log line.",
    "reboot": "Values will not survive a reboot: max will be {default} instead of {max} (kernel default). Persist what "
    "is meant with conntrack_tune persist=all, or correct what sets the other value.",
    "late_load": "Values will not survive a late load of the module: max will be {default} instead of {max} (kernel "
    "default). Let the boot load it before its sysctl step: preload.",
    "firewall_restart": "Values will not survive a firewall restart, which unloads the module: max will be {default} "
    "instead of {max} (kernel default).",
    "conflicts": "1 foreign settings differ from the running kernel and will win: /etc/sysctl.d/99-old.conf:3 sets max "
    "to 65536.",
}
# What no host of the fleets below has as its own max.
_DEFAULT = 32768
_CRITICAL = ("usage", "drops")


def look(*, use: float = 12.5, size: int = 262144, rules: tuple[str, ...] = (), **changed: Any) -> dict[str, Any]:
    """A result of conntrack_info on a host with so much of its table in use, in percent, and these findings."""
    count = int(size * use / 100)
    counters = {"drop": 0, "early_drop": 0, "insert_failed": 0, "chaintoolong": 0, "invalid": 811, **changed}
    hashsize = size // 16 if "hash_small" in rules else size
    figures = {"count": count, "max": size, "hashsize": hashsize, "use": f"{use:.1f}", "default": _DEFAULT, **counters}
    findings = [_finding(rule, figures) for rule in rules]
    levels = [item["level"] for item in findings]
    kept = {"ok": True, "max": size, "hashsize": hashsize, "reasons": []}
    own = ["max and hashsize are the kernel's own default"]
    lost = {"ok": False, "max": _DEFAULT, "hashsize": _DEFAULT // 4, "reasons": own}
    winner = {"key": "max", "value": "65536", "source": "/etc/sysctl.d/99-old.conf:3", "wins": True, "note": ""}
    return {
        "changed": False,
        "host": _host(*_SYSTEMS[0]),
        "max": size,
        "hashsize": hashsize,
        "count": count,
        "usage_percent": round(use, 2),
        "load_factor": round(2 * count / hashsize, 2),
        "memory": _memory(size, count),
        "counters": counters,
        "timeouts": {"tcp_established": 86400, "udp": 30},
        "settings": {"tcp_loose": 1},
        "kernel_log": {"count": 0, "last": "", "source": "", "netns": []},
        "persisted": [],
        "conflicts": [winner] if "conflicts" in rules else [],
        "survives": {event: lost if event in rules else kept for event in ("reboot", "late_load", "firewall_restart")},
        "verdict": {
            "level": "critical" if "critical" in levels else "warning" if levels else "ok",
            "reasons": [item["reason"] for item in findings],
            "findings": findings,
        },
        "flows": None,
        "transport": "python",
    }


def _finding(rule: str, figures: dict[str, Any]) -> dict[str, Any]:
    level = "critical" if rule in _CRITICAL else "warning"
    return {"rule": rule, "level": level, "reason": _REASONS[rule].format(**figures)}


def _host(distribution: str, kernel: str) -> dict[str, Any]:
    return {
        "kernel": kernel,
        "dialect": "nf_conntrack",
        "module": "loaded",
        "init": "systemd",
        "platform": "systemd",
        "distribution": distribution,
        "memory_bytes": 8326688768,
        "page_size": 4096,
        "pointer_bits": 64,
        "netns": "init",
        "container": False,
    }


def _memory(size: int, count: int) -> dict[str, Any]:
    full = 392 * size
    return {
        "entry_bytes": 384,
        "entry_source": "slabinfo 256 + 128 for the extension area",
        "now_bytes": 384 * count + 8 * size,
        "full_bytes": full,
        "full_percent": round(100 * full / 8326688768, 2),
        "limit_bytes": 1249003315,
    }


FLOWS: dict[str, Any] = {
    "available": True,
    "source": "conntrack -L",
    "entries": 235871,
    "l3": {"ipv4": 230011, "ipv6": 5860},
    "l4": {"tcp": 201544, "udp": 34200, "icmp": 127},
    "tcp_states": {"TIME_WAIT": 160311, "ESTABLISHED": 41012, "SYN_SENT": 221},
    "assured": 201323,
    "unreplied": 12044,
    "offloaded": 0,
    "top_sources": [{"address": f"192.0.2.{index}", "count": 51230 // index} for index in range(1, 11)],
    "top_destinations": [{"address": f"2001:db8::{index:x}", "count": 40230 // index} for index in range(1, 11)],
    "top_ports": [{"protocol": "tcp", "port": 443 + index, "count": 188120 // (index + 1)} for index in range(10)],
    "top_error": 0,
    "truncated": False,
    "note": "",
}

UNREACHABLE = {
    "unreachable": True,
    "changed": False,
    "msg": "Failed to connect to the host via ssh: ssh: connect to host 192.0.2.9 port 22: No route to host",
}
FAILED = {"failed": True, "changed": False, "msg": "warning: it must not be above critical."}

_ROLES = ("web", "gw", "node", "db", "ns", "vpn", "lb", "proxy")


def make_rows(count: int, *, week: int = 1) -> list[dict[str, Any]]:
    """So many hosts, the same for the same arguments; the next week some of them are different."""
    return [_row(index, random.Random(f"{index} {week if index % 7 == 0 else 0}")) for index in range(count)]


def _row(index: int, chance: random.Random) -> dict[str, Any]:
    name = f"{_ROLES[index % len(_ROLES)]}{index // len(_ROLES) + 1:02}.example.net"
    kind = chance.random()
    if kind > 0.96:
        return find_host(name, looked=UNREACHABLE if kind > 0.97 else FAILED)
    looked = _look(kind, chance)
    looked["host"].update(zip(("distribution", "kernel"), _SYSTEMS[index % len(_SYSTEMS)]))
    row = find_host(name, looked=looked)
    if index % 3 == 0:
        lot = chance.random()
        lines = ["tcp_established is 432000, not 86400"] if lot < 0.3 else []
        row["drift"] = {"differences": lines, "error": "max=auto needs a count" if lot > 0.95 else ""}
    return row


def _look(kind: float, chance: random.Random) -> dict[str, Any]:
    size = 2 ** chance.randint(16, 20)
    if kind < 0.06:
        found = look(
            use=chance.uniform(91, 100), size=size, rules=("usage", "drops", "reboot"), drop=chance.randint(1, 90000)
        )
        found["flows"] = copy.deepcopy(FLOWS)
        return found
    if kind < 0.26:
        rule = chance.choice(["insert_race", "hash_small", "reboot", "late_load", "firewall_restart", "conflicts"])
        failed = chance.randint(1, 400) if rule == "insert_race" else 0
        return look(use=chance.uniform(2, 70), size=size, rules=(rule,), drop=failed, insert_failed=failed)
    return look(use=chance.betavariate(2, 6) * 75, size=size)


def make_report(count: int) -> dict[str, Any]:
    """A report on so many hosts that has a previous one."""
    last = build_report([*make_rows(count), find_host("old01.example.net", looked=look())], written=LAST_WEEK)
    previous = Previous(last["written"], {row["name"]: row for row in last["hosts"]})
    return build_report(make_rows(count, week=2), written=WRITTEN, previous=previous)
