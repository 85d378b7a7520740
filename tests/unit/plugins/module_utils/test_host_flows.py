# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a listing from a file or a program: whole lines, both limits, and every way to fail."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._flow_model import FlowCounts, FlowQuery, FlowSource
from ansible_collections.stateward.conntrack.plugins.module_utils._host_local import LocalHost

LINE = "udp      17 29 src=192.0.2.1 dst=192.0.2.9 sport=5 dport=53 [UNREPLIED] src=192.0.2.9 dst=192.0.2.1 use=1\n"


def count(root: Path, source: FlowSource, *, limit: int = 10**6, seconds: float = 20) -> FlowCounts:
    return LocalHost(str(root)).count_flows(FlowQuery(source, limit, seconds, 10))


def write(root: Path, text: str) -> FlowSource:
    (root / "listing").write_text(text)
    return FlowSource("listing", "/listing")


def tool(root: Path, body: str) -> FlowSource:
    path = root / "conntrack"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return FlowSource("conntrack -L", commands=(("/conntrack", "-L", "-f", "ipv4"), ("/conntrack", "-L", "-f", "ipv6")))


@pytest.mark.parametrize("lines", [0, 1, 7, 10_000])
def test_a_file_of_any_length(tmp_path: Path, lines: int) -> None:
    counts = count(tmp_path, write(tmp_path, LINE * lines))
    assert (counts.entries, counts.unreplied, counts.truncated, counts.error) == (lines, lines, "", "")


def test_a_last_line_without_an_end(tmp_path: Path) -> None:
    assert count(tmp_path, write(tmp_path, LINE * 3 + LINE.rstrip())).entries == 4


def test_the_flow_limit(tmp_path: Path) -> None:
    counts = count(tmp_path, write(tmp_path, LINE * 5000), limit=3000)
    assert (counts.entries, counts.truncated) == (3000, "flow_limit")


def test_no_time_at_all(tmp_path: Path) -> None:
    counts = count(tmp_path, write(tmp_path, LINE * 5000), seconds=0)
    assert (counts.truncated, counts.error) == ("time_limit", "")


@pytest.mark.parametrize("name", ["missing", ""])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    assert count(tmp_path, FlowSource("that", f"/{name}")).error.startswith("that: ")


def test_a_program_for_each_family(tmp_path: Path) -> None:
    body = f"echo \"$@\" >&2\n[ $3 = ipv4 ] && echo '{LINE.strip()}' || echo '{LINE.strip().replace('192.0.2.', '::')}'"
    counts = count(tmp_path, tool(tmp_path, body))
    assert (counts.l3, counts.error) == ({"ipv4": 1, "ipv6": 1}, "")


def test_a_program_that_fails(tmp_path: Path) -> None:
    counts = count(tmp_path, tool(tmp_path, "echo 'Operation failed: no such thing' >&2; exit 1"))
    assert counts.entries == 0
    assert counts.error == "/conntrack -L -f ipv4 ended with status 1: Operation failed: no such thing"


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    source = FlowSource("conntrack -L", commands=(("/conntrack", "-L"),))
    assert count(tmp_path, source).error == "/conntrack could not be run"


@pytest.mark.parametrize("body", ["sleep 60", f"while :; do echo '{LINE.strip()}'; done"])
def test_a_program_that_does_not_end(tmp_path: Path, body: str) -> None:
    start = time.monotonic()
    counts = count(tmp_path, tool(tmp_path, body), seconds=0.3)
    assert counts.truncated == "time_limit"
    assert time.monotonic() - start < 10


def test_a_program_that_never_stops_meets_the_flow_limit(tmp_path: Path) -> None:
    counts = count(tmp_path, tool(tmp_path, f"while :; do echo '{LINE.strip()}'; done"), limit=100)
    assert (counts.entries, counts.truncated, counts.error) == (100, "flow_limit", "")
