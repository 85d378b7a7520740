# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From raw texts to facts, on every kind of kernel, and how values are called there."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import UnsupportedHostError
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._names import (
    buckets_by_sysctl,
    file_names,
    has_old_names,
    short_name,
    sysctl_names,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import Block, Observed, observe
from ansible_collections.stateward.conntrack.tests.support.hosts import host_names, load_host, with_files

NETFILTER, OLD = "/proc/sys/net/netfilter/nf_conntrack_", "/proc/sys/net/ipv4/netfilter/ip_conntrack_"
HASHSIZE = "/sys/module/nf_conntrack/parameters/hashsize"


def observed(host: str, files: dict[str, Any] | None = None, **facts: str) -> Observed:
    snapshot = with_files(load_host(host), files or {})
    return observe(Snapshot(snapshot.entries, {**snapshot.facts, **facts}))


@pytest.mark.parametrize("host", host_names())
def test_every_host_is_understood(host: str) -> None:
    found = observed(host)
    assert found.memory_bytes > 0
    assert found.cpus >= 1
    assert found.active == bool(found.values)
    assert set(found.paths) == set(found.values)


def test_keys_of_defragmentation_alone_are_not_conntrack() -> None:
    """nf_defrag_ipv6 stays when conntrack is unloaded, or could not be loaded."""
    found = observed("el9", {NETFILTER + "frag6_timeout": "60\n", NETFILTER + "frag6_low_thresh": "3145728\n"})
    assert (found.module, found.netns, found.active, dict(found.values)) == ("absent", "init", False, {})


HOSTS = [
    # host, dialect, module, installed, netns, container
    ("el5", "ip_conntrack", "loaded", True, "init", False),
    ("el5-early", "ip_conntrack", "absent", True, "init", False),
    ("el6", "nf_conntrack", "loaded", True, "init", False),
    ("el9", "nf_conntrack", "absent", True, "init", False),
    ("debian12", "nf_conntrack", "loaded", True, "init", False),
    ("builtin", "nf_conntrack", "builtin", False, "init", False),
    ("container", "nf_conntrack", "loaded", False, "other", True),
    ("container-ro", "nf_conntrack", "loaded", False, "other", True),
    ("minimal", "nf_conntrack", "absent", False, "init", False),
    ("openwrt", "nf_conntrack", "loaded", True, "init", False),
]


@pytest.mark.parametrize(("host", "dialect", "module", "installed", "netns", "container"), HOSTS)
def test_hosts(host: str, dialect: str, module: str, installed: bool, netns: str, container: bool) -> None:
    found = observed(host)
    expected = (dialect, module, installed, netns, container)
    assert (found.dialect, found.module, found.installed, found.netns, found.container) == expected


DIALECTS = [
    ("2.6.18-194.el5", "ip_conntrack"),
    ("2.6.19", "ip_conntrack"),
    ("2.6.20", "nf_conntrack"),
    ("6.18-rc1", "nf_conntrack"),
]


@pytest.mark.parametrize(("release", "dialect"), DIALECTS)
def test_dialect_while_nothing_is_loaded(release: str, dialect: str) -> None:
    assert observed("minimal", release=release).dialect == dialect


def test_dialect_by_its_keys() -> None:
    assert observed("el5", release="2.6.22").dialect == "ip_conntrack"


def test_a_release_that_is_none() -> None:
    with pytest.raises(UnsupportedHostError, match="does not start with a version"):
        observed("minimal", release="generic")


MACHINES = [("x86_64", 64), ("aarch64", 64), ("s390x", 64), ("ppc64le", 64), ("i686", 32), ("mips", 32), ("armv7l", 32)]


@pytest.mark.parametrize(("machine", "bits"), [*MACHINES, ("", 32)])
def test_pointer_bits(machine: str, bits: int) -> None:
    assert observed("debian12", machine=machine).pointer_bits == bits


@pytest.mark.parametrize(
    ("text", "size"), [("65536", 65536), ("", 4096), ("0", 4096), ("x", 4096), ("\u00b2", 4096), ("7", 4096)]
)
def test_page_size(text: str, size: int) -> None:
    assert observed("debian12", page_size=text).page_size == size


def test_root() -> None:
    assert observed("debian12", euid="0").is_root
    assert not observed("debian12", euid="1000").is_root


# -------------------------------------------------------------------------------------------------- buckets

BUCKETS: list[tuple[str, dict[str, Any], int, str]] = [
    # 4.8 and newer: /sys tells the truth, the sysctl is written
    ("debian12", {HASHSIZE: {"text": "4096\n", "mode": "0600"}}, 4096, NETFILTER + "buckets"),
    ("debian12", {HASHSIZE: None}, 65536, NETFILTER + "buckets"),
    # before: the sysctl is read, /sys is written
    ("el7", {HASHSIZE: {"text": "5000\n", "mode": "0600"}}, 65536, HASHSIZE),
    ("el6", {}, 16384, HASHSIZE),
    ("el5", {}, 8192, "/sys/module/ip_conntrack/parameters/hashsize"),
]


@pytest.mark.parametrize(("host", "files", "value", "path"), BUCKETS)
def test_buckets(host: str, files: dict[str, Any], value: int, path: str) -> None:
    found = observed(host, files)
    assert (found.values["hashsize"], found.paths["hashsize"]) == (value, path)


# -------------------------------------------------------------------------------------------------- out of reach


@pytest.mark.parametrize("key", ["max", "hashsize", "setting:expect_max"])
def test_sizes_belong_to_the_host_of_a_namespace(key: str) -> None:
    block = observed("container").blocked[key]
    assert block.elsewhere
    assert "not the initial network namespace" in block.reason


def test_timeouts_of_a_namespace_can_be_written() -> None:
    assert "timeout:udp" not in observed("container").blocked


def test_read_only_mount() -> None:
    block = observed("container-ro").blocked["timeout:udp"]
    assert block.elsewhere
    assert "mounted read-only" in block.reason


def test_a_key_that_this_kernel_has_read_only() -> None:
    found = observed("debian12", {NETFILTER + "udp_timeout": {"text": "30\n", "mode": "0444"}}).blocked
    assert found == {"timeout:udp": Block("this kernel has it read-only", elsewhere=False)}


def test_nothing_is_blocked_on_a_host() -> None:
    assert observed("debian12").blocked == {}


def test_namespace_whose_keys_are_hidden() -> None:
    """3.16 to 5.4 hide the keys from a namespace that a user namespace owns; /proc/modules is that of the host."""
    snapshot = load_host("debian12")
    hidden = ("/proc/sys/net", "/sys/module")
    entries = {path: entry for path, entry in snapshot.entries.items() if not path.startswith(hidden)}
    found = observe(Snapshot(entries, snapshot.facts))
    assert (found.netns, found.container, found.active) == ("other", True, False)
    assert found.blocked["max"].elsewhere


MARKS = [(("/proc/vz",), True), (("/proc/vz", "/proc/bc"), False), (("/.dockerenv",), False)]


@pytest.mark.parametrize(("paths", "container"), MARKS)
def test_marks_of_containers(paths: tuple[str, ...], container: bool) -> None:
    assert observed("debian12", {path: {"directory": True} for path in paths}).container == container


# -------------------------------------------------------------------------------------------------- names

NF_MAX, IP_MAX = "net.netfilter.nf_conntrack_max", "net.ipv4.netfilter.ip_conntrack_max"
NAMES = [
    # host, bucket sysctl, the old names work, the name for our files
    ("debian12", True, False, NF_MAX),
    ("el9", True, False, NF_MAX),
    ("el8-firewalld", True, False, NF_MAX),
    ("el7", False, False, NF_MAX),
    ("el6", False, False, NF_MAX),
    ("ubuntu1404", False, True, NF_MAX),
    ("sles11", False, True, NF_MAX),  # not loaded: assumed
    ("el5", False, False, IP_MAX),
    ("el5-early", False, False, IP_MAX),
]


@pytest.mark.parametrize(("host", "buckets", "old", "name"), NAMES)
def test_names(host: str, buckets: bool, old: bool, name: str) -> None:
    found = observed(host)
    assert (buckets_by_sysctl(found), has_old_names(found)) == (buckets, old)
    assert file_names(found)["max"] == name
    assert (IP_MAX in sysctl_names(found)) == (old or name == IP_MAX)
    assert ("net.netfilter.nf_conntrack_buckets" in sysctl_names(found)) == buckets


def test_names_of_keys_that_this_kernel_lacks() -> None:
    found = observed("debian12", {NETFILTER + "udp_timeout": None})
    assert "net.netfilter.nf_conntrack_udp_timeout" not in sysctl_names(found)
    assert "net.netfilter.nf_conntrack_icmp_timeout" in sysctl_names(found)


def test_the_only_name_of_el3() -> None:
    snapshot = load_host("el5")
    entries = {path: entry for path, entry in snapshot.entries.items() if not path.startswith(OLD)}
    found = observe(Snapshot(entries, {**snapshot.facts, "release": "2.4.21-63.EL"}))
    assert file_names(found)["max"] == "net.ipv4.ip_conntrack_max"


SHORT = [("max", "max"), ("timeout:udp", "udp"), ("setting:tcp_loose", "tcp_loose"), ("hashsize", "hashsize")]


@pytest.mark.parametrize(("key", "name"), SHORT)
def test_short_name(key: str, name: str) -> None:
    assert short_name(key) == name
