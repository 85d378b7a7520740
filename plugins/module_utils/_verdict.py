# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict on a host: what is wrong now or will be, with figures and the next step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Optional, Tuple

from ansible_collections.stateward.conntrack.plugins.module_utils import _verdict_later as later
from ansible_collections.stateward.conntrack.plugins.module_utils import _verdict_now as now
from ansible_collections.stateward.conntrack.plugins.module_utils._evidence import Evidence
from ansible_collections.stateward.conntrack.plugins.module_utils._levels import CRITICAL, OK, WARNING

Said = Optional[Tuple[str, str]]

# The order is that of the reasons: what hurts now, what will, what else there is to know.
RULES: tuple[tuple[str, Callable[[Evidence], Said]], ...] = (
    ("not_tracking", now.check_tracking),
    ("usage", now.check_usage),
    ("unlimited", now.check_unlimited),
    ("drops", now.check_drops),
    ("table_full", now.check_table_full),
    ("early_drops", now.check_early_drops),
    ("chain_limit", now.check_chain_limit),
    ("insert_race", now.check_insert_race),
    ("hash_small", later.check_hash_small),
    ("memory", later.check_memory),
    ("reboot", later.check_reboot),
    ("late_load", later.check_late_load),
    ("firewall_restart", later.check_firewall_restart),
    ("conflicts", later.check_conflicts),
    ("timeouts", later.check_timeouts),
    ("namespace", now.check_namespace),
)

_SEVERITY = (OK, WARNING, CRITICAL)


@dataclass(frozen=True)
class Finding:
    """rule: its name. level: C(ok) for what is only good to know, C(warning) or C(critical). reason: for people."""

    rule: str
    level: str
    reason: str


@dataclass(frozen=True)
class Verdict:
    """level: the worst of the findings, C(ok) without any."""

    level: str
    findings: tuple[Finding, ...]


def judge(evidence: Evidence) -> Verdict:
    """Ask every rule."""
    said = ((rule, check(evidence)) for rule, check in RULES)
    findings = tuple(Finding(rule, *words) for rule, words in said if words)
    return Verdict(max((item.level for item in findings), key=_SEVERITY.index, default=OK), findings)
