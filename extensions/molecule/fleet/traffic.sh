#!/bin/sh
# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later

# usage: traffic.sh MAX - as long as the table has MAX entries: new flows, one datagram each, over this host's own loopback,
# more than fit. Waits for that size first, and gives up after five minutes.
exec python3 - "$1" <<'PYTHON'
import socket
import sys
import time

END = time.monotonic() + 300
SENDER = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def has_size():
    with open("/proc/sys/net/netfilter/nf_conntrack_max") as file:
        return file.read().strip() == sys.argv[1]


while not has_size() and time.monotonic() < END:
    time.sleep(0.1)
number = 0
while has_size() and time.monotonic() < END:
    for _ in range(20):
        number = (number + 1) % 60000
        try:
            SENDER.sendto(b"x", ("127.1.%d.%d" % (number // 250, number % 250 + 1), 9))
        except OSError:
            pass
    time.sleep(0.1)
PYTHON
