# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is seen in the files of a host."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._features import (
    assumed_init,
    distribution_id,
    distribution_name,
    find_features,
    init_name,
    is_red_hat,
    is_running,
    systemd_version,
    unit_enabled,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Snapshot
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host

FEATURES = [
    # host, what it has, what it has not
    ("el5", {"el_sysv", "old_dialect", "firewall_rereads_conf", "initscripts_sysctl_d", "red_hat"}, {"systemd"}),
    ("el5-early", {"el_sysv", "old_dialect"}, {"initscripts_sysctl_d", "systemd_before_230"}),
    ("el6", {"el_sysv", "initscripts_sysctl_d"}, {"old_dialect", "firewall_rereads_conf"}),
    ("el6-early", {"el_sysv"}, {"initscripts_sysctl_d"}),
    ("el7", {"systemd", "red_hat", "systemd_before_230", "systemd_before_239"}, {"el_sysv"}),
    ("el8-firewalld", {"systemd", "red_hat", "systemd_before_245"}, {"systemd_before_239"}),
    ("debian12", {"systemd", "debian", "modules_load_d"}, {"systemd_before_245", "red_hat", "debian_sysv"}),
    ("debian12-sysvinit", {"debian_sysv", "kmod_before_procps", "procps_system"}, {"systemd"}),
    ("debian7", {"debian_sysv", "kmod_before_procps"}, {"modules_load_d", "procps_system"}),
    ("ubuntu1404", {"upstart_procps", "debian"}, {"systemd"}),
    ("nixos", {"systemd", "nixos"}, {"systemd_before_230", "systemd_before_245"}),
    ("alpine", {"alpine", "busybox_modprobe", "openrc"}, {"alpine_old"}),
    ("alpine-old", {"alpine", "alpine_old"}, {"systemd"}),
    ("gentoo", {"openrc", "openrc_hwclock", "modules_load_d"}, {"alpine"}),
    ("openwrt", {"openwrt"}, {"busybox_modprobe"}),
    ("sles11", {"suse_sysv", "modprobe_conf_local"}, {"el_sysv"}),
    ("void", {"void"}, {"openrc"}),
    ("bottlerocket", {"bottlerocket"}, {"nixos", "talos", "cos"}),
]


@pytest.mark.parametrize(("host", "has", "has_not"), FEATURES)
def test_features(host: str, has: set[str], has_not: set[str]) -> None:
    found = find_features(load_host(host))
    assert has <= found
    assert not has_not & found


def snapshot_of(**texts: str) -> Snapshot:
    return Snapshot({path: Entry(path, "file", text=text) for path, text in texts.items()})


NAMES: list[tuple[dict[str, str], str, str]] = [
    ({"/etc/os-release": 'ID="rocky"\nPRETTY_NAME="Rocky Linux 9.4"\n'}, "rocky", "Rocky Linux 9.4"),
    ({"/etc/redhat-release": "CentOS release 5.7 (Final)\n"}, "rhel", "CentOS release 5.7 (Final)"),
    (
        {"/etc/SuSE-release": "SUSE Linux Enterprise Server 11\nVERSION = 11\n"},
        "sles",
        "SUSE Linux Enterprise Server 11",
    ),
    ({"/etc/debian_version": "6.0.10\n"}, "debian", "debian 6.0.10"),
    ({"/etc/alpine-release": "3.9.6\n"}, "alpine", "alpine 3.9.6"),
    ({"/etc/redhat-release": "\n"}, "rhel", "rhel"),
    ({}, "", "unknown"),
]


@pytest.mark.parametrize(("texts", "name", "pretty"), NAMES)
def test_distribution(texts: dict[str, str], name: str, pretty: str) -> None:
    snapshot = snapshot_of(**texts)
    assert (distribution_id(snapshot), distribution_name(snapshot)) == (name, pretty)


INITS: list[tuple[str, dict[str, Any], str, str]] = [
    ("debian12", {}, "systemd", ""),
    ("el5", {}, "sysv", ""),
    ("el6", {}, "upstart", ""),
    ("alpine", {}, "openrc", ""),
    ("void", {}, "runit", ""),
    ("openwrt", {}, "procd", ""),
    ("minimal", {}, "unknown", ""),
    ("minimal", {"/proc/1/comm": "openrc-init\n"}, "openrc", ""),
    # a root tree that some other program runs in
    ("debian12", {"/proc/1/comm": "uml-init\n", "/run/systemd/system": None}, "systemd", "process 1 is 'uml-init'"),
    ("container-ro", {"/proc/1/comm": "nginx\n"}, "unknown", ""),
]


@pytest.mark.parametrize(("host", "files", "name", "assumed"), INITS)
def test_init(host: str, files: dict[str, Any], name: str, assumed: str) -> None:
    snapshot = load_host(host, files)
    assert init_name(snapshot) == name
    assert assumed_init(snapshot).startswith(assumed)
    assert bool(assumed_init(snapshot)) == bool(assumed)


@pytest.mark.parametrize(
    ("host", "version"),
    [("debian12", 252), ("el8-firewalld", 239), ("el7", None), ("arch", 259), ("debian11", 247), ("alpine", None)],
)
def test_systemd_version(host: str, version: int | None) -> None:
    assert systemd_version(load_host(host)) == version


RCS = "/etc/rcS.d"


@pytest.mark.parametrize(
    ("links", "before"),
    [
        ([], True),
        (["S08kmod", "S11procps"], True),
        (["S06module-init-tools", "S07procps"], True),
        (["S11kmod", "S11procps"], False),  # in parallel
        (["S12kmod", "S11procps"], False),
    ],
)
def test_scripts_of_one_number_have_no_order(links: list[str], before: bool) -> None:
    snapshot = snapshot_of(**{f"{RCS}/{name}": "" for name in links})
    assert ("kmod_before_procps" in find_features(snapshot)) == before


def test_busybox_is_found_behind_a_path_that_was_not_read() -> None:
    snapshot = load_host("alpine")
    moved = Snapshot(snapshot.entries, {**snapshot.facts, "tool:modprobe": "/usr/sbin/modprobe"})
    assert "busybox_modprobe" in find_features(moved)


def test_unit_and_process() -> None:
    snapshot = load_host("el7")
    assert unit_enabled(snapshot, "firewalld.service")
    assert not unit_enabled(snapshot, "nftables.service")
    assert is_running(snapshot, "tuned")
    assert not is_running(snapshot, "kube-proxy")
    assert is_red_hat(snapshot)
