# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A restart of the firewall service: who unloads the module, and who applies the values again."""

from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.simulate import DEFAULT
from ansible_collections.stateward.conntrack.tests.support.boots import DROP_IN, RUNNING, SET, simulator

UNLOADING = ["el5", "el5-early", "el6", "el6-early", "el7", "el7-iptables-services", "debian11"]


@pytest.mark.parametrize("host", UNLOADING)
def test_restart_that_unloads(host: str) -> None:
    kernel = simulator(host).firewall_restart(RUNNING)
    assert (kernel.sources["max"], kernel.sources["timeout:tcp_established"]) == (DEFAULT, DEFAULT)
    assert any("unloads the conntrack module" in note for note in kernel.notes)


@pytest.mark.parametrize(
    "host", ["debian12", "el9", "el10", "sles15", "ubuntu2204", "alpine-old", "openwrt", "builtin"]
)
def test_restart_that_leaves_it(host: str) -> None:
    kernel = simulator(host).firewall_restart(RUNNING)
    assert {key: kernel.values[key] for key in RUNNING} == RUNNING
    assert kernel.sources["max"] == "the running kernel"


def test_builtin_is_never_unloaded() -> None:
    script = {"/etc/rc.d/init.d/iptables": 'IPTABLES_MODULES_UNLOAD="yes"\n'}
    assert simulator("builtin", script).firewall_restart(RUNNING).values["max"] == 999


def test_firewalld_on_el8_applies_by_its_hook() -> None:
    assert simulator("el8-firewalld", SET).firewall_restart(RUNNING).values["max"] == 5


IPTABLES, IP6TABLES = "/etc/sysconfig/iptables-config", "/etc/sysconfig/ip6tables-config"
LIST = {IPTABLES: 'IPTABLES_SYSCTL_LOAD_LIST=".nf_conntrack"\n'}
KEEP = {IP6TABLES: "IP6TABLES_MODULES_UNLOAD=no\n"}


def test_load_list_applies_again() -> None:
    assert simulator("el6", SET, LIST, KEEP).firewall_restart(RUNNING).values["max"] == 5
    slashes = {DROP_IN: "net/netfilter/nf_conntrack_max = 5\n"}
    assert simulator("el6", slashes, LIST, KEEP).firewall_restart(RUNNING).sources["max"] == DEFAULT


def test_the_other_family_unloads_last_and_applies_nothing() -> None:
    assert simulator("el6", SET, LIST).firewall_restart(RUNNING).sources["max"] == DEFAULT


def test_load_list_applies_without_unloading() -> None:
    text = LIST[IPTABLES] + "IPTABLES_MODULES_UNLOAD=no\n"
    assert simulator("el6", SET, KEEP, {IPTABLES: text}).firewall_restart(RUNNING).values["max"] == 5


def test_restart_before_the_module_was_ever_loaded() -> None:
    kernel = simulator("debian12", SET).firewall_restart({})
    assert (kernel.loaded, kernel.sources["max"]) == (True, DEFAULT)
