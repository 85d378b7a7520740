#!/bin/sh
# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later

# usage: race.sh FLOWS - that many TCP flows whose first packet is sent twice: both are kept in a queue before conntrack
# has entered the first, then both are let go. The second finds its place taken.
iptables-legacy -A OUTPUT -p tcp --dport 9 --syn -j NFQUEUE --queue-num 7
exec python3 - "$1" <<'PYTHON'
import socket
import struct
import sys

# linux/netfilter/nfnetlink_queue.h
PACKET, VERDICT, CONFIG = 0x300, 0x301, 0x302
CONFIG_COMMAND, CONFIG_PARAMETERS, PACKET_HEADER, VERDICT_HEADER = 1, 2, 1, 2
NETLINK_NETFILTER = 12
BIND, COPY_META, ACCEPT, QUEUE = 1, 1, 1, 7


def attribute(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def message(kind, attributes):
    body = struct.pack("!BBH", 0, 0, QUEUE) + attributes
    return struct.pack("=IHHII", 16 + len(body), kind, 1, 0, 0) + body


def packet_ids(data):
    while len(data) >= 16:
        length, kind = struct.unpack_from("=IH", data)
        if kind == PACKET:
            # The header is the first attribute behind both message headers.
            yield struct.unpack_from("!I", data, 24)[0]
        data = data[(length + 3) & ~3 :]


queue = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
queue.bind((0, 0))
queue.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
queue.send(message(CONFIG, attribute(CONFIG_COMMAND, struct.pack("!BBH", BIND, 0, socket.AF_INET))))
queue.send(message(CONFIG, attribute(CONFIG_PARAMETERS, struct.pack("!IB", 0, COPY_META))))
sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
home = socket.inet_aton("127.0.0.1")
for number in range(int(sys.argv[1])):
    # A first packet of TCP; the kernel fills in length, identity and checksum of the IP header.
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 64, socket.IPPROTO_TCP, 0, home, home)
    first = struct.pack("!HHIIBBHHH", 20000 + number, 9, 1, 0, 0x50, 0x02, 64240, 0, 0)
    for _time in range(2):
        sender.sendto(header + first, ("127.0.0.1", 0))
waiting = []
queue.settimeout(5)
while len(waiting) < 2 * int(sys.argv[1]):
    waiting += packet_ids(queue.recv(1 << 16))
for number in waiting:
    queue.send(message(VERDICT, attribute(VERDICT_HEADER, struct.pack("!II", ACCEPT, number))))
print(len(waiting))
PYTHON
