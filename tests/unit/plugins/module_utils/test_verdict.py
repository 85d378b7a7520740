# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict, rule by rule: what sets each off, what does not, its level, and the figures in its sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.kernel import Kernel
from ansible_collections.stateward.conntrack.plugins.module_utils._conflicts import Conflict
from ansible_collections.stateward.conntrack.plugins.module_utils._evidence import Evidence
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import observe
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.kernel_log import TableFull
from ansible_collections.stateward.conntrack.plugins.module_utils._profiles import PROFILES
from ansible_collections.stateward.conntrack.plugins.module_utils._survival import Survival
from ansible_collections.stateward.conntrack.plugins.module_utils._verdict import RULES, Finding, Verdict, judge
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host

OBSERVED = observe(load_host("debian12"))
STRICT, WIDE, FREE = (5, 15, 0), (6, 1, 0), (4, 18, 0)


def evidence(
    *,
    size: int = 100_000,
    hashsize: int = 131_072,
    count: int | None = 10,
    version: tuple[int, ...] = WIDE,
    timeouts: dict[str, int] | None = None,
    observed: dict[str, Any] | None = None,
    **fields: Any,
) -> Evidence:
    """A quiet host; fields: of Evidence."""
    values = {
        "max": size,
        "hashsize": hashsize,
        **{f"timeout:{name}": value for name, value in (timeouts or {}).items()},
    }
    seen = replace(OBSERVED, values=values, count=count, version=version, **(observed or {}))
    return Evidence(**{"observed": seen, "warning": 75, "critical": 90, "memory_limit": 1 << 40, **fields})


def found(rule: str, **fields: Any) -> Finding | None:
    return next((item for item in judge(evidence(**fields)).findings if item.rule == rule), None)


def lost(**values: int) -> dict[str, Survival]:
    kernel = Kernel(loaded=True, values=values, sources=dict.fromkeys(values, "the kernel's default"))
    return {name: Survival(kernel, {"max": 100_000}) for name in ("reboot", "late_load", "firewall_restart")}


WINS = Conflict("max", "65536", "/etc/sysctl.d/z.conf:3", True)
GONE = {"reboot": Survival(Kernel(notes=["/etc/modprobe.d/no.conf:1 blocks it"]), {"max": 1})}
ONE = TableFull(1, "[1.0] nf_conntrack: table full, dropping packet")
INSIDE = TableFull(2, "x", frozenset(["4026532291"]))

# rule, fields of the evidence, level (empty: silent), words of the reason
CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("not_tracking", {}, "", ""),
    ("usage", {"count": 74_999}, "", ""),
    ("usage", {"count": 75_000}, "warning", "75,000 of 100,000 entries are in use, 75.0 %"),
    ("usage", {"count": 89_999}, "warning", "90.0 %, which is not below the 75 %"),
    ("usage", {"count": 90_000}, "critical", "the 90 % that count as critical. Raise max"),
    ("usage", {"count": 40_000, "warning": 20, "critical": 30}, "critical", "40.0 %"),
    ("usage", {"count": None}, "", ""),
    ("usage", {"size": 0, "count": 99}, "", ""),
    ("unlimited", {"size": 0}, "warning", "max is 0, which this kernel takes as no limit"),
    ("unlimited", {"size": 1}, "", ""),
    ("drops", {"counters": {"drop": 0}}, "", ""),
    ("drops", {"counters": {"drop": 1200}}, "warning", "1,200 packets were dropped"),
    ("drops", {"counters": {"drop": 5}, "count": 80_000}, "critical", "still nearly full"),
    ("drops", {"counters": {"drop": 5, "insert_failed": 5}}, "warning", "see the failed inserts"),
    ("drops", {"counters": {"drop": 5, "insert_failed": 5, "early_drop": 1}}, "warning", "Raise max"),
    ("table_full", {"log": ONE, "log_source": "dmesg"}, "warning", "dmesg has 1 complaints about a full table"),
    ("table_full", {"log": INSIDE, "log_source": "dmesg"}, "warning", "inside network namespaces (inode 4026532291)"),
    ("table_full", {}, "", ""),
    ("early_drops", {"counters": {"early_drop": 3000}}, "warning", "3,000 entries without the mark ASSURED"),
    ("early_drops", {"counters": {"early_drop": 0}}, "", ""),
    # load factor 20 on a kernel with the limit 8 to 31
    ("chain_limit", {"hashsize": 5120, "count": 51_200, "version": STRICT}, "critical", "the load factor is 20 now"),
    ("chain_limit", {"hashsize": 5120, "count": 51_200}, "", ""),
    ("chain_limit", {"hashsize": 5120, "count": 51_200, "version": FREE}, "", ""),
    ("chain_limit", {"counters": {"chaintoolong": 7}, "version": STRICT}, "warning", "7 new flows were refused"),
    ("chain_limit", {"hashsize": 512, "count": 16_384}, "critical", "hashsize from 512 to 100,352"),
    ("insert_race", {"counters": {"insert_failed": 9}}, "warning", "9 inserts failed"),
    ("insert_race", {"counters": {"insert_failed": 9}, "count": 60_000}, "", ""),
    ("insert_race", {"counters": {"insert_failed": 9, "chaintoolong": 9}}, "", ""),
    ("insert_race", {"counters": {}}, "", ""),
    ("hash_small", {}, "", ""),
    ("hash_small", {"hashsize": 25_088, "version": STRICT}, "warning", "would refuse 5"),
    ("hash_small", {"hashsize": 25_088}, "", ""),
    ("hash_small", {"hashsize": 10_240}, "warning", "long chains"),
    ("hash_small", {"hashsize": 12_800, "version": FREE}, "", ""),
    ("hash_small", {"hashsize": 5120, "version": FREE}, "warning", "load factor of 39.1"),
    ("memory", {"memory_limit": 30 << 20}, "warning", "A full table takes 37.6 MiB"),
    ("memory", {"memory_limit": 40 << 20}, "", ""),
    ("memory", {"memory_limit": 1 << 20, "size": 10_000_000}, "critical", "above the limit of 1.0 MiB"),
    ("reboot", {"survival": lost(max=100_000)}, "", ""),
    ("reboot", {"survival": lost(max=65_536)}, "warning", "max will be 65536 instead of 100000 (the kernel's default)"),
    ("reboot", {"survival": GONE}, "warning", "will not be there after a reboot: /etc/modprobe.d/no.conf:1 blocks it"),
    ("late_load", {"survival": lost(max=1)}, "warning", "later than the sysctl step"),
    ("late_load", {"survival": lost(max=1), "preloaded_by": "/etc/modules:1"}, "", ""),
    ("late_load", {"survival": lost(max=1), "observed": {"module": "builtin"}}, "", ""),
    ("firewall_restart", {"survival": lost(max=1)}, "warning", "a restart of the firewall service"),
    ("conflicts", {"conflicts": (WINS,)}, "warning", "/etc/sysctl.d/z.conf:3 sets max to 65536"),
    ("conflicts", {"conflicts": (replace(WINS, wins=False),)}, "", ""),
    ("conflicts", {"conflicts": (WINS,) * 5}, "warning", "and 2 more"),
    ("conflicts", {"conflicts": (WINS,)}, "warning", "1 foreign setting differs"),
    ("conflicts", {"conflicts": (WINS,)}, "warning", "takeover=true"),
    ("conflicts", {"conflicts": (replace(WINS, source="kube-proxy"),)}, "warning", "configuration of that program"),
    ("timeouts", {"timeouts": {"tcp_established": 432_000, "udp": 30}}, "", ""),
    ("timeouts", {"timeouts": {"tcp_established": 432_000}, "count": 40_000}, "warning", "432000 s (5 days)"),
    ("timeouts", {"timeouts": {"tcp_established": 86_400}, "count": 40_000}, "", ""),
    ("timeouts", {"timeouts": {"udp": 36_000}}, "warning", "udp is 36000 s (10 hours)"),
    ("namespace", {}, "", ""),
    ("namespace", {"observed": {"netns": "other"}}, "ok", "count and counters are of this one only"),
]


@pytest.mark.parametrize(("rule", "fields", "level", "words"), CASES)
def test_each_rule(rule: str, fields: dict[str, Any], level: str, words: str) -> None:
    finding = found(rule, **fields)
    assert (finding.level if finding else "") == level
    assert finding is None or words in finding.reason


def test_every_rule_has_its_cases() -> None:
    assert {case[0] for case in CASES} == {rule for rule, _check in RULES}


@pytest.mark.parametrize(
    ("installed", "words"), [(True, "the module nf_conntrack is not loaded"), (False, "no such module was found")]
)
def test_a_host_without_conntrack_is_fine(installed: bool, words: str) -> None:
    absent = replace(OBSERVED, values={}, count=None, module="absent", installed=installed)
    verdict = judge(Evidence(absent, 75, 90, 0))
    assert (verdict.level, [item.rule for item in verdict.findings]) == ("ok", ["not_tracking"])
    assert words in verdict.findings[0].reason


def test_a_quiet_host_gets_no_reasons() -> None:
    assert judge(evidence()) == Verdict("ok", ())


def test_the_worst_finding_decides() -> None:
    verdict = judge(evidence(count=95_000, counters={"early_drop": 1}, observed={"netns": "other"}))
    assert (verdict.level, [item.level for item in verdict.findings]) == ("critical", ["critical", "warning", "ok"])


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_no_profile_holds_dead_flows(name: str) -> None:
    assert found("timeouts", timeouts=dict(PROFILES[name].timeouts)) is None


@pytest.mark.parametrize(("rule", "fields", "level", "words"), [case for case in CASES if case[2]])
def test_reasons_are_sentences(rule: str, fields: dict[str, Any], level: str, words: str) -> None:
    del level, words
    finding = found(rule, **fields)
    assert finding is not None
    assert "  " not in finding.reason
    assert finding.reason.endswith(".")
