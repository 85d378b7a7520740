# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option parser: what it accepts, what it refuses, and that it never fails in another way."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._argument_spec import PERSIST
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import OptionError
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_keys import keys
from ansible_collections.stateward.conntrack.plugins.module_utils._option_values import MemoryLimit
from ansible_collections.stateward.conntrack.plugins.module_utils._options import Options, parse_options
from ansible_collections.stateward.conntrack.plugins.module_utils._profiles import PROFILES
from hypothesis import given, settings
from hypothesis import strategies as st

INT_MAX = 2147483647
GIB = 2**30


def refusal(**params: Any) -> str:
    with pytest.raises(OptionError) as caught:
        parse_options(params)
    return str(caught.value)


def test_defaults() -> None:
    assert parse_options({}) == Options(
        state="present",
        profile="general",
        max="auto",
        hashsize="auto",
        entries_per_bucket=None,
        memory_limit=None,
        connections=None,
        connection_rate=None,
        headroom=2.0,
        allow_lower=False,
        timeouts={},
        settings={},
        runtime=True,
        persist=frozenset(),
        takeover=False,
        backup=False,
        force=False,
        undo=None,
        transport="auto",
    )


@pytest.mark.parametrize("name", ["max", "hashsize"])
@pytest.mark.parametrize(
    ("profile", "given_value", "expected"),
    [
        ("none", None, "keep"),
        ("none", "auto", "auto"),
        ("none", 5, 5),
        ("general", None, "auto"),
        ("general", "keep", "keep"),
    ],
)
def test_default_of_sizes(name: str, profile: str, given_value: Any, expected: Any) -> None:
    assert getattr(parse_options({"profile": profile, name: given_value}), name) == expected


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


# ---------------------------------------------------------------------------------------------- timeouts and settings


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"tcp_established": 7200}, {"tcp_established": 7200}),
        ({"tcp_established": "7200", "udp": 1}, {"tcp_established": 7200, "udp": 1}),
        ({"sctp_shutdown_sent": 2147483}, {"sctp_shutdown_sent": 2147483}),
        ({}, {}),
    ],
)
def test_timeouts_accepted(value: Any, expected: dict[str, int]) -> None:
    assert parse_options({"timeouts": value}).timeouts == expected


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"udp": 0}, "timeouts.udp: 0 is too short (the kernel would store it"),
        ({"udp": -1}, "timeouts.udp: -1 is too short"),
        ({"udp": 2147484}, "timeouts.udp: 2147484 is too long (old kernels let it wrap"),
        ({"udp": True}, "timeouts.udp: true is not a whole number"),
        ({"udp": 30.5}, "timeouts.udp: 30.5 is not a whole number"),
        ({"udp": "1h"}, "timeouts.udp: '1h' is not a number"),
        ({"udp": None}, "timeouts.udp: an empty value is not a whole number"),
        ({"udp": [30]}, "timeouts.udp: a list is not a whole number"),
        ({"tcp_establishd": 30}, "tcp_established"),
        ({"tcp_loose": 1}, "tcp_loose"),
        ({5: 30}, "5"),
        (["udp"], "timeouts: a list is not a dictionary"),
        ("udp", "timeouts: 'udp' is not a dictionary"),
    ],
)
def test_timeouts_refused(value: Any, why: str) -> None:
    assert why in refusal(timeouts=value)


@pytest.mark.parametrize("value", [True, "true", "yes", "Yes", "on", 1, "1"])
def test_switches_on(value: Any) -> None:
    assert parse_options({"settings": {"tcp_loose": value}}).settings == {"tcp_loose": 1}


@pytest.mark.parametrize("value", [False, "false", "no", "NO", "off", 0, "0"])
@pytest.mark.parametrize("name", ["tcp_loose", "log_invalid", "events"])
def test_switches_off(name: str, value: Any) -> None:
    assert parse_options({"settings": {name: value}}).settings == {name: 0}


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"tcp_loose": 2}, "settings.tcp_loose: 2 is too large; write a whole number from 0 to 1."),
        ({"log_invalid": 256}, "settings.log_invalid: 256 is too large"),
        ({"log_invalid": -1}, "settings.log_invalid: -1 is too small"),
        ({"log_invalid": True}, "settings.log_invalid: true says nothing"),
        ({"expect_max": "yes"}, "settings.expect_max: 'yes' says nothing"),
        ({"expect_max": False}, "settings.expect_max: 0 is too small"),
        ({"acct": "maybe"}, "settings.acct: 'maybe' is not a number"),
        ({"acct": None}, "settings.acct: an empty value"),
        ({"tcp_lose": 0}, "tcp_loose"),
        ([1], "settings: a list is not a dictionary"),
    ],
)
def test_settings_refused(value: Any, why: str) -> None:
    assert why in refusal(settings=value)


@pytest.mark.parametrize("group", ["timeout", "setting"])
def test_every_known_key_takes_its_limits(group: str) -> None:
    for bound in ("low", "high"):
        asked = {key.name: getattr(key, bound) for key in keys(group)}
        assert getattr(parse_options({group + "s": asked}), group + "s") == asked


# ---------------------------------------------------------------------------------------------- choices and lists


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles_accepted(profile: str) -> None:
    assert parse_options({"profile": profile}).profile == profile


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"profile": "web_lbs"}, "profile: 'web_lbs' is not known; the nearest is web_lb"),
        ({"profile": "zzz"}, "profile: 'zzz' is not known; write one of general"),
        ({"profile": 7}, "profile: 7 is not known"),
        ({"profile": ["general"]}, "profile: a list is not known"),
        ({"state": "gone"}, "state: 'gone' is not known"),
        ({"transport": "ssh"}, "transport: 'ssh' is not known"),
        ({"force": "maybe"}, "force: 'maybe' is neither true nor false"),
        ({"backup": 1}, "backup: 1 is neither true nor false"),
        ({"persist": ["sysctrl"]}, "persist: 'sysctrl' is not known; the nearest is sysctl"),
        ({"persist": [None]}, "persist: an empty value is not known"),
        ({"persist": 5}, "persist: 5 is not a list"),
        ({"persist": {"sysctl": True}}, "persist: a dictionary is not a list"),
    ],
)
def test_choices_refused(params: dict[str, Any], why: str) -> None:
    assert why in refusal(**params)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([], []),
        (["sysctl"], ["sysctl"]),
        (["modprobe"], ["modprobe"]),
        (["sysctl", "sysctl"], ["sysctl"]),
        (["all"], PERSIST),
        (["sysctl", "all"], PERSIST),
        ("sysctl, preload", ["sysctl", "preload"]),
        ("all", PERSIST),
    ],
)
def test_persist_accepted(value: Any, expected: list[str]) -> None:
    assert parse_options({"persist": value}).persist == frozenset(expected)


# ---------------------------------------------------------------------------------------------- combinations


@pytest.mark.parametrize("need", [{"connections": 5000}, {"connection_rate": 100}])
def test_a_need_decides_only_an_automatic_max(need: dict[str, int]) -> None:
    assert "only one of them can decide" in refusal(max=300000, **need)
    assert "is kept as it is" in refusal(max="keep", **need)
    assert "is kept as it is" in refusal(profile="none", **need)
    assert parse_options({"profile": "none", "max": "auto", **need}).max == "auto"
    assert parse_options({"hashsize": 65536, **need}).hashsize == 65536


def test_nothing_to_do_is_refused() -> None:
    assert "leaves nothing to do" in refusal(runtime=False)
    assert parse_options({"runtime": False, "persist": ["sysctl"]}).runtime is False
    assert parse_options({"runtime": False, "state": "absent"}).runtime is False


def test_absent_ignores_what_it_does_not_need() -> None:
    wrong = {"max": "lots", "profile": "none", "timeouts": {"x": 0}, "connections": 0}
    parsed = parse_options({**wrong, "state": "absent", "force": True})
    assert parsed == parse_options({"state": "absent", "force": True})


def test_all_problems_are_told_at_once() -> None:
    message = refusal(
        max=0, hashsize="x", headroom=0, profile="nope", runtime=False, timeouts={"udp": 0, "tcp": 1, "icmp": -1}
    )
    sentences = [
        "max: 0",
        "hashsize: 'x'",
        "headroom: 0",
        "profile: 'nope'",
        "runtime: false",
        "timeouts.udp: 0",
        "timeouts.icmp: -1",
    ]
    assert [sentence for sentence in sentences if sentence not in message] == []


def test_a_broken_value_contradicts_nothing() -> None:
    assert "runtime" not in refusal(runtime=False, persist=["nope"])
    assert "decide" not in refusal(max="x", connections=5)


# ---------------------------------------------------------------------------------------------- properties

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
VALUES = st.recursive(
    SCALARS | st.sampled_from(["auto", "keep", "all", "5%", "1G", "sysctl", "absent", "none", "yes"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)
NAMES = st.sampled_from(sorted(Options.__dataclass_fields__))
KEY_NAMES = st.sampled_from([key.name for group in ("timeout", "setting") for key in keys(group)])


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_nothing_but_an_option_error(params: dict[str, Any]) -> None:
    try:
        parsed = parse_options(params)
    except OptionError:
        return
    assert isinstance(parsed, Options)


@settings(max_examples=200, deadline=None)
@given(SCALARS | st.integers().map(str) | st.integers(1, INT_MAX))
def test_an_accepted_size_is_in_range(value: Any) -> None:
    try:
        parsed = parse_options({"max": value, "hashsize": value})
    except OptionError:
        return
    for size in (parsed.max, parsed.hashsize):
        assert size in ("auto", "keep") or (isinstance(size, int) and 1 <= size <= INT_MAX)
        assert not isinstance(size, bool)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(KEY_NAMES, SCALARS | st.integers(0, 300), max_size=3), st.sampled_from(["timeout", "setting"]))
def test_an_accepted_key_is_in_its_range(value: dict[str, Any], group: str) -> None:
    try:
        parsed = parse_options({group + "s": value})
    except OptionError:
        return
    known = {key.name: key for key in keys(group)}
    for name, number in getattr(parsed, group + "s").items():
        assert known[name].low <= number <= known[name].high


@settings(max_examples=100, deadline=None)
@given(st.integers(1, INT_MAX))
def test_a_number_and_its_text_are_the_same(number: int) -> None:
    assert parse_options({"max": number}) == parse_options({"max": str(number)})
