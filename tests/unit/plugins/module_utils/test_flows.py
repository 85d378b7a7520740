# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counting flows: chunks and single lines agree, limits hold, memory is bounded and the error is honest."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._flow_model import FlowCounts
from ansible_collections.stateward.conntrack.plugins.module_utils._flows import (
    Frequencies,
    Tally,
    describe_sums,
    show_address,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.flows import parse_flow
from hypothesis import given, settings
from hypothesis import strategies as st

LONG = "2001:0db8:0000:0000:0000:0000:0000:0001"
TCP = (
    "ipv4     2 tcp      6 99 ESTABLISHED src=192.0.2.1 dst=192.0.2.9 sport=4000 dport=443 src=192.0.2.9 dst=192.0.2.1 "
)
LISTING = (
    f"{TCP}sport=443 dport=4000 [ASSURED] mark=0 zone=0 use=2\n"
    f"{TCP}sport=443 dport=4001 [ASSURED] mark=0 zone=0 use=2\n"
    "ipv4     2 tcp      6 src=192.0.2.2 dst=192.0.2.9 sport=1 dport=22 src=192.0.2.9 dst=192.0.2.2 [OFFLOAD] use=3\n"
    f"ipv6     10 udp      17 29 src={LONG} dst={LONG} sport=5 dport=53 [UNREPLIED] src={LONG} dst={LONG} use=2\n"
    "ipv4     2 icmp     1 29 src=192.0.2.1 dst=192.0.2.8 type=8 code=0 id=7 [UNREPLIED] src=192.0.2.8 use=2\n"
    "EXPECTING: 299 use=1 proto=6 src=192.0.2.1 dst=192.0.2.2 sport=0 dport=20\n"
)


def count(*chunks: str, limit: int = 1000, top: int = 10, capacity: int = 100) -> FlowCounts:
    tally = Tally(limit, capacity)
    for chunk in chunks:
        tally.add(chunk.encode())
    return describe_sums(tally.sums(top))


def test_everything_at_once() -> None:
    counts = count(LISTING)
    assert (counts.entries, counts.assured, counts.unreplied, counts.offloaded) == (5, 2, 2, 1)
    assert counts.l3 == {"ipv4": 4, "ipv6": 1}
    assert counts.l4 == {"tcp": 3, "udp": 1, "icmp": 1}
    assert counts.tcp_states == {"ESTABLISHED": 2, "OFFLOAD": 1}
    assert counts.sources.rows == (("192.0.2.1", 3), ("192.0.2.2", 1), ("2001:db8::1", 1))
    assert counts.destinations.rows[0] == ("192.0.2.9", 3)
    assert counts.ports.rows == (("tcp/443", 2), ("tcp/22", 1), ("udp/53", 1))
    assert (counts.truncated, counts.sources.error) == ("", 0)


def test_nothing_at_all() -> None:
    assert count() == count("", "\n") == FlowCounts()


@pytest.mark.parametrize(("limit", "entries", "truncated"), [(2, 2, "flow_limit"), (5, 5, "flow_limit"), (6, 5, "")])
def test_the_limit_cuts_lines_off(limit: int, entries: int, truncated: str) -> None:
    for chunks in ([LISTING], LISTING.splitlines(keepends=True)):
        counts = count(*chunks, limit=limit)
        assert (counts.entries, counts.truncated) == (entries, truncated)


def test_no_more_is_wanted_after_the_limit() -> None:
    tally = Tally(6)
    assert tally.add(LISTING.encode())
    assert not tally.add(LISTING.encode())


@pytest.mark.parametrize(
    ("line", "marks"),
    [
        (f"{TCP}[ASSURED] [ASSURED] use=1", (1, 0, 0)),
        (f"{TCP}[UNREPLIED] [HW_OFFLOAD] use=1", (0, 1, 1)),
        ("half a line [ASSURED] [OFFLOAD]", (0, 0, 0)),
    ],
)
def test_a_mark_counts_once_and_only_in_a_flow(line: str, marks: tuple[int, int, int]) -> None:
    counts = count(f"{LISTING}{line}\n")
    before = count(LISTING)
    found = (counts.assured, counts.unreplied, counts.offloaded)
    assert found == tuple(a + b for a, b in zip(marks, (before.assured, before.unreplied, before.offloaded)))


def test_equal_counts_are_in_the_order_of_their_names() -> None:
    assert list(count(LISTING).l4) == ["tcp", "icmp", "udp"]


def test_top_is_the_length_of_the_lists() -> None:
    counts = count(LISTING, top=1)
    assert (counts.sources.rows, counts.ports.rows) == ((("192.0.2.1", 3),), (("tcp/443", 2),))


def one_by_one(lines: list[str]) -> dict[str, Any]:
    flows = [flow for flow in map(parse_flow, (line.encode() for line in lines)) if flow]
    return {
        "entries": len(flows),
        "l3": Counter(flow.l3 for flow in flows),
        "l4": Counter(flow.l4 for flow in flows),
        "tcp_states": Counter(flow.state or "OFFLOAD" for flow in flows if flow.l4 == "tcp"),
        "assured": sum(flow.assured for flow in flows),
        "unreplied": sum(flow.unreplied for flow in flows),
        "offloaded": sum(flow.offloaded for flow in flows),
    }


@given(st.lists(st.sampled_from(LISTING.splitlines()), min_size=1, max_size=30), st.integers(1, 30))
@settings(max_examples=100)
def test_chunks_and_single_lines_agree(lines: list[str], split: int) -> None:
    text = [line + "\n" for line in lines]
    counts = count("".join(text[:split]), "".join(text[split:]))
    assert {name: getattr(counts, name) for name in one_by_one(lines)} == one_by_one(lines)


@given(st.lists(st.integers(0, 40), max_size=400), st.integers(2, 20))
@settings(max_examples=100)
def test_rare_keys_are_forgotten_within_the_error(keys: list[int], capacity: int) -> None:
    frequencies: Frequencies[int] = Frequencies(capacity)
    for start in range(0, len(keys), 5):
        frequencies.add(keys[start : start + 5])
    true = Counter(keys)
    found = dict(frequencies.top(1000))
    assert len(found) <= capacity
    assert all(true[key] - frequencies.error <= number <= true[key] for key, number in found.items())
    assert all(key in found for key, number in true.items() if number > frequencies.error)


def test_without_pressure_there_is_no_error() -> None:
    frequencies: Frequencies[str] = Frequencies(3)
    frequencies.add("aabbbc")
    assert (frequencies.top(2), frequencies.error) == ([("b", 3), ("a", 2)], 0)


@pytest.mark.parametrize(
    ("address", "shown"),
    [("192.0.2.1", "192.0.2.1"), (LONG, "2001:db8::1"), ("::1", "::1"), ("fe80::1%eth0", "fe80::1%eth0"), (":", ":")],
)
def test_addresses_are_short(address: str, shown: str) -> None:
    assert show_address(address) == shown
