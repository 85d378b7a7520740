# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a fleet takes that has nothing to change: the usual playbook, our role, one call of our module over each
transport, a ping and an empty command, in turns, on eight hosts of the lab (tests/lab/README.md) over ssh.

Starting a program is slow on those hosts, so seconds say nothing here; the ratios do. Run it as
`python3 tests/lab/lab.py run -- python3 bench/fleet.py`, or as `make bench-fleet`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from compare import CHECKOUT, TIMEOUTS, commands, measure, policy, show

LAB = [sys.executable, str(CHECKOUT / "tests" / "lab" / "lab.py")]
# What the first turn sets on every host, and no later one has to change.
SECONDS = (86400, 30, 60, 60, 30, 120, 30, 300)
VALUES = {
    "nf_conntrack_max": 65536,
    "nf_conntrack_buckets": 65536,
    **{f"nf_conntrack_{name}": seconds for name, seconds in zip(TIMEOUTS, SECONDS)},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=8, help="how many (8)")
    parser.add_argument("--repeat", type=int, default=3, help="measured runs of each (3)")
    options = parser.parse_args()
    subprocess.run([*LAB, "up", "--hosts", str(options.hosts)], check=True)
    try:
        show(measure(commands(policy("all", VALUES, loadable=True)), options.repeat))
    finally:
        subprocess.run([*LAB, "down"], check=True)


if __name__ == "__main__":
    main()
