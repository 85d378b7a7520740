# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: trap.py kill SECONDS | trap.py cut

Waits until a run of conntrack_tune has begun to change this host, which is when it writes its number into the lock.
`kill` ends that process so many seconds later, if it is still at it, and writes "hit" to /root/hits; `cut` ends every
ssh session. A change takes less than a tenth of a second here: no shell looks often enough.
"""

import os
import signal
import sys
import time

LOCK = "/run/lock/stateward-conntrack.lock"
DEADLINE = time.monotonic() + 60


def holder():
    try:
        with open(LOCK) as lock:
            return lock.read().strip()
    except OSError:
        return ""


def sessions():
    for name in filter(str.isdigit, os.listdir("/proc")):
        with open("/proc/" + name + "/cmdline") as command:
            if command.read().startswith(("sshd: root@", "sshd-session: root@")):
                yield int(name)


def main():
    task = sys.argv[1]
    targets = list(sessions()) if task == "cut" else []
    while not holder():
        if time.monotonic() > DEADLINE:
            sys.exit("no run has begun to change this host")
    if task == "kill":
        at = time.monotonic() + float(sys.argv[2])
        while time.monotonic() < at:
            pass
        targets = [int(number) for number in [holder()] if number]
    for target in targets:
        os.kill(target, signal.SIGKILL)
    if task == "kill" and targets:
        with open("/root/hits", "a") as hits:
            hits.write("hit\n")
    # So that the next trap does not take this run for its own.
    os.truncate(LOCK, 0)


main()
