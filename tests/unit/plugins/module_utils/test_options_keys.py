# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options timeouts and settings: known keys, and values in their ranges."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_keys import keys
from ansible_collections.stateward.conntrack.plugins.module_utils._options import parse_options
from ansible_collections.stateward.conntrack.tests.support.options import refusal


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
