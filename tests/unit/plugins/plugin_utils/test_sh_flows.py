# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flows counted by awk on the target: as Python counts them, with the same limits and the same words for a failure."""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._flow_model import FlowCounts, FlowQuery, FlowSource
from ansible_collections.stateward.conntrack.plugins.module_utils._host_local import LocalHost
from ansible_collections.stateward.conntrack.plugins.plugin_utils import _sh_flows
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_flows import NO_AWK
from ansible_collections.stateward.conntrack.tests.support.flows import LINES
from ansible_collections.stateward.conntrack.tests.support.shells import (
    AWKS,
    SHELLS,
    awk_argv,
    make_execute,
    run_script,
    shell_host,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

LINE = "udp      17 29 src=192.0.2.1 dst=192.0.2.9 sport=5 dport=53 [UNREPLIED] src=192.0.2.9 dst=192.0.2.1 use=1\n"
LISTING = "".join(f"{line}\n" * (number + 1) for number, (line, _words) in enumerate(LINES))
FILE = FlowSource("listing", "/listing")
ASKED = (("/conntrack", "-L", "-f", "ipv4"), ("/conntrack", "-L", "-f", "ipv6"))
TOOL = FlowSource("conntrack -L", commands=ASKED)


def both(
    root: Path, source: FlowSource, *, limit: int = 10**6, seconds: float = 20, top: int = 10, awk: str = AWKS[0]
) -> tuple[FlowCounts, FlowCounts]:
    """What Python counts, and what sh does."""
    query = FlowQuery(source, limit, seconds, top)
    there = shell_host(SHELLS[0], root, awk=awk_argv(awk))
    return LocalHost(str(root)).count_flows(query), there.count_flows(query)


def write(root: Path, data: bytes | str) -> FlowSource:
    (root / "listing").write_bytes(data if isinstance(data, bytes) else data.encode())
    return FILE


def install(root: Path, body: str) -> FlowSource:
    path = root / "conntrack"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return TOOL


@pytest.mark.parametrize("awk", AWKS)
@pytest.mark.parametrize("shell", SHELLS)
def test_lines_of_every_kernel(tmp_path: Path, shell: str, awk: str) -> None:
    query = FlowQuery(write(tmp_path, LISTING), 1000, 20, 5)
    expected = LocalHost(str(tmp_path)).count_flows(query)
    assert expected.entries == LISTING.count("\n")
    assert expected.tcp_states
    assert shell_host(shell, tmp_path, awk=awk_argv(awk)).count_flows(query) == expected


# Pieces of lines, in any order, with what no kernel prints; but without a NUL, which awk need not take, and without
# white space other than blanks, at which not every awk divides.
PIECES = [
    *sorted({word for line, _words in LINES for word in line.split()}),
    "",
    "ipv4",
    "@",
    "src=",
    "src=::1",
    "dst=x",
    "sport=7x",
    "dport=0022",
    "dport=123456",
    "[ASSURED][ASSURED]",
    "\\",
    "'$(id)`\"",
    "\xff",
    "OFFLOAD]",
]
FUZZ = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=20).map(" ".join),
    st.tuples(st.sampled_from(LINES), st.integers(0, 250)).map(lambda cut: cut[0][0][: cut[1]]),
    st.tuples(st.sampled_from(LINES), st.sampled_from(PIECES), st.integers(0, 20)).map(
        lambda row: " ".join([*row[0][0].split(" ")[: row[2]], row[1], *row[0][0].split(" ")[row[2] + 1 :]])
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60),
)


@pytest.mark.parametrize("awk", AWKS)
@settings(max_examples=40, deadline=None)
@given(lines=st.lists(FUZZ, min_size=20, max_size=60), limit=st.integers(1, 70))
@example(
    lines=["ipv4 2 tcp 6 5 src=1 dst=2 ", "ipv6 10 5 src=1 dst=2", "ipv4  2  ipv4  2  9  A  src=1  dst=2"], limit=9
)
@example(lines=["tcp 6 src=1 dst=2  sport=1 dport=2", "tcp 6 src=1 dst=2 x sport=1 dport=2"], limit=9)
def test_whatever_the_lines(awk: str, lines: list[str], limit: int) -> None:
    data = "".join(line + "\n" for line in lines).encode("latin-1")
    with tempfile.TemporaryDirectory() as name:
        root = Path(os.path.realpath(name))
        expected, found = both(root, write(root, data), limit=limit, awk=awk)
    assert found == expected
    assert found.error == ""


@pytest.mark.parametrize("awk", AWKS)
@settings(max_examples=15, deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_end_well(awk: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(os.path.realpath(name))
        assert both(root, write(root, data), awk=awk)[1].error == ""


@pytest.mark.parametrize("awk", AWKS)
def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, awk: str) -> None:
    """Rare keys are forgotten, and the error says by how much the others can be too low."""
    monkeypatch.setattr(_sh_flows, "CAPACITY", 8)
    addresses = [f"10.0.{number % (3 + number // 40)}.{number % 7}" for number in range(700)]
    lines = "".join(f"udp 17 9 src={address} dst=10.9.9.9 sport=1 dport=2 use=1\n" for address in addresses)
    _expected, found = both(tmp_path, write(tmp_path, lines), awk=awk, top=100)
    true, error = Counter(addresses), found.sources.error
    assert (found.entries, found.destinations.rows, found.destinations.error) == (700, (("10.9.9.9", 700),), 0)
    assert 0 < error < 700
    assert len(found.sources.rows) <= 8
    assert all(true[key] - error <= count <= true[key] for key, count in found.sources.rows)
    assert {key for key, count in true.items() if count > error} <= {key for key, _count in found.sources.rows}


# ---------------------------------------------------------------------------------------------- limits and failures


@pytest.mark.parametrize("limit", [1, 999, 1000, 1001])
def test_the_flow_limit(tmp_path: Path, limit: int) -> None:
    expected, found = both(tmp_path, write(tmp_path, LINE * 1000), limit=limit)
    assert found == expected
    assert found.truncated == ("flow_limit" if limit < 1000 else "")


def test_a_last_line_without_an_end(tmp_path: Path) -> None:
    expected, found = both(tmp_path, write(tmp_path, LINE * 3 + LINE.strip()))
    assert found == expected
    assert found.entries == 4


BODIES = [
    f"[ $3 = ipv4 ] && echo '{LINE.strip()}' || echo '{LINE.strip().replace('192.0.2.', '::')}'; echo two flows >&2",
    "echo 'Operation failed: no such thing' >&2; exit 1",
    f"[ $3 = ipv4 ] || exit 3; echo '{LINE.strip()}'; echo shown >&2",
    "exit 1",
    f"i=0; while [ $i -lt 3000 ]; do echo '{LINE.strip()}'; i=$((i+1)); done",
]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("body", BODIES)
def test_a_tool(tmp_path: Path, shell: str, body: str) -> None:
    query = FlowQuery(install(tmp_path, body), 5000, 20, 10)
    expected = LocalHost(str(tmp_path)).count_flows(query)
    assert shell_host(shell, tmp_path).count_flows(query) == expected


@pytest.mark.parametrize("source", [TOOL, FlowSource("that", "/missing"), FlowSource("that", "/"), FILE])
def test_what_cannot_be_read(tmp_path: Path, source: FlowSource) -> None:
    os.mkfifo(str(tmp_path / "listing"))
    expected, found = both(tmp_path, source)
    assert expected.error
    assert found == expected


@pytest.mark.parametrize("shell", SHELLS)
def test_a_tool_that_does_not_end(tmp_path: Path, shell: str) -> None:
    """The half of a line with which it ends is not counted, although it looks like a flow."""
    query = FlowQuery(install(tmp_path, f"printf '{LINE}{LINE[:80]}'; exec sleep 60"), 10**6, 3, 10)
    start = time.monotonic()
    found = shell_host(shell, tmp_path).count_flows(query)
    assert (found.truncated, found.error, found.entries) == ("time_limit", "", 1)
    assert time.monotonic() - start < 50


def test_a_tool_that_never_stops_meets_the_flow_limit(tmp_path: Path) -> None:
    source = install(tmp_path, f"while :; do echo '{LINE.strip()}'; done")
    found = both(tmp_path, source, limit=100)[1]
    assert (found.entries, found.truncated, found.error) == (100, "flow_limit", "")


def test_a_host_without_awk(tmp_path: Path) -> None:
    query = FlowQuery(write(tmp_path, LINE), 10, 5, 10)
    host = shell_host(SHELLS[0], tmp_path)
    run = make_execute(SHELLS[0])
    # As if the search path ended where awk is not.
    host._execute = lambda command, stdin: run(command.replace("command -v awk", "command -v no-such-awk"), stdin)
    assert host.count_flows(query) == FlowCounts(error=NO_AWK)


def test_an_awk_that_fails(tmp_path: Path) -> None:
    query = FlowQuery(write(tmp_path, LINE), 10, 5, 10)
    found = shell_host(SHELLS[0], tmp_path, awk=("false",)).count_flows(query)
    assert found == FlowCounts(error="listing: awk and sort of this host did not get to a result")


def test_an_answer_that_is_cut_off_is_an_error() -> None:
    host = shell_host(SHELLS[0])
    host._execute = lambda command, _stdin: run_script(SHELLS[0], command.replace("record end", "record nonsense"))
    assert "cut off" in host.count_flows(FlowQuery(TOOL, 10, 5, 10)).error
