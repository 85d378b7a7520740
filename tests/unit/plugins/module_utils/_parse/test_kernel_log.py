# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The complaint about a full table, as each kernel words it and as logs carry it."""

from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.kernel_log import TableFull, parse_table_full
from hypothesis import given
from hypothesis import strategies as st

LINES = [
    # CentOS 5
    "Mar  1 10:00:00 web1 kernel: ip_conntrack: table full, dropping packet.",
    # CentOS 6
    "Mar  1 10:00:00 web1 kernel: nf_conntrack: table full, dropping packet.",
    # CentOS 7
    "Mar  1 10:00:00 web1 kernel: nf_conntrack: table full, dropping packet",
    # 4.9 and later
    "[   88.123456] nf_conntrack: nf_conntrack: table full, dropping packet",
    "2026-03-01T10:00:00.1+00:00 web1 kernel: [   88.123456] nf_conntrack: nf_conntrack: table full, dropping packet",
]
IN_NETNS = "[   99.000001] nf_conntrack: nf_conntrack: table full in netns 4026532291, dropping packet"


@pytest.mark.parametrize("line", LINES)
def test_every_wording_counts(line: str) -> None:
    assert parse_table_full(f"{line}\n") == TableFull(1, line)


def test_all_together() -> None:
    found = parse_table_full("\n".join([*LINES, IN_NETNS, "something else", ""]))
    assert found == TableFull(6, IN_NETNS, frozenset(["4026532291"]))


def test_repetitions_are_counted() -> None:
    line = "Mar  1 web1 kernel: message repeated 12 times: [ nf_conntrack: table full, dropping packet]"
    assert parse_table_full(line).count == 12


@pytest.mark.parametrize(
    "text",
    [
        "",
        "the table full of food",
        "nf_conntrack: table full",
        "nf_conntrack_expect: table full",
        "neighbour: table full",
    ],
)
def test_other_lines_do_not_count(text: str) -> None:
    assert parse_table_full(text) == TableFull()


@given(st.text())
def test_nothing_raises(text: str) -> None:
    assert parse_table_full(text).count >= 0
