# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts as data: each loads, is complete, and can be laid out on disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Operation
from ansible_collections.stateward.conntrack.tests.support.hosts import host_names, load_host, with_files, write_tree
from ansible_collections.stateward.conntrack.tests.support.tree import real_nodes

WANTED = [
    "el5-early",
    "el5",
    "el6-early",
    "el6",
    "el7",
    "el7-iptables-services",
    "el8-firewalld",
    "el9",
    "el10",
    "amazon2",
    "debian7",
    "debian8",
    "debian11",
    "debian12",
    "debian13",
    "debian12-sysvinit",
    "debian12-openrc",
    "ubuntu1404",
    "ubuntu1604",
    "ubuntu2204",
    "ubuntu2404",
    "ubuntu2604",
    "sles11",
    "sles15",
    "arch",
    "gentoo",
    "alpine",
    "alpine-old",
    "openwrt",
    "void",
    "builtin",
    "container",
    "container-ro",
    "nixos",
    "bottlerocket",
    "coreos",
    "minimal",
]

MAX, BUCKETS = "/proc/sys/net/netfilter/nf_conntrack_max", "/proc/sys/net/netfilter/nf_conntrack_buckets"
HASHSIZE = "/sys/module/nf_conntrack/parameters/hashsize"


def test_every_host_that_is_wanted_is_there() -> None:
    assert set(WANTED) <= set(host_names())


@pytest.mark.parametrize("name", host_names())
def test_facts_are_complete(name: str) -> None:
    facts = load_host(name).facts
    assert {"release", "machine", "page_size", "euid", "time"} <= set(facts)
    assert facts["page_size"].isdigit()


@pytest.mark.parametrize("name", host_names())
def test_machine_files_are_there(name: str) -> None:
    snapshot = load_host(name)
    assert "MemTotal:" in (snapshot.text("/proc/meminfo") or "")
    assert "cpu0 " in (snapshot.text("/proc/stat") or "")
    assert snapshot.exists("/proc/cmdline")


@pytest.mark.parametrize("name", host_names())
def test_every_tool_exists(name: str) -> None:
    snapshot = load_host(name)
    for fact, path in snapshot.facts.items():
        if fact.startswith("tool:"):
            assert snapshot.exists(path), fact


@pytest.mark.parametrize("name", host_names())
def test_every_directory_is_an_entry(name: str) -> None:
    snapshot = load_host(name)
    for path in snapshot.entries:
        parent = snapshot.get(os.path.dirname(path))
        assert os.path.dirname(path) == "/" or (parent is not None and parent.kind in ("directory", "link")), path


@pytest.mark.parametrize("name", host_names())
def test_links_say_what_they_point_to(name: str) -> None:
    snapshot = load_host(name)
    for entry in snapshot.entries.values():
        if entry.kind == "link":
            there = snapshot.get(entry.real)
            assert entry.error == ("" if there else "ENOENT")
            assert entry.text == (there.text if there else None)


def _on_disk(root: Path, path: str) -> Entry:
    place = root / path[1:]
    mode = place.lstat().st_mode & 0o7777
    if place.is_symlink():
        return Entry(path, "link", mode=0o777, target=os.readlink(place))
    if place.is_dir():
        return Entry(path, "directory", mode=mode)
    return Entry(path, "file", mode=mode, text=place.read_bytes().decode("utf-8", "surrogateescape"))


@pytest.mark.parametrize("name", host_names())
def test_tree_on_disk_is_the_snapshot(name: str, tmp_path: Path) -> None:
    snapshot = load_host(name)
    write_tree(snapshot, tmp_path)
    expected = real_nodes(snapshot.entries)
    for path, entry in expected.items():
        found = _on_disk(tmp_path, path)
        assert (found.kind, found.target, found.mode) == (entry.kind, entry.target, entry.mode), path
        assert entry.kind != "file" or found.text == (entry.text or ""), path
    written = {"/" + str(place.relative_to(tmp_path)) for place in tmp_path.rglob("*")}
    assert written == set(expected)


@pytest.mark.parametrize("name", ["debian12", "nixos", "sles15"])
def test_relative_links_stay_in_the_tree(name: str, tmp_path: Path) -> None:
    snapshot = load_host(name)
    write_tree(snapshot, tmp_path, relative_links=True)
    for entry in snapshot.entries.values():
        if entry.kind == "link" and not entry.error:
            place = tmp_path / entry.path[1:]
            assert place.resolve() == tmp_path.resolve() / entry.real[1:]


def test_second_name_of_a_directory_shows_the_same_files() -> None:
    snapshot = load_host("coreos")
    for path in ("/sbin/modprobe", "/usr/sbin/modprobe", "/bin/modprobe", "/usr/bin/modprobe"):
        entry = snapshot.get(path)
        assert entry is not None
        assert entry.real == "/usr/bin/kmod"
    assert snapshot.text("/lib/os-release") == snapshot.text("/etc/os-release")


def test_files_put_on_top_show_through_links() -> None:
    snapshot = load_host("el8-firewalld", {"/etc/sysctl.conf": "a = 1\n", "/lib/sysctl.d/20-x.conf": "b = 2\n"})
    assert snapshot.text("/etc/sysctl.d/99-sysctl.conf") == "a = 1\n"
    assert snapshot.text("/usr/lib/sysctl.d/20-x.conf") == "b = 2\n"


def test_with_files_adds_directories_and_removes() -> None:
    files = {"/etc/tuned/mine/tuned.conf": "[main]\n", "/etc/sysctl.conf": None, "/etc/x": {"link": "debian_version"}}
    snapshot = with_files(load_host("debian12"), files)
    assert snapshot.exists("/etc/tuned/mine")
    assert not snapshot.exists("/etc/sysctl.conf")
    assert snapshot.entries["/etc/sysctl.d/99-sysctl.conf"].error == "ENOENT"
    assert snapshot.text("/etc/x") == "12.5\n"


def test_with_files_keeps_read_only_directories() -> None:
    snapshot = with_files(load_host("coreos"), {"/usr/lib/sysctl.d/10-x.conf": "", "/etc/sysctl.d/10-x.conf": ""})
    assert not snapshot.entries["/usr/lib/sysctl.d/10-x.conf"].writable
    assert snapshot.entries["/etc/sysctl.d/10-x.conf"].writable


def test_overlay_of_the_model_works_on_a_loaded_host() -> None:
    operation = Operation("file", "/etc/sysctl.conf", before=None, after="a = 1\n", reason="test")
    seen = load_host("debian12").overlay((operation,))
    assert seen.text("/etc/sysctl.d/99-sysctl.conf") == "a = 1\n"


@pytest.mark.parametrize(
    ("name", "path", "mode", "writable"),
    [
        ("debian12", MAX, 0o644, True),
        ("debian12", BUCKETS, 0o644, True),
        ("debian12", HASHSIZE, 0o600, True),
        ("debian12", "/proc/sys/net/netfilter/nf_conntrack_count", 0o444, False),
        ("el7", BUCKETS, 0o444, False),
        ("container", MAX, 0o444, False),
        ("container", BUCKETS, 0o444, False),
        ("container", HASHSIZE, 0o600, False),
        ("container", "/proc/sys/net/netfilter/nf_conntrack_udp_timeout", 0o644, True),
        ("container-ro", "/proc/sys/net/netfilter/nf_conntrack_udp_timeout", 0o644, False),
    ],
)
def test_modes_of_keys(name: str, path: str, mode: int, writable: bool) -> None:
    entry = load_host(name).entries[path]
    assert (entry.mode, entry.writable) == (mode, writable)


@pytest.mark.parametrize(
    ("name", "present", "absent"),
    [
        ("el5", "ipv4/netfilter/ip_conntrack_max", "netfilter/nf_conntrack_max"),
        ("el6", "netfilter/nf_conntrack_acct", "netfilter/nf_conntrack_timestamp"),
        ("el6", "netfilter/nf_conntrack_events_retry_timeout", "ipv4/netfilter/ip_conntrack_max"),
        ("el8-firewalld", "netfilter/nf_conntrack_helper", "netfilter/nf_conntrack_gre_timeout"),
        ("debian8", "netfilter/nf_conntrack_icmpv6_timeout", "netfilter/nf_conntrack_sctp_timeout_closed"),
        ("debian12", "nf_conntrack_max", "netfilter/nf_conntrack_helper"),
        ("debian11", "netfilter/nf_conntrack_gre_timeout", "netfilter/nf_conntrack_sctp_timeout_heartbeat_acked"),
        ("builtin", "netfilter/nf_conntrack_max", "netfilter/nf_conntrack_dccp_loose"),
        ("container", "netfilter/nf_conntrack_max", "nf_conntrack_max"),
        ("ubuntu1404", "ipv4/netfilter/ip_conntrack_tcp_timeout_established", "ipv4/netfilter/ip_conntrack_acct"),
        ("openwrt", "netfilter/nf_conntrack_acct", "netfilter/nf_conntrack_dccp_loose"),
    ],
)
def test_keys_of_each_kernel(name: str, present: str, absent: str) -> None:
    snapshot = load_host(name)
    assert snapshot.exists("/proc/sys/net/" + present)
    assert not snapshot.exists("/proc/sys/net/" + absent)


@pytest.mark.parametrize("name", ["el5-early", "el9", "amazon2", "debian13", "arch", "alpine", "minimal"])
def test_no_key_before_the_module_is_loaded(name: str) -> None:
    assert not [path for path in load_host(name).entries if path.startswith("/proc/sys/") and "conntrack" in path]


def test_listings_agree_with_the_count() -> None:
    snapshot = load_host("debian12")
    count = int(snapshot.text("/proc/sys/net/netfilter/nf_conntrack_count") or "")
    assert len((snapshot.text("/proc/net/nf_conntrack") or "").splitlines()) == count
    header, first, _rest = (snapshot.text("/proc/net/stat/nf_conntrack") or "").splitlines()
    assert "chainlength" in header.split()
    assert int(first.split()[0], 16) == count


def test_builtin_has_neither_modules_file_nor_state() -> None:
    snapshot = load_host("builtin")
    assert not snapshot.exists("/proc/modules")
    assert snapshot.exists(HASHSIZE)
    assert not snapshot.exists("/sys/module/nf_conntrack/initstate")
    assert "nf_conntrack.ko" in (snapshot.text("/lib/modules/6.18.44/modules.builtin") or "")
