# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One line of a listing of flows: /proc/net/nf_conntrack, /proc/net/ip_conntrack, or C(conntrack -L) with or without
C(-o extended).

Bytes, because a listing has millions of lines and nothing but ASCII is looked at. Nothing here raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Mapping

# Of the line up to the end of the original direction: protocol and its number, state, source, destination, port.
# - Only /proc/net/nf_conntrack and extended output begin with the family.
# - An offloaded flow (4.19) has no seconds, a TCP one no state either.
# - gre in /proc puts both of its timeouts before the addresses.
# - Of a protocol without a tracker there are no ports, and the name is "unknown".
# A line about an expected connection (2.4: "EXPECTING: ...") does not match.
#
# sh/flows.awk has the same grammar; the tests compare the two.
FLOW = re.compile(
    rb"^(?:ipv[46] +[0-9]+ +)?([a-z][A-Za-z0-9_-]*) +([0-9]+) +(?:-?[0-9]+ +)?(?:([A-Z][A-Za-z0-9_]*) +)?"
    rb"(?:timeout=[0-9]+, +stream_timeout=[0-9]+ +)?"
    rb"src=([0-9A-Fa-f.:]+) +dst=([0-9A-Fa-f.:]+)(?= |$)(?: +sport=[0-9]+ +dport=([0-9]{1,5})(?= |$))?",
    re.MULTILINE,
)
# OFFLOADED is also the end of [HW_OFFLOAD] (5.10).
ASSURED, UNREPLIED, OFFLOADED = b"[ASSURED]", b"[UNREPLIED]", b"OFFLOAD]"

# The kernel names the protocols that it has a tracker for; of the others these are met on real hosts (IANA numbers).
_NUMBERS: Mapping[str, str] = {
    "2": "igmp",
    "4": "ipip",
    "41": "ipv6",
    "50": "esp",
    "51": "ah",
    "89": "ospf",
    "103": "pim",
    "112": "vrrp",
}


@dataclass(frozen=True)
class Flow:
    """One tracked flow, seen from its first packet.

    l3: C(ipv4) or C(ipv6). l4: C(tcp), C(udp) ... state: empty for protocols without states and for offloaded flows.
    port: of the destination; None for protocols without ports.
    """

    l3: str
    l4: str
    state: str
    source: str
    destination: str
    port: int | None
    assured: bool
    unreplied: bool
    offloaded: bool


def family(address: str) -> str:
    """C(ipv4) or C(ipv6), by the address: C(conntrack -L) does not say it otherwise."""
    return "ipv6" if ":" in address else "ipv4"


def protocol(name: str, number: str) -> str:
    """The name of C(tcp      6); of C(unknown  89) what the number stands for."""
    return _NUMBERS.get(number, f"protocol {number}") if name == "unknown" else name


def parse_flow(line: bytes) -> Flow | None:
    """The flow that one line of a listing shows; None for any other line."""
    found = FLOW.match(line)
    if not found:
        return None
    name, number, state, source, destination, port = ((group or b"").decode("ascii") for group in found.groups())
    return Flow(
        l3=family(source),
        l4=protocol(name, number),
        state=state,
        source=source,
        destination=destination,
        port=int(port) if port else None,
        assured=ASSURED in line,
        unreplied=UNREPLIED in line,
        offloaded=OFFLOADED in line,
    )
