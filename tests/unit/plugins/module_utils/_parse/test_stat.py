# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counters: every width of the kernel's table, and what the tool prints."""

from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.stat import parse_stat, parse_stat_output
from hypothesis import given, settings
from hypothesis import strategies as st

# 2.6.18 to 2.6.32: 16 columns.
OLD = (
    "entries  searched found new invalid ignore delete delete_list insert insert_failed drop early_drop icmp_error  "
    "expect_new expect_create expect_delete\n"
    "0000000a  00000010 00000020 00000001 00000002 00000003 00000004 00000005 00000006 00000007 00000008 00000009 "
    "0000000a  0000000b 0000000c 0000000d \n"
    "0000000a  00000010 00000020 00000001 00000002 00000003 00000004 00000005 00000006 000000ff 00000008 00000009 "
    "0000000a  0000000b 0000000c 0000000d \n"
)
# 3.1 to 5.4: search_restart.
MIDDLE = OLD.replace("expect_delete\n", "expect_delete search_restart\n").replace("0000000d \n", "0000000d  00000011\n")
# 6.18, as read.
NEW = (
    "entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  "
    "expect_new expect_create expect_delete search_restart\n"
    "00000009  00000001 00000000 00000000 00000000 00000000 00000000 0000001f 00000000 00000020 00000000 00000000 "
    "00000000  00000000 00000000 00000000 00000000\n"
    "00000009  00000001 00000000 00000000 00000000 00000000 00000000 00000001 00000000 00000000 00000000 00000000 "
    "00000000  00000000 00000000 00000000 00000000\n"
)
# conntrack-tools 1.4.7, as printed.
TOOL = (
    "cpu=0   \tfound=3 invalid=0 insert=0 insert_failed=5 drop=5 early_drop=0 error=2 search_restart=1 "
    "clash_resolve=4 chaintoolong=0 \n"
    "cpu=1   \tfound=4 invalid=1 insert=0 insert_failed=5 drop=5 early_drop=0 error=0 search_restart=0 "
    "clash_resolve=0 chaintoolong=7 \n"
)


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        (OLD, 16, {"entries": 10, "insert_failed": 7 + 255, "drop": 16, "delete_list": 10}),
        (MIDDLE, 17, {"entries": 10, "search_restart": 34, "searched": 32}),
        (NEW, 17, {"entries": 9, "chaintoolong": 32, "clash_resolve": 2, "insert_failed": 32}),
        (NEW.split("\n", maxsplit=1)[0], 0, {}),
        ("", 0, {}),
        ("00000001 00000002\n", 0, {}),
        ("entries drop\n0000000g 00000001\n00000001 00000002\n", 2, {"entries": 1, "drop": 2}),
        ("entries drop\n00000001 00000002 00000003\n", 2, {"entries": 1, "drop": 2}),
        ("entries drop early_drop\n00000001 00000002\n", 2, {"entries": 1, "drop": 2}),
    ],
)
def test_columns_by_their_name(text: str, columns: int, expected: dict[str, int]) -> None:
    found = parse_stat(text)
    assert len(found) == columns
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(("text", "missing"), [(OLD, "search_restart"), (OLD, "chaintoolong"), (NEW, "delete_list")])
def test_missing_columns_are_missing_not_zero(text: str, missing: str) -> None:
    assert missing not in parse_stat(text)


def test_what_the_tool_prints() -> None:
    assert parse_stat_output(TOOL) == {
        "found": 7,
        "invalid": 1,
        "insert": 0,
        "insert_failed": 10,
        "drop": 10,
        "early_drop": 0,
        "icmp_error": 2,
        "search_restart": 1,
        "clash_resolve": 4,
        "chaintoolong": 7,
    }


@pytest.mark.parametrize("text", ["", "conntrack v1.4.7: Operation failed", "found=1\n", "cpu=x found=1"])
def test_other_output_counts_nothing(text: str) -> None:
    assert parse_stat_output(text) == {}


@given(st.lists(st.sampled_from([*NEW.split(" "), *TOOL.split(" "), "\n", "=", "entries ", "0x1"])).map(" ".join))
@settings(max_examples=200)
def test_nothing_raises(text: str) -> None:
    assert all(value >= 0 for value in {**parse_stat(text), **parse_stat_output(text)}.values())
