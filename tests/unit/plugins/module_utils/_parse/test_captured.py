# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What kernels really printed (tests/cases/captured): the same dozen flows on each, through the same parsers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.flows import Flow, parse_flow
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.stat import parse_stat
from ansible_collections.stateward.conntrack.tests.support import cases

CAPTURED = cases.DIRECTORY / "captured"
KERNELS = sorted(CAPTURED.glob("*.txt"))
# What capture.sh makes, on IPv4 and on IPv6.
EXPECTED = {
    "tcp ESTABLISHED": 4,
    "tcp TIME_WAIT": 2,
    "udp ": 4,
    "icmp ": 1,
    "icmpv6 ": 1,
}


def section(path: Path, command: str) -> list[str]:
    _before, _mark, after = path.read_text(encoding="utf-8").partition(f"== {command}\n")
    return after.partition("\n==")[0].splitlines()


def flows(path: Path, commands: tuple[str, ...]) -> list[Flow]:
    found = [parse_flow(line.encode()) for command in commands for line in section(path, command)]
    assert None not in found
    return [flow for flow in found if flow]


def test_there_is_one_of_each_kernel() -> None:
    assert [path.stem for path in KERNELS] == ["5.10", "6.1", "6.12", "6.18"]
    assert all(section(path, "uname -r")[0].startswith(f"{path.stem}.") for path in KERNELS)


@pytest.mark.parametrize(
    "commands", [("cat /proc/net/nf_conntrack",), ("conntrack -L -f ipv4", "conntrack -L -f ipv6")]
)
@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.stem)
def test_flows(path: Path, commands: tuple[str, ...]) -> None:
    found = flows(path, commands)
    assert Counter(f"{flow.l4} {flow.state}" for flow in found) == EXPECTED
    assert sum(flow.assured for flow in found) == 6
    assert sum(flow.unreplied for flow in found) == 2
    assert Counter(flow.port for flow in found) == {8080: 6, 5353: 2, 9: 2, None: 2}


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.stem)
def test_counters(path: Path) -> None:
    lines = section(path, "cat /proc/net/stat/nf_conntrack")
    counters = parse_stat("\n".join(lines))
    assert counters["entries"] == 12
    assert {"drop", "early_drop", "insert_failed", "search_restart"} <= counters.keys()
    # 5.15 put it in the place of delete_list.
    assert ("chaintoolong" in counters) == ("chainlength" in lines[0])
    assert ("chaintoolong" in counters) == (path.stem != "5.10")
