# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of listings of flows, as kernels from 2.4 to 6.18 and the tool print them."""

from __future__ import annotations

_LONG = "0000:0000:0000:0000:0000:0000:0000:0001"

# The line, and: l3, l4, state, source, destination, port, marks (a: assured, u: unreplied, o: offloaded).
LINES = [
    # 6.18, /proc/net/nf_conntrack, as read
    (
        "ipv4     2 tcp      6 119 TIME_WAIT src=127.0.0.1 dst=127.0.0.1 sport=48604 dport=8080 src=127.0.0.1 "
        "dst=127.0.0.1 sport=8080 dport=48604 [ASSURED] mark=0 zone=0 use=2",
        "ipv4 tcp TIME_WAIT 127.0.0.1 127.0.0.1 8080 a",
    ),
    (
        "ipv4     2 udp      17 29 src=127.0.0.1 dst=127.1.2.3 sport=54216 dport=5353 [UNREPLIED] src=127.1.2.3 "
        "dst=127.0.0.1 sport=5353 dport=54216 mark=0 zone=0 use=2",
        "ipv4 udp - 127.0.0.1 127.1.2.3 5353 u",
    ),
    (
        f"ipv6     10 udp      17 29 src={_LONG} dst={_LONG} sport=48925 dport=53 [UNREPLIED] src={_LONG} "
        f"dst={_LONG} sport=53 dport=48925 mark=0 zone=0 use=2",
        f"ipv6 udp - {_LONG} {_LONG} 53 u",
    ),
    (
        "ipv4     2 icmp     1 29 src=127.0.0.1 dst=127.0.0.9 type=8 code=0 id=77 src=127.0.0.9 dst=127.0.0.1 type=0 "
        "code=0 id=77 mark=0 zone=0 use=2",
        "ipv4 icmp - 127.0.0.1 127.0.0.9 - -",
    ),
    (
        "ipv4     2 sctp     132 9 CLOSED src=127.0.0.1 dst=127.0.0.9 sport=40000 dport=3868 [UNREPLIED] src=127.0.0.9 "
        "dst=127.0.0.1 sport=3868 dport=40000 mark=0 zone=0 use=2",
        "ipv4 sctp CLOSED 127.0.0.1 127.0.0.9 3868 u",
    ),
    (
        "ipv4     2 gre      47 29 timeout=30, stream_timeout=180 src=127.0.0.1 dst=127.0.0.9 srckey=0x0 dstkey=0x0 "
        "[UNREPLIED] src=127.0.0.9 dst=127.0.0.1 srckey=0x0 dstkey=0x0 mark=0 zone=0 use=2",
        "ipv4 gre - 127.0.0.1 127.0.0.9 - u",
    ),
    (
        "ipv4     2 unknown  89 599 src=127.0.0.1 dst=127.0.0.9 [UNREPLIED] src=127.0.0.9 dst=127.0.0.1 "
        "mark=0 zone=0 use=2",
        "ipv4 ospf - 127.0.0.1 127.0.0.9 - u",
    ),
    (
        "ipv4     2 unknown  253 599 src=127.0.0.1 dst=127.0.0.9 src=127.0.0.9 dst=127.0.0.1 mark=0 zone=0 use=2",
        "ipv4 protocol_253 - 127.0.0.1 127.0.0.9 - -",
    ),
    # the same kernel, conntrack -L of 1.4.7, as printed
    (
        "gre      47 29 src=127.0.0.1 dst=127.0.0.9 srckey=0x0 dstkey=0x0 [UNREPLIED] src=127.0.0.9 dst=127.0.0.1 "
        "srckey=0x0 dstkey=0x0 mark=0 use=1",
        "ipv4 gre - 127.0.0.1 127.0.0.9 - u",
    ),
    (
        "tcp      6 119 TIME_WAIT src=::1 dst=::1 sport=60494 dport=8081 src=::1 dst=::1 sport=8081 "
        "dport=60494 [ASSURED] "
        "mark=0 use=1",
        "ipv6 tcp TIME_WAIT ::1 ::1 8081 a",
    ),
    (
        "ipv6     10 udp      17 29 src=::1 dst=::1 sport=48925 dport=53 [UNREPLIED] src=::1 dst=::1 "
        "sport=53 dport=48925 "
        "mark=0 use=1",
        "ipv6 udp - ::1 ::1 53 u",
    ),
    # 4.19 and later with a flow table: neither seconds nor state
    (
        "ipv4     2 tcp      6 src=192.0.2.10 dst=198.51.100.5 sport=40002 dport=443 src=198.51.100.5 dst=192.0.2.10 "
        "sport=443 dport=40002 [OFFLOAD] mark=0 zone=0 use=3",
        "ipv4 tcp - 192.0.2.10 198.51.100.5 443 o",
    ),
    (
        "udp      17 src=192.0.2.10 dst=198.51.100.5 sport=40002 dport=443 src=198.51.100.5 dst=192.0.2.10 "
        "sport=443 dport=40002 [HW_OFFLOAD] mark=0 use=3",
        "ipv4 udp - 192.0.2.10 198.51.100.5 443 o",
    ),
    # CentOS 5 with its accounting, and 2.4
    (
        "tcp      6 431990 ESTABLISHED src=192.0.2.10 dst=198.51.100.5 sport=40001 dport=22 packets=9 bytes=900 "
        "src=198.51.100.5 dst=192.0.2.10 sport=22 dport=40001 packets=8 bytes=800 [ASSURED] mark=0 secmark=0 use=1",
        "ipv4 tcp ESTABLISHED 192.0.2.10 198.51.100.5 22 a",
    ),
    (
        "udp      17 3 src=192.0.2.10 dst=198.51.100.5 sport=40001 dport=53 [UNREPLIED] src=198.51.100.5 "
        "dst=192.0.2.10 "
        "sport=53 dport=40001 use=1",
        "ipv4 udp - 192.0.2.10 198.51.100.5 53 u",
    ),
]
