#!/bin/sh
# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later

# usage: clash.sh FLOWS - that many TCP flows, which source NAT maps onto one port: the kernel finds no free tuple for any
# but the first, takes the last one that it tried, and finds that place taken when it enters the flow.
set -e
iptables-legacy -t nat -A POSTROUTING -p tcp --dport 9 -j SNAT --to-source 192.0.2.249:5000
exec python3 - "$1" <<'PYTHON'
import socket
import sys

callers = [socket.socket() for _number in range(int(sys.argv[1]))]
for caller in callers:
    caller.setblocking(False)
    # An address that nobody has: an answer would end the flow, and free its tuple.
    caller.connect_ex(("192.0.2.250", 9))
PYTHON
