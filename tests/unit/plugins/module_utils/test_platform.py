# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every host of the cases has its row in each table, and its files go where that system reads them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.preload import _SOURCES
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.readers import READERS
from ansible_collections.stateward.conntrack.plugins.module_utils._features import _TESTS
from ansible_collections.stateward.conntrack.plugins.module_utils._platform import Platform, find_platform
from ansible_collections.stateward.conntrack.plugins.module_utils._platform_table import (
    BOOT_ROWS,
    MODPROBE_ROWS,
    UNKNOWN_BOOT,
)
from ansible_collections.stateward.conntrack.tests.support.hosts import host_names, load_host

DROP_IN, CONF = "/etc/sysctl.d/99-stateward-conntrack.conf", "/etc/sysctl.conf"
LIST = "/etc/modules-load.d/stateward-conntrack.conf"
SCRIPT = "/etc/sysconfig/modules/stateward-conntrack.modules"

# host: boot row, modprobe row, where the settings go, where the module is listed
ROWS = {
    "alpine": ("alpine", "busybox", DROP_IN, LIST),
    "alpine-old": ("alpine-old", "busybox", DROP_IN, "/etc/modules"),
    "amazon2": ("systemd-el7", "kmod", DROP_IN, LIST),
    "arch": ("systemd", "kmod", DROP_IN, LIST),
    "bottlerocket": ("systemd", "kmod", DROP_IN, LIST),
    "builtin": ("systemd", "kmod", DROP_IN, LIST),
    "container": ("systemd", "kmod", DROP_IN, LIST),
    "container-ro": ("unknown", "kmod", DROP_IN, LIST),
    "coreos": ("systemd", "kmod", DROP_IN, LIST),
    "debian7": ("debian-sysv-old", "kmod", DROP_IN, "/etc/modules"),
    "debian8": ("systemd-229", "kmod", DROP_IN, LIST),
    "debian11": ("systemd", "kmod", DROP_IN, LIST),
    "debian12": ("systemd", "kmod", DROP_IN, LIST),
    "debian12-openrc": ("debian-openrc", "kmod", DROP_IN, LIST),
    "debian12-sysvinit": ("debian-sysv", "kmod", DROP_IN, LIST),
    "debian13": ("systemd", "kmod", DROP_IN, LIST),
    "el5": ("el-sysv-rereads-conf", "module-init-tools-3.3", CONF, SCRIPT),
    "el5-early": ("el-sysv-conf", "module-init-tools-3.3", CONF, SCRIPT),
    "el6": ("el-sysv", "module-init-tools", DROP_IN, SCRIPT),
    "el6-early": ("el-sysv-conf", "module-init-tools", CONF, SCRIPT),
    "el7": ("systemd-el7", "kmod", DROP_IN, LIST),
    "el7-iptables-services": ("systemd-el7", "kmod", DROP_IN, LIST),
    "el8-firewalld": ("systemd-239", "kmod", DROP_IN, LIST),
    "el9": ("systemd", "kmod", DROP_IN, LIST),
    "el10": ("systemd", "kmod", DROP_IN, LIST),
    "gentoo": ("openrc", "kmod", DROP_IN, LIST),
    "minimal": ("unknown", "kmod", DROP_IN, LIST),
    "nixos": ("systemd", "kmod", DROP_IN, LIST),
    "openwrt": ("openwrt", "kmodloader", DROP_IN, "/etc/modules.d/05-stateward-conntrack"),
    "sles11": ("suse-sysv", "module-init-tools", CONF, "/etc/sysconfig/kernel"),
    "sles15": ("systemd", "kmod", DROP_IN, LIST),
    "ubuntu1404": ("upstart", "kmod", DROP_IN, LIST),
    "ubuntu1604": ("systemd-229", "kmod", DROP_IN, LIST),
    "ubuntu2204": ("systemd", "kmod", DROP_IN, LIST),
    "ubuntu2404": ("systemd", "kmod", DROP_IN, LIST),
    "ubuntu2604": ("systemd", "kmod", DROP_IN, LIST),
    "void": ("void", "kmod", DROP_IN, LIST),
}


def platform(host: str, files: dict[str, Any] | None = None) -> Platform:
    return find_platform(load_host(host, files))


def test_every_host_is_in_the_table() -> None:
    assert sorted(ROWS) == host_names()


@pytest.mark.parametrize("host", sorted(ROWS))
def test_rows(host: str) -> None:
    found = platform(host)
    assert ROWS[host] == (found.boot.name, found.modprobe.name, found.boot.sysctl_path, found.boot.loading.path)


def test_tables_speak_of_things_that_exist() -> None:
    used = {feature for row in (*BOOT_ROWS, *MODPROBE_ROWS) for feature in row.features}
    assert used <= set(_TESTS)
    assert {row.reader for row in (*BOOT_ROWS, UNKNOWN_BOOT)} <= set(READERS)
    assert {source for row in BOOT_ROWS for source in row.loading.sources} <= set(_SOURCES)
    assert len({row.name for row in BOOT_ROWS}) == len(BOOT_ROWS)


BOOT_D, RC_S = "/etc/init.d/boot.d", "/etc/rcS.d"
VARIANTS: list[tuple[str, dict[str, Any], str, tuple[str, ...], tuple[str, ...]]] = [
    # host, files, boot row, steps before the firewall, missing steps
    ("gentoo", {}, "openrc", ("modules", "sysctl"), ()),
    ("gentoo", {"/etc/modules-load.d": None}, "openrc-conf", ("modules", "sysctl"), ()),
    ("gentoo", {"/etc/runlevels/boot/hwclock": None}, "openrc-unordered", ("sysctl", "modules"), ()),
    ("gentoo", {"/etc/runlevels/boot/sysctl": None}, "openrc", ("modules",), ("sysctl",)),
    ("alpine", {"/etc/runlevels/boot/modules": None}, "alpine", ("sysctl",), ("modules",)),
    ("alpine", {"/etc/modules-load.d": None}, "alpine-etc-modules", ("modules", "sysctl"), ()),
    ("sles11", {f"{BOOT_D}/S07boot.sysctl": None}, "suse-sysv", ("modules",), ("sysctl",)),
    ("debian12-sysvinit", {f"{RC_S}/S11procps": None}, "debian-sysv", ("modules",), ("sysctl",)),
    (
        "debian12-sysvinit",
        {"/etc/modules-load.d/modules.conf": None, "/etc/modules-load.d": None},
        "debian-sysv-etc-modules",
        ("modules", "sysctl"),
        (),
    ),
    (
        "debian12-sysvinit",
        {f"{RC_S}/S08kmod": None, f"{RC_S}/S12kmod": ""},
        "debian-sysv-reversed",
        ("sysctl", "modules"),
        (),
    ),
    (
        "ubuntu1404",
        {"/etc/modules-load.d/modules.conf": None, "/etc/modules-load.d": None},
        "upstart-etc-modules",
        ("sysctl", "modules"),
        (),
    ),
    # as on Ubuntu 18.04
    ("ubuntu1604", {"/lib/systemd/libsystemd-shared-237.so": ""}, "systemd-229", ("modules", "sysctl"), ()),
    ("el6", {"/etc/rc.d/rc3.d/S10network": None}, "el-sysv", ("modules", "sysctl"), ("network",)),
]


@pytest.mark.parametrize(("host", "files", "row", "steps", "missing"), VARIANTS)
def test_steps(host: str, files: dict[str, Any], row: str, steps: tuple[str, ...], missing: tuple[str, ...]) -> None:
    found = platform(host, files)
    assert found.boot.name == row
    assert found.steps[: found.steps.index("firewall")] == steps
    assert found.missing_steps == missing


def test_the_network_service_comes_after_the_firewall() -> None:
    assert platform("el5").steps[-3:] == ("firewall", "network", "agents")


MODPROBES: list[tuple[str, dict[str, Any], str]] = [
    # EL5 without /etc/modprobe.conf has the same modprobe
    ("el5", {"/etc/modprobe.conf": None}, "module-init-tools-3.3"),
    ("el6", {"/etc/modprobe.conf": "alias eth0 e1000\n"}, "module-init-tools"),
    ("alpine", {"/sbin/modprobe": {"link": "/bin/kmod"}, "/bin/kmod": ""}, "kmod"),
]


@pytest.mark.parametrize(("host", "files", "row"), MODPROBES)
def test_modprobe_rows(host: str, files: dict[str, Any], row: str) -> None:
    assert platform(host, files).modprobe.name == row


@pytest.mark.parametrize(
    ("host", "files", "words"),
    [
        ("nixos", {}, "boot.kernel.sysctl"),
        ("bottlerocket", {}, "settings.kernel.sysctl"),
        ("debian12", {"/usr/lib/os-release": "ID=talos\n"}, "machine.sysctls"),
        ("debian12", {"/usr/lib/os-release": "ID=cos\n"}, "cloud-init"),
        ("coreos", {}, ""),
        ("debian12", {}, ""),
    ],
)
def test_refusal(host: str, files: dict[str, Any], words: str) -> None:
    refusal = platform(host, files).refusal
    assert words in refusal
    assert bool(refusal) == bool(words)


def test_read_only_etc_is_refused() -> None:
    snapshot = load_host("debian12")
    entries = {**snapshot.entries, "/etc": snapshot.entries["/etc"].__class__("/etc", "directory", writable=False)}
    assert "read-only" in find_platform(snapshot.__class__(entries, snapshot.facts)).refusal


def test_state_directory() -> None:
    assert platform("openwrt").state_dir == "/etc/stateward-conntrack"
    assert platform("debian12").state_dir == "/var/lib/stateward-conntrack"
