# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a run takes that has nothing to change: the usual playbook, our role, one call of our module and a ping,
in turns on this machine.

Everything is asked to be what the kernel already says, so no kernel value changes; the files that the first run of each
writes go into an overlay of /etc and /var/lib in a mount namespace of its own, which is gone when the program ends.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from compare import TIMEOUTS, commands, measure, policy, show

NETFILTER = Path("/proc/sys/net/netfilter")


def read_kernel() -> dict[str, int]:
    """The ten values as they are now, by sysctl name; raises FileNotFoundError without connection tracking."""
    names = ["max", "buckets", *TIMEOUTS]
    return {f"nf_conntrack_{name}": int((NETFILTER / f"nf_conntrack_{name}").read_text()) for name in names}


def enter_overlay() -> None:
    """Lay memory over the directories that the playbooks write to; needs a mount namespace of its own."""
    scratch = tempfile.mkdtemp(prefix="conntrack-bench-")
    mount = ["mount", "--types"]
    subprocess.run([*mount, "tmpfs", "tmpfs", scratch], check=True)
    for place in ("/etc", "/var/lib"):
        upper, work = (Path(scratch) / kind / place.strip("/") for kind in ("upper", "work"))
        upper.mkdir(parents=True)
        work.mkdir(parents=True)
        options = f"lowerdir={place},upperdir={upper},workdir={work}"
        subprocess.run([*mount, "overlay", "overlay", "--options", options, place], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5, help="measured runs of each")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        again = [sys.executable, __file__, "--inside", "--repeat", str(options.repeat)]
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", *again])
    enter_overlay()
    before = read_kernel()
    loadable = Path("/sys/module/nf_conntrack/initstate").exists()
    show(measure(commands(policy("localhost", before, loadable=loadable)), options.repeat))
    if read_kernel() != before:
        sys.exit("a kernel value is no longer what it was before the comparison")


if __name__ == "__main__":
    main()
