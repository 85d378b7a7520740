# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One line of a listing: lines as kernels from 2.4 to 6.18 and the tool print them, and anything else."""

from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.flows import Flow, parse_flow
from ansible_collections.stateward.conntrack.tests.support.flows import LINES
from hypothesis import given, settings
from hypothesis import strategies as st


def expected(words: str) -> Flow:
    l3, l4, state, source, destination, port, marks = words.split()
    return Flow(
        l3=l3,
        l4=l4.replace("_", " "),
        state="" if state == "-" else state,
        source=source,
        destination=destination,
        port=None if port == "-" else int(port),
        assured="a" in marks,
        unreplied="u" in marks,
        offloaded="o" in marks,
    )


@pytest.mark.parametrize(("line", "words"), LINES)
def test_known_lines(line: str, words: str) -> None:
    assert parse_flow(line.encode()) == expected(words)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "EXPECTING: 299 use=1 proto=6 src=192.0.2.1 dst=192.0.2.2 sport=0 dport=20",
        "     EXPECTING: - use=1 proto=6 src=192.0.2.1 dst=192.0.2.2 sport=0 dport=20",
        "300 proto=6 src=192.0.2.1 dst=192.0.2.2 sport=0 dport=20 mask-src=255.255.255.255",
        "conntrack v1.4.7 (conntrack-tools): 9 flow entries have been shown.",
        "tcp      6 431990 ESTABLISHED",
        "ipv4     2 tcp",
    ],
)
def test_other_lines_are_no_flows(line: str) -> None:
    assert parse_flow(line.encode()) is None


WORDS = sorted(
    {word.encode() for line, _words in LINES for word in line.split()} | {b"src=", b"\xff", b"", b"\n", b"-1"}
)


@given(st.one_of(st.binary(max_size=80), st.lists(st.sampled_from(WORDS), max_size=20).map(b" ".join)))
@settings(max_examples=300)
def test_nothing_raises(line: bytes) -> None:
    flow = parse_flow(line)
    assert flow is None or flow.l3 in ("ipv4", "ipv6")


@given(st.sampled_from(LINES), st.integers(0, 200))
def test_a_line_that_was_cut_off_never_raises(row: tuple[str, str], length: int) -> None:
    parse_flow(row[0][:length].encode())
