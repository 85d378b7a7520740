# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The boot of every kind of host: which values are there afterwards, and who put them there."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.simulate import DEFAULT
from ansible_collections.stateward.conntrack.tests.support.boots import (
    BUCKETS,
    CMDLINE,
    CONF,
    CT,
    DROP_IN,
    ETC,
    FAMILIES,
    MAX,
    OLD_MAX,
    SET,
    boot,
    simulator,
)

LOADS = "#!/bin/sh\nmodprobe ip_conntrack\nmodprobe nf_conntrack\nmodprobe nf_conntrack_ipv4\n"
SCRIPT = {"/etc/sysconfig/modules/x.modules": {"text": LOADS, "mode": "0755"}}


# -------------------------------------------------------------------------------------------------- boot

PRELOADED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    *[(host, CT, SET) for host in ("arch", "debian12", "debian13", "el9", "el10", "sles15", "coreos", "ubuntu2204")],
    *[(host, CT, SET) for host in ("ubuntu2404", "ubuntu2604", "void", "gentoo", "alpine")],
    *[(host, FAMILIES, SET) for host in ("el7", "el8-firewalld", "amazon2", "debian8", "ubuntu1604", "ubuntu1404")],
    *[(host, {"/etc/modules": "nf_conntrack\n"}, SET) for host in ("alpine-old", "debian12-sysvinit")],
    ("openwrt", {}, SET),
    ("el6", SCRIPT, SET),
]


@pytest.mark.parametrize(("host", "load", "values"), PRELOADED)
def test_preloaded_module_keeps_the_sysctl_file(host: str, load: dict[str, Any], values: dict[str, Any]) -> None:
    kernel = boot(host, load, values)
    assert (kernel.values["max"], kernel.values["timeout:tcp_established"]) == (5, 600)
    assert kernel.sources["max"] == f"{DROP_IN}:1"


def test_debian_with_openrc_loads_modules_after_the_sysctl_step() -> None:
    kernel = boot("debian12-openrc", CT, SET)
    assert kernel.values["max"] != 5
    assert any("are lost" in note for note in kernel.notes)


LATE = ["arch", "debian12", "debian13", "el9", "sles15", "void", "gentoo", "alpine", "debian7", "el7"]


@pytest.mark.parametrize("host", LATE)
def test_sysctl_before_the_module_is_lost(host: str) -> None:
    kernel = boot(host, SET)
    assert kernel.values["max"] != 5
    assert kernel.sources["max"] == DEFAULT
    assert kernel.loaded_by == "the first firewall rule that needs it"
    assert any("are lost" in note for note in kernel.notes)


@pytest.mark.parametrize(
    ("host", "files"),
    [
        ("ubuntu1404", SET),  # procps runs again when the network is up
        ("el6", SET),  # so does the network service
        ("el5", {CONF: f"{OLD_MAX} = 5\n"}),
        ("openwrt", SET),
    ],
)
def test_a_second_sysctl_step_makes_up_for_it(host: str, files: dict[str, Any]) -> None:
    assert boot(host, files).values["max"] == 5


def test_without_the_network_service_it_does_not() -> None:
    assert boot("el6", SET, {"/etc/rc.d/rc3.d/S10network": None}).values["max"] != 5


def test_el5_firewall_start_unloads_and_the_network_service_applies_again() -> None:
    files = {CONF: f"{OLD_MAX} = 5\n", "/etc/modprobe.conf": "options ip_conntrack hashsize=16384\n"}
    kernel = boot("el5", SCRIPT, files)
    assert (kernel.values["max"], kernel.values["hashsize"]) == (5, 16384)
    assert any("IPTABLES_MODULES_UNLOAD='yes'" in note for note in kernel.notes)
    alone = boot("el5", SCRIPT, files, {"/etc/rc.d/rc3.d/S10network": None})
    assert alone.values["max"] == 131072  # 8 x 16384
    disabled = {f"/etc/rc.d/rc3.d/S{name}": None for name in ("10network", "08iptables", "08ip6tables")}
    assert boot("el5", SCRIPT, files, disabled).values["max"] == 5


@pytest.mark.parametrize(("host", "conf_wins"), [("el6", False), ("el7", True), ("debian12", False), ("void", True)])
def test_el6_boot_differs_from_el7(host: str, conf_wins: bool) -> None:
    load = SCRIPT if host == "el6" else CT
    kernel = boot(host, load, {"/etc/sysctl.d/zz.conf": f"{MAX} = 1\n", CONF: f"{MAX} = 2\n"})
    assert kernel.values["max"] == (2 if conf_wins else 1)


SERVICES = [
    ("gentoo", "/etc/runlevels/boot/sysctl", "applies sysctl files is not enabled"),
    ("alpine", "/etc/runlevels/boot/modules", "loads the listed modules is not enabled"),
]


@pytest.mark.parametrize(("host", "service", "words"), SERVICES)
def test_a_service_that_is_not_enabled_is_said(host: str, service: str, words: str) -> None:
    kernel = boot(host, CT, SET, {service: None})
    assert kernel.values["max"] != 5
    assert any(words in note for note in kernel.notes)


def test_the_worse_order_is_said() -> None:
    assert any("no declared order" in note for note in boot("sles11").notes)


def test_blacklist() -> None:
    files = {f"{ETC}/b.conf": "blacklist nf_conntrack\n"}
    assert boot("debian12", CT, SET, files).values["max"] != 5
    assert boot("debian12-sysvinit", {"/etc/modules": "nf_conntrack\n"}, SET, files).values["max"] == 5


# -------------------------------------------------------------------------------------------------- sizes

SIZES = [
    # host, options, max, buckets
    ("debian12", "options nf_conntrack hashsize=65536\n", 524288, 65536),
    ("debian12", "options nf_conntrack hashsize=5000\n", 40960, 5120),
    ("debian12", "options nf_conntrack hashsize=0\n", 65536, 65536),
    ("el7", "options nf_conntrack hashsize=5000\n", 40000, 5120),
    ("el6", "options nf_conntrack hashsize=5000\n", 40000, 5120),
    ("debian12", "", 65536, 65536),
]


@pytest.mark.parametrize(("host", "text", "size", "buckets"), SIZES)
def test_hashsize_alone_makes_max_eightfold(host: str, text: str, size: int, buckets: int) -> None:
    kernel = boot(host, CT, {f"{ETC}/a.conf": text})
    assert (kernel.values["max"], kernel.values["hashsize"]) == (size, buckets)
    assert ("8 x that" in kernel.sources["max"]) == (size != 65536)


def test_a_sysctl_file_repairs_it() -> None:
    kernel = boot("debian12", CT, SET, {f"{ETC}/a.conf": "options nf_conntrack hashsize=65536\n"})
    assert (kernel.values["max"], kernel.values["hashsize"]) == (5, 65536)


def test_arguments_in_a_list_of_modules() -> None:
    files = {"/etc/modules": "nf_conntrack hashsize=1024\n", f"{ETC}/a.conf": "options nf_conntrack hashsize=2048\n"}
    kernel = boot("alpine", files)
    assert (kernel.values["hashsize"], kernel.sources["hashsize"]) == (1024, "/etc/modules:1")
    assert simulator("alpine", files).late_load().values["hashsize"] == 2048


def test_buckets_by_sysctl_since_4_8() -> None:
    text = {DROP_IN: f"{BUCKETS} = 1000\n"}
    assert boot("debian12", CT, text).values["hashsize"] == 1024
    assert boot("ubuntu1604", CT, text).sources["hashsize"] == DEFAULT


def test_refused_value_is_said() -> None:
    kernel = boot("debian12", CT, {DROP_IN: f"{BUCKETS} = 0\n{MAX} = many\n"})
    assert (kernel.sources["hashsize"], kernel.sources["max"]) == (DEFAULT, DEFAULT)
    assert sum("the kernel refuses" in note for note in kernel.notes) == 2


# ------------------------------------------------------------------------------------------ built in, containers


def test_builtin() -> None:
    kernel = boot("builtin", SET, {f"{ETC}/a.conf": "options nf_conntrack hashsize=1024\n"})
    assert (kernel.values["max"], kernel.sources["hashsize"], kernel.loaded_by) == (5, DEFAULT, "")


def test_builtin_with_arguments() -> None:
    kernel = boot("builtin", {CMDLINE: f"nf_conntrack.hashsize=1024 sysctl.{MAX}=7777\n"})
    assert (kernel.values["hashsize"], kernel.values["max"]) == (1024, 7777)
    assert kernel.sources["max"] == "kernel command line"
    assert boot("builtin", SET, {CMDLINE: f"sysctl.{MAX}=7777\n"}).values["max"] == 5


def test_sysctl_arguments_come_before_the_module() -> None:
    assert boot("debian12", CT, {CMDLINE: f"sysctl.{MAX}=7777\n"}).sources["max"] == DEFAULT


def test_module_with_an_argument() -> None:
    kernel = boot("debian12", {CMDLINE: "nf_conntrack.hashsize=1024\n"})
    assert (kernel.values["hashsize"], kernel.values["max"]) == (1024, 8192)


@pytest.mark.parametrize("event", ["boot", "late_load"])
def test_a_child_namespace_keeps_the_sizes_of_the_host(event: str) -> None:
    """Vector: the write of max is refused there, whatever systemd and procps say."""
    kernel = getattr(simulator("container", SET), event)()
    assert (kernel.values["max"], kernel.sources["max"]) == (262144, "the host of this container")
    assert kernel.values["timeout:tcp_established"] == 600


def test_read_only_container() -> None:
    kernel = boot("container-ro", SET, {"/proc/4711/comm": "kube-proxy\n"})
    assert (kernel.values["max"], kernel.sources["timeout:tcp_established"]) == (262144, DEFAULT)


# -------------------------------------------------------------------------------------------------- families


@pytest.mark.parametrize("host", ["el7", "ubuntu1604", "debian8"])
def test_families_bring_the_keys_of_the_protocols(host: str) -> None:
    lone = boot(host, CT, SET)
    assert (lone.values["max"], lone.sources["timeout:tcp_established"]) == (5, DEFAULT)
    assert any("before nf_conntrack_ipv4 is loaded" in note for note in lone.notes)
    whole = boot(host, FAMILIES, SET)
    assert (whole.values["max"], whole.values["timeout:tcp_established"]) == (5, 600)


def test_a_hook_of_the_core_module_comes_before_its_families() -> None:
    hook = f"install nf_conntrack /sbin/modprobe --ignore-install nf_conntrack; sysctl -p {DROP_IN}\n"
    families = hook.replace("nf_conntrack", "nf_conntrack_ipv4")
    lone = simulator("el7", SET, {f"{ETC}/a.conf": hook}).late_load()
    assert (lone.values["max"], lone.sources["timeout:tcp_established"]) == (5, DEFAULT)
    both = simulator("el7", SET, {f"{ETC}/a.conf": hook + families}).late_load()
    assert both.values["timeout:tcp_established"] == 600


def test_a_family_without_its_core_is_not_loaded() -> None:
    kernel = boot("el7", {f"{ETC}/a.conf": "install nf_conntrack /bin/true\n"})
    assert not kernel.loaded
    assert kernel.values == {}


def test_old_names_of_the_keys() -> None:
    text = {DROP_IN: f"{OLD_MAX} = 9\n"}
    assert boot("ubuntu1404", CT, text).values["max"] == 9
    assert boot("el7", CT, text).values["max"] != 9
    assert boot("debian12", CT, text).values["max"] != 9
