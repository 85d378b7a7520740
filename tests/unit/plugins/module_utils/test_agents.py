# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other programs write, when, and over which values."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._agents import Agent, Write, find_agents
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host


def agents(files: dict[str, Any], host: str = "debian12") -> dict[str, Agent]:
    return {agent.name: agent for agent in find_agents(load_host(host, files))}


def values(agent: Agent) -> dict[str, int]:
    return {write.key: write.value for write in agent.writes}


RUNNING = {"/proc/4711/comm": "kube-proxy\n"}
CONFIG = "/var/lib/kube-proxy/config.conf"
POD = "/var/lib/kubelet/pods/0a1b/volumes/kubernetes.io~configmap/kube-proxy/config.conf"


def kube(body: str, path: str = CONFIG) -> dict[str, int]:
    text = "kind: KubeProxyConfiguration\nconntrack:\n" + "".join(f"  {line}\n" for line in body.split("|"))
    return values(agents({path: text})["kube-proxy"])


KUBE = [
    # 2 CPUs: max(32768 x 2, 131072); a quarter of it as buckets
    ("min: null", None),
    ("maxPerCore: 32768", {"max": 131072, "hashsize": 32768}),
    ("maxPerCore: 100000", {"max": 200000, "hashsize": 50000}),
    ("maxPerCore: 10|min: 1000", {"max": 1000, "hashsize": 250}),
    ("maxPerCore: 0|min: 500000", {}),
    ("maxPerCore: 0|tcpEstablishedTimeout: 2h30m", {"timeout:tcp_established": 9000}),
    ("maxPerCore: 0|udpTimeout: 90s|udpStreamTimeout: 0s", {"timeout:udp": 90}),
    ("maxPerCore: 0|tcpBeLiberal: true", {"setting:tcp_be_liberal": 1}),
    ("maxPerCore: 0|tcpCloseWaitTimeout: nonsense", {}),
]
DEFAULTS = {"timeout:tcp_established": 86400, "timeout:tcp_close_wait": 3600}


@pytest.mark.parametrize(("body", "expected"), KUBE)
def test_kube_proxy_file(body: str, expected: dict[str, int] | None) -> None:
    if expected is None:
        assert agents({CONFIG: f"conntrack:\n  {body}\n"}) == {}
        return
    found = kube(body)
    rest = {key: value for key, value in found.items() if key not in DEFAULTS or key in expected}
    assert rest == expected


def test_kube_proxy_without_a_file_has_its_defaults() -> None:
    found = agents(RUNNING)["kube-proxy"]
    assert values(found) == {"max": 131072, "hashsize": 32768, **DEFAULTS}
    assert found.writes[0].source == "kube-proxy (maxPerCore 32768 x 2 CPUs, min 131072)"
    assert found.when == "agents"


def test_kube_proxy_in_a_pod() -> None:
    found = agents({POD: "conntrack:\n  maxPerCore: 65536\n  min: 131072\n"})["kube-proxy"]
    assert found.writes[0] == Write("max", 131072, f"{POD}:2")


TUNED_MAIN, ACTIVE = "/etc/tuned/tuned-main.conf", "/etc/tuned/active_profile"
TUNED = {"/proc/700/comm": "tuned\n", ACTIVE: "ours\n"}


def profile(name: str, text: str, where: str = "/etc/tuned") -> dict[str, str]:
    return {f"{where}/{name}/tuned.conf": text}


SYSCTL = "[sysctl]\nnet.netfilter.nf_conntrack_max={}\n"
TUNED_CASES: list[tuple[dict[str, Any], dict[str, int]]] = [
    (profile("ours", SYSCTL.format(5)), {"max": 5}),
    (profile("ours", SYSCTL.format(5), "/usr/lib/tuned/profiles"), {"max": 5}),
    # /etc hides /usr/lib
    ({**profile("ours", SYSCTL.format(5)), **profile("ours", SYSCTL.format(6), "/usr/lib/tuned")}, {"max": 5}),
    # what is included comes first
    (
        {
            **profile("ours", "[main]\ninclude=a, b\n" + SYSCTL.format(5)),
            **profile("a", SYSCTL.format(6)),
            **profile("b", "[net]\nnf_conntrack_hashsize=7\n"),
        },
        {"max": 5, "hashsize": 7},
    ),
    ({**profile("ours", "[main]\ninclude=a;-b\n"), **profile("a", SYSCTL.format(6))}, {"max": 6}),
    # a circle
    (
        {**profile("ours", "[main]\ninclude=a\n" + SYSCTL.format(5)), **profile("a", "[main]\ninclude=ours a\n")},
        {"max": 5},
    ),
    (
        profile("ours", "[sysctl]\nnet/netfilter/nf_conntrack_udp_timeout = 40\nvm.swappiness = 1\n"),
        {"timeout:udp": 40},
    ),
    (profile("ours", "[sysfs]\nnet.netfilter.nf_conntrack_max=5\n"), {}),
    (profile("ours", SYSCTL.format("${{x}}")), {}),
]


@pytest.mark.parametrize(("files", "expected"), TUNED_CASES)
def test_tuned(files: dict[str, Any], expected: dict[str, int]) -> None:
    found = agents({**TUNED, **files})
    assert (values(found["TuneD"]) if found else {}) == expected


@pytest.mark.parametrize(
    ("text", "reapplies"),
    [("", True), ("reapply_sysctl = 1\n", True), ("reapply_sysctl=True\n", True), ("reapply_sysctl=0\n", False)],
)
def test_tuned_reapplies(text: str, reapplies: bool) -> None:
    files = {**TUNED, **profile("ours", SYSCTL.format(5)), TUNED_MAIN: text.replace(" = ", "=")}
    assert agents(files)["TuneD"].reapplies == reapplies


def test_tuned_that_is_not_active() -> None:
    assert agents({ACTIVE: "ours\n", **profile("ours", SYSCTL.format(5))}) == {}


def test_tuned_raises_only() -> None:
    write = agents({**TUNED, **profile("ours", SYSCTL.format(">1000"))})["TuneD"].writes[0]
    assert (write.value, write.is_due({"max": 2000}), write.is_due({"max": 500})) == (1000, False, True)


UFW = "/etc/ufw/sysctl.conf"


@pytest.mark.parametrize(
    ("enabled", "text", "expected"),
    [
        ("yes", "net/netfilter/nf_conntrack_max=5\n", {"max": 5}),
        ("yes", "net/netfilter/nf_conntrack_max=5\nnet.netfilter.nf_conntrack_max=6\n", {"max": 6}),
        ("YES", "net/ipv4/netfilter/ip_conntrack_tcp_be_liberal=1\n", {"setting:tcp_be_liberal": 1}),
        ("no", "net/netfilter/nf_conntrack_max=5\n", None),
        ("yes", "net/ipv4/conf/all/rp_filter=1\n", None),
        ("yes", "net/netfilter/nf_conntrack_max=five\n", None),
    ],
)
def test_ufw(enabled: str, text: str, expected: dict[str, int] | None) -> None:
    found = agents({"/etc/ufw/ufw.conf": f"ENABLED={enabled}\n", UFW: text})
    assert (values(found["ufw"]) if found else None) == expected


APF = "/etc/apf/conf.apf"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('SYSCTL_CONNTRACK="131072"\nSYSCTL_CONNTRACK_BUCKETS="16384"\n', {"max": 131072, "hashsize": 16384}),
        ('SYSCTL_CONNTRACK="131072"\nSYSCTL_CONNTRACK_BUCKETS=""\n', {"max": 131072}),
        ("SYSCTL_CONNTRACK=many\n", None),
        ("", None),
    ],
)
def test_apf(text: str, expected: dict[str, int] | None) -> None:
    found = agents({APF: text})
    assert (values(found["APF"]) if found else None) == expected


PVE = {"/proc/900/comm": "pve-firewall\n"}
CLUSTER, HOST = "/etc/pve/firewall/cluster.fw", "/etc/pve/local/host.fw"
ON = {**PVE, CLUSTER: "[OPTIONS]\n\nenable: 1\n"}
PVE_CASES: list[tuple[dict[str, Any], tuple[int, int, int] | None]] = [
    (ON, (262144, 65536, 432000)),
    ({**ON, HOST: "[OPTIONS]\nnf_conntrack_max: 300000\n"}, (303104, 75776, 432000)),
    ({**ON, HOST: "[OPTIONS]\nnf_conntrack_max: 1000\n"}, (262144, 65536, 432000)),
    ({**ON, HOST: "nf_conntrack_tcp_timeout_established: 7200\n"}, (262144, 65536, 7200)),
    ({**ON, HOST: "[OPTIONS]\nnftables: 1\n"}, None),
    (PVE, None),
    ({**PVE, CLUSTER: "[OPTIONS]\nenable: 0\n"}, None),
    ({CLUSTER: "enable: 1\n"}, None),
]


@pytest.mark.parametrize(("files", "expected"), PVE_CASES)
def test_pve_firewall(files: dict[str, Any], expected: tuple[int, int, int] | None) -> None:
    found = agents(files).get("pve-firewall")
    if found is None or expected is None:
        assert (found, expected) == (None, None)
        return
    written = values(found)
    assert (written["max"], written["hashsize"], written["timeout:tcp_established"]) == expected
    assert written["timeout:tcp_syn_recv"] == 60
    assert found.repeats


def test_pve_firewall_leaves_the_buckets_of_a_max_that_is_right() -> None:
    buckets = next(write for write in agents(ON)["pve-firewall"].writes if write.key == "hashsize")
    assert buckets.is_due({"max": 65536})
    assert not buckets.is_due({"max": 262144})


def test_order() -> None:
    files = {**ON, **RUNNING, "/etc/ufw/ufw.conf": "ENABLED=yes\n", UFW: "net/netfilter/nf_conntrack_max=5\n"}
    assert list(agents(files)) == ["ufw", "kube-proxy", "pve-firewall"]
