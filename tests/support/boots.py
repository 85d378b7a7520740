# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated boots of the hosts of tests/cases/hosts, and the files that the tests of them put there."""

from __future__ import annotations

from typing import Any

from ansible_collections.stateward.conntrack.plugins.module_utils._boot.simulate import Kernel, Simulator
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import observe
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host

LOAD, DROP_IN, CONF = "/etc/modules-load.d/x.conf", "/etc/sysctl.d/90-x.conf", "/etc/sysctl.conf"
ETC, CMDLINE = "/etc/modprobe.d", "/proc/cmdline"
MAX, BUCKETS = "net.netfilter.nf_conntrack_max", "net.netfilter.nf_conntrack_buckets"
ESTABLISHED = "net.netfilter.nf_conntrack_tcp_timeout_established"
OLD_MAX = "net.ipv4.netfilter.ip_conntrack_max"
CT = {LOAD: "nf_conntrack\n"}
SET = {DROP_IN: f"{MAX} = 5\n{ESTABLISHED} = 600\n"}
FAMILIES = {LOAD: "nf_conntrack\nnf_conntrack_ipv4\n"}
RUNNING = {"max": 999, "hashsize": 1024, "timeout:tcp_established": 600}


def simulator(host: str, *files: dict[str, Any]) -> Simulator:
    """One of tests/cases/hosts, with files put on top."""
    merged = {path: text for part in files for path, text in part.items()}
    snapshot = load_host(host, merged)
    return Simulator(observe(snapshot), snapshot)


def boot(host: str, *files: dict[str, Any]) -> Kernel:
    """The kernel of such a host after its boot."""
    return simulator(host, *files).boot()
