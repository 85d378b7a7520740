#!/bin/sh
# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later

# usage: flood.sh FLOWS - that many new flows, one datagram each, to addresses and ports of this host's own loopback.
# Prints how many could not be sent: the kernel refuses a local datagram that gets no entry.
exec python3 - "$1" <<'PYTHON'
import socket
import sys

refused = 0
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range(int(sys.argv[1])):
    try:
        sender.sendto(b"x", ("127.1.%d.%d" % (number // 250 % 250, number % 250 + 1), 9))
    except OSError:
        refused += 1
print(refused)
PYTHON
