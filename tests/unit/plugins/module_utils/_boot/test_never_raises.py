# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever stands in the files of a host: it is understood, or refused with an error of ours."""

from __future__ import annotations

import contextlib
import re

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.simulate import Simulator
from ansible_collections.stateward.conntrack.plugins.module_utils._conflicts import find_conflicts, simulate_events
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import ConntrackError
from ansible_collections.stateward.conntrack.plugins.module_utils._manifest import MANIFEST
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import observe
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host, with_files
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HOSTS = ("alpine", "debian12", "el5", "el6", "el7", "el8-firewalld", "minimal", "openwrt", "sles11", "ubuntu1404")
DESIRED = {"max": 131072, "hashsize": 131072, "timeout:udp": 30, "setting:acct": 1}

_WORDS = r"""
net.netfilter.nf_conntrack_max net/ipv4/netfilter/ip_conntrack_max net.netfilter.nf_conntrack_buckets nf_conntrack
ip_conntrack nf_conntrack_ipv4 options install blacklist include alias /sbin/modprobe --ignore-install $CMDLINE_OPTS
sysctl --system --pattern '[a-' -p -w hashsize= hashsize=5 = =-1 =0x10 =99999999999999999999 0 262144 conntrack:
maxPerCore: min: tcpEstablishedTimeout: 1h [sysctl] [main] include=x [net] nf_conntrack_hashsize=9 enable: 1
IPTABLES_MODULES_UNLOAD=yes IPTABLES_SYSCTL_LOAD_LIST="a VERSION='0.9' CleanupModulesOnExit=no KERNEL=="nf_conntrack"
SUBSYSTEM=="module" RUN+="systemd-sysctl modules_load=nf_conntrack sysctl.net.netfilter.nf_conntrack_max=5
nf_conntrack.hashsize=7 module_blacklist=nf_conntrack * [z-a] - # ; \ " ' systemd kube-proxy pve-firewall tuned
ENABLED=yes ID=nixos 3.9.1 SYSCTL_CONNTRACK=5
"""
WORDS = _WORDS.split()
BLANKS = ["\n"] * 9 + [" "] * 9 + ["\t", "\r\n", "\x00", "\x85", "\x0b", "\udcff", ""]
TEXTS = st.one_of(
    st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(BLANKS)).map("".join), max_size=12).map("".join),
    st.text(max_size=40),
)
NAMES = ["x.conf", "50-x.rules", "x.modules", "S08iptables", "tuned", "python3.9", "nf_conntrack_max", "boot"]
PATTERNS = sorted({read.pattern for read in MANIFEST if read.content})


@st.composite
def paths(draw: st.DrawFn) -> str:
    """One path that the manifest asks for."""
    pattern = draw(st.sampled_from(PATTERNS)).replace("{release}", "6.1.0-18-amd64").replace("[0-9]*", "77")
    return re.sub(r"\*", lambda _match: draw(st.sampled_from(NAMES)), pattern)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(HOSTS), st.dictionaries(paths(), TEXTS, min_size=1, max_size=4))
def test_any_text_in_any_file(host: str, files: dict[str, str]) -> None:
    snapshot = with_files(load_host(host), files)
    with contextlib.suppress(ConntrackError):
        simulator = Simulator(observe(snapshot), snapshot)
        find_conflicts(simulator, simulate_events(simulator, DESIRED), DESIRED)
        simulator.firewall_restart({})


FACTS = st.sampled_from(["release", "machine", "page_size", "tool:modprobe"])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(HOSTS), st.dictionaries(FACTS, TEXTS))
def test_any_fact(host: str, facts: dict[str, str]) -> None:
    snapshot = load_host(host)
    changed = Snapshot(snapshot.entries, {**snapshot.facts, **facts})
    with contextlib.suppress(ConntrackError):
        Simulator(observe(changed), changed).boot()


@pytest.mark.parametrize("host", HOSTS)
def test_a_simulation_changes_nothing(host: str) -> None:
    snapshot = load_host(host)
    simulator = Simulator(observe(snapshot), snapshot)
    assert simulator.boot() == simulator.boot()
    assert simulate_events(simulator, DESIRED) == simulate_events(simulator, DESIRED)
