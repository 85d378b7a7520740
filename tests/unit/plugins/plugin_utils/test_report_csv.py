# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of hostile hosts: in CSV that no spreadsheet executes, and in one line that a terminal shows as it is."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.plugin_utils._columns import cut, width_of
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report import build_report, to_csv
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_hosts import find_host
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_table import report_table
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_text import (
    clean,
    neutralize,
    size_text,
)
from ansible_collections.stateward.conntrack.tests.support.fleet import UNREACHABLE, WRITTEN, look, make_report
from hypothesis import given, settings
from hypothesis import strategies as st


def report_of(*rows: dict[str, Any]) -> dict[str, Any]:
    return build_report(rows, written=WRITTEN)


def row(name: str, looked: Any = None) -> dict[str, Any]:
    return find_host(name, looked=looked or look())


HOSTILE = st.text(st.sampled_from("=+-@\uff1d\t\r\n ;,|\"'a1\x00\u202e\u2028\u00a0é"), max_size=12) | st.text(
    max_size=20
)


@given(HOSTILE)
@settings(max_examples=300)
def test_no_cell_is_a_formula_whatever_the_separator(text: str) -> None:
    found = report_of(row(text, {"failed": True, "msg": text}))
    line = to_csv(found).split("\r\n")[1]
    for separator in ",;\t|":
        for cell in line.split(separator):
            assert not re.match(r"[\s\"']*[=+\-@\uff1d\uff0b\uff0d\uff20]", re.sub(r"^[\s\"]*'", "x", cell))


@given(HOSTILE)
@settings(max_examples=200)
def test_csv_keeps_its_columns_and_lines(text: str) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(report_of(row(text), row("b", UNREACHABLE))), newline="")))
    assert [each["state"] for each in rows] == ["unreachable", "ok"]
    assert all(None not in each and None not in each.values() for each in rows)
    assert rows[1]["max"] == "262144"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("a;=1+1", "a;'=1+1"),
        ("  @SUM(1)", "'@SUM(1)"),
        ("web01", "web01"),
        ("max is 1, not 2", "max is 1, not 2"),
        ("\uff1dcmd()", "'\uff1dcmd()"),
    ],
)
def test_formulas_are_neutralized(text: str, cell: str) -> None:
    assert neutralize(text) == cell


@given(st.text())
def test_clean_text_is_one_printable_line(text: str) -> None:
    assert clean(text).isprintable()


def test_clean_shows_what_turns_the_direction() -> None:
    assert clean("web\u202e10\u2066\x1b[31m\udcff") == "web\\u202e10\\u2066\\x1b[31m\\udcff"


@pytest.mark.parametrize(
    ("size", "text"), [(None, "-"), (0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (3 * 1024**3, "3.0 GiB")]
)
def test_sizes(size: Any, text: str) -> None:
    assert size_text(size) == text


# ---------------------------------------------------------------------------------------------- terminal


@given(HOSTILE, HOSTILE)
@settings(max_examples=200)
def test_the_table_fits_the_terminal(name: str, message: str) -> None:
    found = report_of(row(name), row("b" * 300, {"failed": True, "msg": message}))
    lines = report_table(found, 50)
    assert len(lines) == 4
    assert all(width_of(text) <= 100 and text.isprintable() for text in lines)


def test_the_table_has_the_worst_hosts_and_says_how_many_more_there_are() -> None:
    lines = report_table(make_report(400), 5)
    assert [text.split()[1] for text in lines[1:6]] == ["critical"] * 5
    assert lines[6:] == [
        "... and 395 more, none of them worse: see index.html",
        lines[-1],
    ]
    assert lines[-1].startswith("400 hosts: ")
    assert max(len(text) for text in lines) <= 100


def test_the_table_says_why() -> None:
    found = report_of(row("web01", look(use=97, rules=("usage", "reboot"))), row("web02", UNREACHABLE))
    assert report_table(found, 50)[1:] == [
        "web01  critical     97.0 %  262,144  98.0 MiB  not reboot  usage, reboot",
        "web02  unreachable  -       -        -         -           Failed to connect to the host via ssh:..",
        "2 hosts: 1 critical, 1 unreachable",
    ]


@pytest.mark.parametrize("name", ["gateway-of-the-second-site-in-the-north.example.net", "\u6771\u4eac" * 20])
def test_the_reasons_have_room(name: str) -> None:
    found = report_of(
        row(name, look(use=97, size=2**33, rules=("usage", "drops", "reboot"))),
        {**row("b", look(size=2**40)), "drift": {"differences": [], "error": "why"}},
    )
    lines = report_table(found, 9)
    assert "memory" not in lines[0]
    assert lines[1].endswith("usage, drops, reboot")
    assert width_of(lines[1][: lines[1].index("usage")]) == lines[0].index("why")
    assert all(width_of(text) <= 100 for text in lines)


def test_a_table_of_any_size_fits() -> None:
    most = 2**63 - 1
    found = report_of(
        row("a" * 99, {**look(rules=("usage",)), "max": most, "count": most, "usage_percent": most - 1e6})
    )
    assert all(len(text) <= 100 for text in report_table(found, 9))


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcd.."),
        ("\u6771\u4eac\u90fd\u5e9c", 6, "\u6771\u4eac.."),
        ("a\u6771\u4eac\u90fd", 6, "a\u6771.."),
        ("e\u0301" * 6, 6, "e\u0301" * 6),
        ("e\u0301" * 7, 6, "e\u0301" * 4 + ".."),
    ],
)
def test_cutting(text: str, width: int, short: str) -> None:
    assert cut(text, width) == short
    assert width_of(short) <= width
