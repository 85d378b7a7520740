#!/bin/sh
# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later

# What a kernel prints of a handful of flows that are made here, on the loopback: run it as root on a host that nobody
# needs, or as `unshare --net sh capture.sh`. Its output is kept beside it, a file for each kernel.
ip link set lo up
for tables in iptables ip6tables; do
    "$tables" -A OUTPUT -m conntrack --ctstate NEW,ESTABLISHED
done
python3 - <<'PYTHON'
import socket
import struct
import subprocess

kept = []
for family, home in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    server = socket.socket(family)
    server.bind((home, 8080))
    server.listen(5)
    for _number in range(3):
        caller = socket.create_connection((home, 8080))
        answerer, _address = server.accept()
        kept += [caller, answerer]
    kept[-1].close()
    kept[-2].close()
    echo = socket.socket(family, socket.SOCK_DGRAM)
    echo.bind((home, 5353))
    asker = socket.socket(family, socket.SOCK_DGRAM)
    asker.sendto(b"?", (home, 5353))
    asker.sendto(b"?", (home, 5353))
    echo.sendto(b"!", echo.recvfrom(9)[1])
    lonely = socket.socket(family, socket.SOCK_DGRAM)
    lonely.sendto(b"?", (home, 9))
    kept += [server, echo, asker, lonely]
# An echo request with the identity 77, and its checksum; for IPv6 the kernel works it out.
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as asker:
    asker.sendto(struct.pack("!BBHHH", 8, 0, 0xFFFF - 0x0800 - 77 - 1, 77, 1), ("127.0.0.1", 0))
with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as asker:
    asker.sendto(struct.pack("!BBHHH", 128, 0, 0, 77, 1), ("::1", 0))
for section in (
    ["uname", "-r"],
    ["cat", "/proc/net/stat/nf_conntrack"],
    ["cat", "/proc/net/nf_conntrack"],
    # The tool of Debian 11 lists only IPv4 unless it is told.
    ["conntrack", "-L", "-f", "ipv4"],
    ["conntrack", "-L", "-f", "ipv6"],
):
    print("==", *section, flush=True)
    subprocess.run(section, stderr=subprocess.DEVNULL, check=False)
PYTHON
