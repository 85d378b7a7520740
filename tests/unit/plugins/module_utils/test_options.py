# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option parser: defaults, choices and lists, and what contradicts what."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._argument_spec import PERSIST
from ansible_collections.stateward.conntrack.plugins.module_utils._options import Options, parse_options
from ansible_collections.stateward.conntrack.plugins.module_utils._profiles import PROFILES
from ansible_collections.stateward.conntrack.tests.support.options import refusal


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
