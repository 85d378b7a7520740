# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The profiles: for each kind of host the timeouts, settings, ratio, share of memory and floor that suit it.

A timeout that a profile does not name stays as it is on the host. Sources stand at the rows; RFC figures are minima of
that RFC.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import OptionError

_FOUR_GIB = 4 << 30
_HOST, _GATEWAY = 0.05, 0.15  # shares of RAM: a host has other work, a gateway has little else to keep


@dataclass(frozen=True)
class Floor:
    """The smallest table that C(auto) makes: the largest of a fixed number, a number per CPU and one per amount of RAM.

    entries: fixed. per_cpu: times CPUs, at most per_cpu_limit. bytes_per_entry: RAM divided by it. above_bytes: without
    that much RAM there is no floor and the kernel's own default stands.
    """

    entries: int = 0
    per_cpu: int = 0
    per_cpu_limit: int = 0
    bytes_per_entry: int = 0
    above_bytes: int = 0

    def __call__(self, memory_bytes: int, cpus: int) -> int:
        """Entries, for a host with that much RAM and so many CPUs."""
        if memory_bytes <= self.above_bytes:
            return 0
        by_cpu = min(self.per_cpu * cpus, self.per_cpu_limit)
        by_memory = memory_bytes // self.bytes_per_entry if self.bytes_per_entry else 0
        return max(self.entries, by_cpu, by_memory)


@dataclass(frozen=True)
class Profile:
    """One kind of host.

    floor: called with RAM in bytes and CPUs, gives entries. memory_share: of RAM, that a full table may take.
    entries_per_bucket: max per bucket. lifetime: the timeout that tells how long an entry of a short connection stays.
    timeouts, settings: by short name.
    """

    name: str
    summary: str
    floor: Floor
    lifetime: str
    memory_share: float = _HOST
    entries_per_bucket: float = 1.0
    timeouts: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, int] = field(default_factory=dict)


_KERNEL_STEP = Floor(entries=262144, above_bytes=_FOUR_GIB)  # what kernels from 5.15 on give a host of more than 4 GiB
_SHORT = "tcp_time_wait"

_ROWS = (
    Profile(
        "general",
        "Any server: the kernel's timeouts, but a day instead of five for idle connections.",
        _KERNEL_STEP,
        _SHORT,
        # 24 h: kube-proxy's default, in wide use
        timeouts={"tcp_established": 86400},
    ),
    Profile(
        "web_lb",
        "Web servers and load balancers: very many short connections.",
        # 4000 connections per second x 65 s x 2
        Floor(entries=524288),
        _SHORT,
        # time_wait 65: Wikimedia's load balancers; under 60 late FINs become INVALID. established 7200: longer than
        # idle websockets
        timeouts={
            "tcp_established": 7200,
            "tcp_syn_sent": 30,
            "tcp_syn_recv": 30,
            "tcp_fin_wait": 30,
            "tcp_close_wait": 60,
            "tcp_last_ack": 30,
            "tcp_time_wait": 65,
            "udp": 30,
            "udp_stream": 60,
            "generic": 120,
        },
    ),
    Profile(
        "nat_gateway",
        "NAT for an office or a server network.",
        Floor(entries=262144),
        _SHORT,
        memory_share=_GATEWAY,
        # 7440 s: RFC 5382 REQ-5, two hours and four minutes, so that the usual TCP keepalive of 7200 s holds; icmp 60:
        # RFC 5508
        timeouts={
            "tcp_established": 7440,
            "tcp_syn_sent": 120,
            "tcp_syn_recv": 60,
            "tcp_fin_wait": 120,
            "tcp_close_wait": 60,
            "tcp_last_ack": 30,
            "tcp_time_wait": 120,
            "udp": 60,
            "udp_stream": 180,
            "icmp": 60,
        },
    ),
    Profile(
        "cgn",
        "Carrier-grade NAT by the RFCs, with the accounting and timestamps that its logs need.",
        Floor(entries=1048576),
        _SHORT,
        memory_share=_GATEWAY,
        # RFC 5382: 4 min for transitory states; RFC 4787: UDP 2 min, 5 recommended; RFC 5508: ICMP 60 s; RFC 6888: logs
        timeouts={
            "tcp_established": 7440,
            "tcp_syn_sent": 240,
            "tcp_syn_recv": 240,
            "tcp_fin_wait": 240,
            "tcp_close_wait": 240,
            "tcp_last_ack": 240,
            "tcp_time_wait": 240,
            "udp": 120,
            "udp_stream": 300,
            "icmp": 60,
        },
        settings={"acct": 1, "timestamp": 1},
    ),
    Profile(
        "dns_server",
        "Authoritative servers and resolvers; a resolver with slow upstreams wants udp 30.",
        _KERNEL_STEP,
        "udp",
        # udp 15 is half the kernel's; udp_stream 60 is the lowest that EC2 allows
        timeouts={
            "tcp_established": 3600,
            "tcp_syn_sent": 20,
            "tcp_syn_recv": 20,
            "tcp_fin_wait": 20,
            "tcp_close_wait": 20,
            "tcp_last_ack": 15,
            "tcp_time_wait": 30,
            "udp": 15,
            "udp_stream": 60,
            "generic": 60,
        },
    ),
    Profile(
        "k8s_node",
        "Kubernetes nodes: what kube-proxy would set, with a bucket for every entry.",
        # kube-proxy: 32768 per core, at least 131072, since 1.36 at most 1048576
        Floor(entries=131072, per_cpu=32768, per_cpu_limit=1048576),
        _SHORT,
        # kube-proxy: 24 h and 1 h
        timeouts={"tcp_established": 86400, "tcp_close_wait": 3600},
    ),
    Profile(
        "perimeter_firewall",
        "Firewalls that face floods: short unfinished states, no pick-up of connections in mid-stream.",
        Floor(entries=1048576),
        _SHORT,
        memory_share=_GATEWAY,
        timeouts={
            "tcp_established": 7440,
            "tcp_syn_sent": 20,
            "tcp_syn_recv": 10,
            "tcp_fin_wait": 30,
            "tcp_close_wait": 30,
            "tcp_last_ack": 15,
            "tcp_time_wait": 30,
            "tcp_max_retrans": 60,
            "tcp_unacknowledged": 60,
            "udp": 15,
            "udp_stream": 60,
        },
        # tcp_loose 0: the SYNPROXY manual asks for it; it ends connections that were open before, and asymmetric
        # routing
        settings={"tcp_loose": 0},
    ),
    Profile(
        "database",
        "Database servers and their clients: long idle connections must not be forgotten.",
        _KERNEL_STEP,
        _SHORT,
        # the kernel's own five days; tcp_keepalive (7200 + 9 x 75 = 7875 s by default) must stay below it
        timeouts={"tcp_established": 432000, "tcp_time_wait": 120, "tcp_unacknowledged": 300},
    ),
    Profile(
        "vpn",
        "VPN gateways: GRE, ESP and UDP tunnels.",
        Floor(entries=131072),
        _SHORT,
        memory_share=_GATEWAY,
        # gre_stream 180 is the kernel's; ESP counts as generic; WireGuard's keepalive of 25 s is well below udp 60
        timeouts={"tcp_established": 86400, "udp": 60, "udp_stream": 180, "gre": 60, "gre_stream": 180, "generic": 600},
    ),
    Profile(
        "openstack_compute",
        "Hypervisors that filter for their guests.",
        # 1048576: OpenStack deployments and OpenShift's TuneD profile; time_wait 65: Wikimedia's hypervisors
        Floor(entries=1048576),
        _SHORT,
        timeouts={"tcp_established": 86400, "tcp_time_wait": 65},
    ),
    Profile(
        "small_router",
        "Home and branch routers with little memory.",
        # OpenWrt: buckets = RAM / 2048 / 8, an entry per bucket
        Floor(bytes_per_entry=16384),
        _SHORT,
        memory_share=_GATEWAY,
        timeouts={
            "tcp_established": 7440,
            "tcp_syn_sent": 60,
            "tcp_syn_recv": 30,
            "tcp_fin_wait": 60,
            "tcp_close_wait": 30,
            "tcp_last_ack": 30,
            "tcp_time_wait": 60,
            "udp": 30,
            "udp_stream": 120,
        },
    ),
    Profile("none", "Nothing but what the task asks for.", Floor(), _SHORT),
)

PROFILES: Mapping[str, Profile] = MappingProxyType({profile.name: profile for profile in _ROWS})


def find_profile(name: str) -> Profile:
    """The profile of that name. Raises OptionError, naming the nearest one."""
    profile = PROFILES.get(name)
    if profile is None:
        near = difflib.get_close_matches(name, list(PROFILES), n=1, cutoff=0.4)
        hint = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(PROFILES)}."
        raise OptionError(f"There is no profile {name}. {hint}")
    return profile
