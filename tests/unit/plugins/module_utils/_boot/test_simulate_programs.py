# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other programs that write the same values, at the boot and with every event."""

from __future__ import annotations

from ansible_collections.stateward.conntrack.plugins.module_utils._boot.simulate import DEFAULT
from ansible_collections.stateward.conntrack.tests.support.boots import (
    CT,
    ETC,
    FAMILIES,
    MAX,
    RUNNING,
    SET,
    boot,
    simulator,
)

KUBE = {"/proc/4711/comm": "kube-proxy\n"}


def test_kube_proxy_overwrites_at_its_start_only() -> None:
    target = simulator("debian12", CT, SET, KUBE)
    kernel = target.boot()
    assert (kernel.values["max"], kernel.values["hashsize"]) == (131072, 65536)
    assert kernel.sources["max"].startswith("kube-proxy")
    assert target.firewall_restart(RUNNING).values["max"] == 999


def test_kube_proxy_raises_buckets_only() -> None:
    few = {**CT, f"{ETC}/a.conf": "options nf_conntrack hashsize=1024\n"}
    assert boot("debian12", few, KUBE).values["hashsize"] == 32768


def test_tuned_applies_etc_again() -> None:
    profile = {"/etc/tuned/x/tuned.conf": f"[sysctl]\n{MAX}=8\n", "/etc/tuned/active_profile": "x\n"}
    usr = {"/usr/lib/sysctl.d/90-x.conf": f"{MAX} = 5\n"}
    assert boot("el7", FAMILIES, SET, profile).values["max"] == 5
    assert boot("el7", FAMILIES, usr, profile).values["max"] == 8
    assert boot("el7", FAMILIES, SET, profile, {"/etc/tuned/tuned-main.conf": "reapply_sysctl=0\n"}).values["max"] == 8


def test_ufw_comes_after_the_boot_and_with_each_restart() -> None:
    target = simulator("ubuntu2204", CT, SET, {"/etc/ufw/sysctl.conf": "net/netfilter/nf_conntrack_max=6\n"})
    assert target.boot().values["max"] == 6
    assert target.firewall_restart(RUNNING).values["max"] == 6
    assert target.late_load().sources["max"] == DEFAULT


def test_pve_firewall_writes_after_every_event() -> None:
    files = {"/proc/900/comm": "pve-firewall\n", "/etc/pve/firewall/cluster.fw": "[OPTIONS]\nenable: 1\n"}
    target = simulator("debian12", CT, SET, files)
    for kernel in (target.boot(), target.late_load(), target.firewall_restart(RUNNING)):
        assert (kernel.values["max"], kernel.values["hashsize"]) == (262144, 65536)
        assert kernel.values["timeout:tcp_established"] == 432000


def test_unknown_init_still_shows_what_others_write() -> None:
    dep = {"/lib/modules/6.6.30/modules.dep": "kernel/net/netfilter/nf_conntrack.ko:\n"}
    kernel = boot("minimal", dep, SET, KUBE)
    assert (kernel.values["max"], kernel.loaded_by) == (131072, "its first use")
    assert any("no init system" in note for note in kernel.notes)
