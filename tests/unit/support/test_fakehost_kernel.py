# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel of the host in memory: it rounds, refuses and loads as a real one."""

from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Read
from ansible_collections.stateward.conntrack.tests.support.fakehost import FakeHost, KernelModel
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host
from ansible_collections.stateward.conntrack.tests.support.operations import (
    ALIAS,
    BUCKETS,
    HASHSIZE,
    MAX,
    NET,
    UDP,
    module,
    number,
    value,
)
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("name", "hashsize", "expected"),
    [
        # measured on 6.1 and 6.18; the EL5 and EL6 rows by the sources
        ("debian12", 5000, (5120, 5120, 40960)),
        ("debian12", 65536, (65536, 65536, 524288)),
        ("debian12", 0, (65536, 65536, 65536)),
        ("builtin", 0, (262144, 262144, 262144)),
        ("el7", 5000, (5120, 5000, 40000)),
        ("el7", 0, (65536, 65536, 262144)),
        ("el6", 0, (16384, 16384, 65536)),
        ("el5", 5000, (5000, 5000, 40000)),
        ("el5", 0, (8192, 8192, 65536)),
        ("el8-firewalld", 0, (16384, 16384, 65536)),
        ("openwrt", 0, (15360, 15360, 15360)),
    ],
)
def test_sizes_at_load(name: str, hashsize: int, expected: tuple[int, int, int]) -> None:
    sizes = KernelModel.of(load_host(name)).sizes_at_load(hashsize)
    assert (sizes.buckets, sizes.hashsize, sizes.maximum) == expected


@pytest.mark.parametrize(
    ("name", "wanted", "rounded"),
    [
        ("debian12", 1, 512),
        ("debian12", 513, 1024),
        ("debian12", 70000, 70144),
        ("debian12", 262144, 262144),
        ("openwrt", 513, 1024),
        ("el5", 70001, 70001),
    ],
)
def test_rounding(name: str, wanted: int, rounded: int) -> None:
    assert KernelModel.of(load_host(name)).round_buckets(wanted) == rounded


@pytest.mark.parametrize("path", [BUCKETS, HASHSIZE])
def test_buckets_and_hashsize_are_one(path: str) -> None:
    applied = FakeHost(load_host("debian12")).apply((value(path, "70144"),), (Read(BUCKETS), Read(HASHSIZE)))
    assert applied.error == ""
    assert applied.outcomes[0].actual == "70144"
    assert number(applied.snapshot, BUCKETS) == number(applied.snapshot, HASHSIZE) == 70144


@pytest.mark.parametrize("path", [MAX, ALIAS])
def test_max_and_its_alias_are_one(path: str) -> None:
    host = FakeHost(load_host("debian12"))
    assert host.apply((value(path, "100000"),), ()).error == ""
    assert number(host.snapshot, MAX) == number(host.snapshot, ALIAS) == 100000


def test_old_names_show_the_same_variable() -> None:
    host = FakeHost(load_host("ubuntu1404"))
    host.apply((value(UDP, "45"),), ())
    assert host.snapshot.text(NET + "ipv4/netfilter/ip_conntrack_udp_timeout") == "45\n"


def test_sysctl_does_not_follow_sys_on_el8() -> None:
    host = FakeHost(load_host("el8-firewalld"))
    host.apply((value(HASHSIZE, "32768"),), ())
    assert (number(host.snapshot, HASHSIZE), number(host.snapshot, BUCKETS)) == (32768, 16384)


def test_unrounded_value_is_a_mismatch_and_put_back() -> None:
    host = FakeHost(load_host("debian12"))
    applied = host.apply((value(HASHSIZE, "70000"),), ())
    assert "read back 70144" in applied.error
    assert number(host.snapshot, HASHSIZE) == 65536


@pytest.mark.parametrize(
    ("name", "path", "text", "code"),
    [
        ("debian12", BUCKETS, "0", "EINVAL"),
        ("debian12", HASHSIZE, "abc", "EINVAL"),
        ("debian12", HASHSIZE, "268435456", "ENOMEM"),
        ("debian12", MAX, "2147483648", "EINVAL"),
        ("debian12", NET + "netfilter/nf_conntrack_acct", "2", "EINVAL"),
        ("debian12", NET + "netfilter/nf_conntrack_none", "1", "ENOENT"),
        ("ubuntu2604", MAX, "0", "EINVAL"),
        ("el7", BUCKETS, "32768", "EACCES"),
        ("container", MAX, "1000", "EACCES"),
        ("container", HASHSIZE, "1024", "EROFS"),
        ("container-ro", UDP, "40", "EROFS"),
    ],
)
def test_refused_values(name: str, path: str, text: str, code: str) -> None:
    applied = FakeHost(load_host(name)).apply((value(path, text),), ())
    assert code in applied.error
    assert applied.outcomes[0].status == "failed"
    assert not applied.stale


def test_a_timeout_wraps_without_a_word_on_el6() -> None:
    applied = FakeHost(load_host("el6")).apply((value(UDP, "4294968"),), ())
    assert "read back 0" in applied.error


@given(wanted=st.integers(min_value=1, max_value=1 << 24))
@settings(max_examples=50, deadline=None)
def test_rounding_is_up_and_stable(wanted: int) -> None:
    model = KernelModel.of(load_host("debian12"))
    rounded = model.round_buckets(wanted)
    assert wanted <= rounded < wanted + 512
    assert model.round_buckets(rounded) == rounded


# ------------------------------------------------------------------------------------------------ modules


@pytest.mark.parametrize(
    ("name", "load", "buckets", "maximum"),
    [
        ("debian13", "nf_conntrack", 262144, 262144),
        ("el9", "nf_conntrack", 262144, 262144),
        ("ubuntu1604", "nf_conntrack_ipv4", 65536, 262144),
        ("debian7", "nf_conntrack_ipv4", 4096, 15816),
        ("alpine", "nf_conntrack", 4096, 4096),
    ],
)
def test_load_brings_the_keys_with_default_sizes(name: str, load: str, buckets: int, maximum: int) -> None:
    host = FakeHost(load_host(name))
    applied = host.apply((module(load), value(UDP, "40")), (Read(MAX), Read(BUCKETS), Read("/proc/modules")))
    assert applied.error == ""
    assert (number(applied.snapshot, BUCKETS), number(applied.snapshot, MAX)) == (buckets, maximum)
    assert "nf_conntrack " in (applied.snapshot.text("/proc/modules") or "")


def test_protocol_keys_come_with_the_family_before_4_19() -> None:
    host = FakeHost(load_host("ubuntu1604"))
    host.apply((module("nf_conntrack"),), ())
    assert host.snapshot.exists(MAX)
    assert not host.snapshot.exists(UDP)


@pytest.mark.parametrize(
    ("name", "files", "maximum"),
    [
        ("debian13", {"/etc/modprobe.d/a.conf": "options nf_conntrack hashsize=65536\n"}, 524288),
        ("debian13", {"/etc/modprobe.d/a.cfg": "options nf_conntrack hashsize=65536\n"}, 262144),
        (
            "debian13",
            {
                "/etc/modprobe.d/b.conf": "options nf_conntrack hashsize=1024\n",
                "/usr/lib/modprobe.d/a.conf": "options nf_conntrack hashsize=2048\n",
            },
            8192,
        ),
        ("debian13", {"/etc/modprobe.d/a.conf": "#options nf_conntrack hashsize=65536\n"}, 262144),
        ("alpine", {"/etc/modprobe.d/a": "options nf_conntrack hashsize=1024\n"}, 8192),
    ],
)
def test_load_honours_the_options(name: str, files: dict[str, str], maximum: int) -> None:
    host = FakeHost(load_host(name, files))
    host.apply((module("nf_conntrack"),), ())
    assert number(host.snapshot, MAX) == maximum


def test_the_first_option_counts_on_el5() -> None:
    text = "options ip_conntrack hashsize=1000\noptions ip_conntrack hashsize=2000\n"
    host = FakeHost(load_host("el5-early", {"/etc/modprobe.conf": text}))
    host.apply((module("ip_conntrack"),), ())
    assert number(host.snapshot, NET + "ipv4/ip_conntrack_max") == 8000
    assert number(host.snapshot, NET + "ipv4/netfilter/ip_conntrack_max") == 8000


@pytest.mark.parametrize(("name", "load"), [("minimal", "nf_conntrack"), ("debian13", "nf_conntrack_ipv4")])
def test_a_module_that_is_not_installed_is_not_loaded(name: str, load: str) -> None:
    assert "not found" in FakeHost(load_host(name)).apply((module(load),), ()).error


@pytest.mark.parametrize("name", ["builtin", "debian12"])
def test_loading_again_changes_nothing(name: str) -> None:
    host = FakeHost(load_host(name))
    before = host.snapshot
    assert host.apply((module("nf_conntrack"),), ()).error == ""
    assert host.snapshot == before
