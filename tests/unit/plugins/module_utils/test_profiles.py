# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import OptionError
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_keys import SETTING, TIMEOUT, find_key
from ansible_collections.stateward.conntrack.plugins.module_utils._profiles import PROFILES, Profile, find_profile

MIB, GIB = 1 << 20, 1 << 30
EVERY = pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)


def test_the_profiles_there_are() -> None:
    names = "general web_lb nat_gateway cgn dns_server k8s_node perimeter_firewall database vpn openstack_compute"
    assert list(PROFILES) == [*names.split(), "small_router", "none"]


@EVERY
def test_every_value_is_one_that_the_kernel_takes(profile: Profile) -> None:
    for group, values in ((TIMEOUT, profile.timeouts), (SETTING, profile.settings)):
        for name, value in values.items():
            key = find_key(group, name)
            assert key.low <= value <= key.high, name


@EVERY
def test_every_row_is_sound(profile: Profile) -> None:
    assert find_key(TIMEOUT, profile.lifetime)
    assert 0 < profile.memory_share <= 0.15
    assert profile.entries_per_bucket == 1
    assert profile.summary.endswith(".")


@pytest.mark.parametrize(
    ("name", "memory", "cpus", "entries"),
    [
        ("general", 4 * GIB, 8, 0),
        ("general", 4 * GIB + 1, 8, 262144),
        ("web_lb", GIB, 1, 524288),
        ("k8s_node", GIB, 1, 131072),
        ("k8s_node", GIB, 8, 262144),
        ("k8s_node", GIB, 96, 1048576),
        ("small_router", 64 * MIB, 1, 4096),
        ("openstack_compute", GIB, 4, 1048576),
        ("none", 64 * GIB, 64, 0),
    ],
)
def test_floor(name: str, memory: int, cpus: int, entries: int) -> None:
    assert find_profile(name).floor(memory, cpus) == entries


@pytest.mark.parametrize(
    ("name", "timeout", "seconds"),
    [
        ("general", "tcp_established", 86400),
        ("web_lb", "tcp_time_wait", 65),
        ("nat_gateway", "tcp_established", 7440),
        ("cgn", "udp", 120),
        ("dns_server", "udp", 15),
        ("k8s_node", "tcp_close_wait", 3600),
        ("perimeter_firewall", "tcp_syn_recv", 10),
        ("database", "tcp_established", 432000),
        ("vpn", "gre_stream", 180),
    ],
)
def test_timeouts_that_make_the_profile(name: str, timeout: str, seconds: int) -> None:
    assert find_profile(name).timeouts[timeout] == seconds


@pytest.mark.parametrize("name", ["nat_gateway", "cgn", "perimeter_firewall", "small_router"])
def test_a_gateway_outlives_the_usual_tcp_keepalive(name: str) -> None:
    assert find_profile(name).timeouts["tcp_established"] >= 7440
    assert find_profile(name).memory_share == 0.15


def test_none_touches_nothing() -> None:
    none = find_profile("none")
    assert (dict(none.timeouts), dict(none.settings)) == ({}, {})


@pytest.mark.parametrize(
    ("name", "words"),
    [("weblb", "Did you mean web_lb"), ("k8snode", "Did you mean k8s_node"), ("zzzz", "Known are: general, web_lb")],
)
def test_an_unknown_profile_is_answered_with_a_known_one(name: str, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        find_profile(name)
