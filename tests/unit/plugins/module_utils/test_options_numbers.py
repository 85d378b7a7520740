# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that are numbers: sizes, ratios and memory."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._option_values import MemoryLimit
from ansible_collections.stateward.conntrack.plugins.module_utils._options import parse_options
from ansible_collections.stateward.conntrack.tests.support.options import INT_MAX, refusal

GIB = 2**30


# ---------------------------------------------------------------------------------------------- max and hashsize


@pytest.mark.parametrize("name", ["max", "hashsize"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1),
        ("1", 1),
        (300000, 300000),
        ("300000", 300000),
        (" 300000 ", 300000),
        (INT_MAX, INT_MAX),
        (str(INT_MAX), INT_MAX),
        ("auto", "auto"),
        ("keep", "keep"),
    ],
)
def test_sizes_accepted(name: str, value: Any, expected: Any) -> None:
    parsed = getattr(parse_options({name: value}), name)
    assert parsed == expected
    assert type(parsed) is type(expected)


@pytest.mark.parametrize("name", ["max", "hashsize"])
@pytest.mark.parametrize(
    ("value", "why"),
    [
        (0, "0 is too small"),
        ("0", "0 is too small"),
        (-1, "-1 is too small"),
        ("-300000", "-300000 is too small"),
        (2**31, "more than the kernel can store"),
        (str(2**31), "more than the kernel can store"),
        (2**63, "more than the kernel can store"),
        (str(2**63), "more than the kernel can store"),
        pytest.param("1" * 5000, "is far too large", id="5000 digits"),
        pytest.param(10**5000, "this number is more than", id="10**5000"),
        (300000.0, "write 300000."),
        (300000.5, "300000.5 is not a whole number"),
        ("300000.0", "is fractional"),
        (float("inf"), "is not a whole number"),
        (float("nan"), "is not a whole number"),
        ("1e6", "scientific"),
        ("0x493e0", "hexadecimal"),
        ("0o777", "octal"),
        ("0300000", "leading zero"),
        ("00", "leading zero"),
        ("+300000", "has a sign"),
        ("300,000", "separators"),
        ("300_000", "separators"),
        ("300k", "has a unit"),
        ("1 2", "separators"),
        ("many", "'many' is not a number"),
        ("AUTO", "'AUTO' is not a number"),
        ("", "'' is not a number"),
        ("\u0663\u0660", "is not a number"),
        ("5\n6", "is not a number"),
        (True, "true is not a whole number"),
        (False, "false is not a whole number"),
        ([5], "a list is not a whole number"),
        ({"a": 1}, "a dictionary is not a whole number"),
        (b"5", "binary data is not a whole number"),
    ],
)
def test_sizes_refused(name: str, value: Any, why: str) -> None:
    message = refusal(**{name: value})
    assert message.startswith(f"{name}: ")
    assert why in message
    assert message.endswith(".")
    assert "write" in message


# ---------------------------------------------------------------------------------------------- other numbers


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("entries_per_bucket", 1, 1.0),
        ("entries_per_bucket", 0.125, 0.125),
        ("entries_per_bucket", "64", 64.0),
        ("headroom", 1, 1.0),
        ("headroom", "2.5", 2.5),
        ("headroom", 100.0, 100.0),
        ("connections", 1, 1),
        ("connections", str(INT_MAX), INT_MAX),
        ("connection_rate", 3000, 3000),
    ],
)
def test_numbers_accepted(name: str, value: Any, expected: float) -> None:
    assert getattr(parse_options({name: value}), name) == expected


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("entries_per_bucket", 0, "too small"),
        ("entries_per_bucket", 0.1, "too small"),
        ("entries_per_bucket", 65, "too large"),
        ("entries_per_bucket", -1, "too small"),
        ("entries_per_bucket", "one", "is not a number"),
        ("headroom", 0.5, "too small"),
        ("headroom", 101, "too large"),
        pytest.param("headroom", 10**400, "too large", id="headroom-10**400"),
        ("headroom", float("nan"), "is not a number"),
        ("headroom", float("inf"), "too large"),
        ("headroom", "nan", "is not a number"),
        ("headroom", True, "is not a number"),
        ("headroom", [2], "is not a number"),
        ("connections", 0, "too small"),
        ("connections", 2**31, "too large"),
        ("connections", 1.5, "is not a whole number"),
        ("connection_rate", 0, "too small"),
        ("connection_rate", "-5", "too small"),
        ("connection_rate", True, "is not a whole number"),
    ],
)
def test_numbers_refused(name: str, value: Any, why: str) -> None:
    message = refusal(**{name: value})
    assert message.startswith(f"{name}: ")
    assert why in message


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("5%", MemoryLimit(percent=5.0)),
        ("0.5 %", MemoryLimit(percent=0.5)),
        ("100%", MemoryLimit(percent=100.0)),
        ("512M", MemoryLimit(size=512 * 2**20)),
        ("512 MB", MemoryLimit(size=512 * 2**20)),
        ("1G", MemoryLimit(size=GIB)),
        ("1.5g", MemoryLimit(size=3 * GIB // 2)),
        ("2GiB", MemoryLimit(size=2 * GIB)),
        ("800K", MemoryLimit(size=800 * 1024)),
        (536870912, MemoryLimit(size=536870912)),
        ("536870912", MemoryLimit(size=536870912)),
    ],
)
def test_memory_limit_accepted(value: Any, expected: MemoryLimit) -> None:
    assert parse_options({"memory_limit": value}).memory_limit == expected


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("0%", "not above 0 and at most 100 percent"),
        ("0.0%", "not above 0 and at most 100 percent"),
        ("101%", "not above 0 and at most 100 percent"),
        ("-5%", "is not a number"),
        ("5 apples", "is not a number"),
        ("512X", "is not a number"),
        ("", "is not a number"),
        ("%", "is not a number"),
        ("G", "is not a number"),
        ("0M", "leaves no memory"),
        (5, "5 is too few bytes"),
        ("5", "5 is too few bytes"),
        (0, "0 is too few bytes"),
        (-1, "-1 is too few bytes"),
        pytest.param(2**80, "more memory than", id="2**80"),
        (0.05, "is not a whole number"),
        (536870912.0, "write 536870912."),
        (True, "true is not a whole number"),
        (["5%"], "a list is not"),
    ],
)
def test_memory_limit_refused(value: Any, why: str) -> None:
    message = refusal(memory_limit=value)
    assert message.startswith("memory_limit: ")
    assert why in message


@pytest.mark.parametrize(
    ("limit", "memory", "expected"),
    [
        (MemoryLimit(percent=5.0), 8 * GIB, 429496729),
        (MemoryLimit(percent=100.0), 8 * GIB, 8 * GIB),
        (MemoryLimit(percent=5.0), 0, 0),
        (MemoryLimit(size=GIB), 512 * 2**20, GIB),
    ],
)
def test_memory_limit_resolved(limit: MemoryLimit, memory: int, expected: int) -> None:
    assert limit.resolve(memory) == expected
