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
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
NETFILTER = Path("/proc/sys/net/netfilter")
TIMEOUTS = [
    "tcp_timeout_established",
    "tcp_timeout_time_wait",
    "tcp_timeout_close_wait",
    "tcp_timeout_fin_wait",
    "udp_timeout",
    "udp_timeout_stream",
    "icmp_timeout",
    "generic_timeout",
]


def read_kernel() -> dict[str, str]:
    """The nine values as they are now, by sysctl name; raises FileNotFoundError without connection tracking."""
    names = ["nf_conntrack_max", *(f"nf_conntrack_{name}" for name in TIMEOUTS)]
    return {name: (NETFILTER / name).read_text().strip() for name in names}


def variables() -> dict[str, object]:
    """Extra variables that ask both playbooks for what the kernel already says."""
    values = read_kernel()
    buckets = (NETFILTER / "nf_conntrack_buckets").read_text().strip()
    timeouts = {name.replace("_timeout", ""): values[f"nf_conntrack_{name}"] for name in TIMEOUTS}
    return {
        "bench_hashsize": buckets,
        "bench_module_loadable": Path("/sys/module/nf_conntrack/initstate").exists(),
        "bench_sysctls": values,
        "conntrack_profile": "none",
        "conntrack_max": int(values["nf_conntrack_max"]),
        "conntrack_hashsize": int(buckets),
        "conntrack_timeouts": timeouts,
        # The peers have the same power and no such question.
        "conntrack_force": True,
    }


def commands(tools: Path) -> dict[str, list[str]]:
    """What is compared, by name."""
    policy = variables()
    playbook = [str(tools / "ansible-playbook"), "--extra-vars", json.dumps(policy)]
    ad_hoc = [str(tools / "ansible"), "localhost", "-m", "stateward.conntrack.conntrack_tune", "-a"]
    options = {name: policy[f"conntrack_{name}"] for name in ("profile", "max", "hashsize", "timeouts", "force")}
    forced = {name: json.dumps({**options, "persist": ["all"], "transport": name}) for name in ("python", "shell")}
    return {
        "peers": [*playbook, "bench/peers.yml"],
        "role": [*playbook, "bench/ours.yml"],
        "module, Python": [*ad_hoc, forced["python"]],
        "module, sh": [*ad_hoc, forced["shell"]],
        "ping": [str(tools / "ansible"), "localhost", "-m", "ansible.builtin.ping"],
    }


def run(command: list[str]) -> tuple[float, str]:
    """Seconds and output of one run; ends the program when it fails."""
    environment = {**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    start = time.perf_counter()
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return time.perf_counter() - start, done.stdout


def measure(compared: dict[str, list[str]], repeat: int) -> dict[str, list[float]]:
    """Run all in turns; raises RuntimeError if one of them still has something to change after its first run."""
    for command in compared.values():
        run(command)
    seconds: dict[str, list[float]] = {name: [] for name in compared}
    for _turn in range(repeat):
        for name, command in compared.items():
            took, output = run(command)
            if ("PLAY RECAP" in output and "changed=0" not in output) or "| CHANGED" in output:
                raise RuntimeError(f"{name} changes something on every run:\n{output}")
            seconds[name].append(took)
    return seconds


def show(seconds: dict[str, list[float]]) -> None:
    """Print medians, extremes, and how each compares with the peers and with a ping."""
    peers, ping = (statistics.median(seconds[name]) for name in ("peers", "ping"))
    print(f"{'':15}{'median':>9}{'fastest':>9}{'slowest':>9}{'of peers':>10}{'of ping':>9}")
    for name, took in seconds.items():
        median = statistics.median(took)
        times = f"{median:8.2f}s{min(took):8.2f}s{max(took):8.2f}s"
        print(f"{name:15}{times}{median / peers:9.2f}x{median / ping:8.2f}x")


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
    show(measure(commands(CHECKOUT / ".venv" / "bench" / "bin"), options.repeat))
    if read_kernel() != before:
        sys.exit("a kernel value is no longer what it was before the comparison")


if __name__ == "__main__":
    main()
