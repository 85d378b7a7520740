# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways that are compared, run in turns, and their table."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
TOOLS = CHECKOUT / ".venv" / "bench" / "bin"
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
MODULE_OPTIONS = ("profile", "max", "hashsize", "timeouts", "force")


def policy(hosts: str, values: dict[str, int], *, loadable: bool) -> dict[str, Any]:
    """Extra variables that ask every way for the same.

    values: nf_conntrack_max, nf_conntrack_buckets and nf_conntrack_ before each of TIMEOUTS. loadable: conntrack is a
    module on the hosts.
    """
    sysctls = {name: value for name, value in values.items() if name != "nf_conntrack_buckets"}
    return {
        "bench_hosts": hosts,
        "bench_hashsize": values["nf_conntrack_buckets"],
        "bench_module_loadable": loadable,
        "bench_sysctls": sysctls,
        "conntrack_profile": "none",
        "conntrack_max": values["nf_conntrack_max"],
        "conntrack_hashsize": values["nf_conntrack_buckets"],
        "conntrack_timeouts": {name.replace("_timeout", ""): values[f"nf_conntrack_{name}"] for name in TIMEOUTS},
        # The peers have the same power and no such question.
        "conntrack_force": True,
    }


def commands(wanted: dict[str, Any]) -> dict[str, list[str]]:
    """What is compared, by name, all of it on wanted["bench_hosts"]."""
    playbook = [str(TOOLS / "ansible-playbook"), "--extra-vars", json.dumps(wanted)]
    ad_hoc = [str(TOOLS / "ansible"), wanted["bench_hosts"], "-m"]
    options = {name: wanted[f"conntrack_{name}"] for name in MODULE_OPTIONS}

    def module(transport: str) -> list[str]:
        arguments = json.dumps({**options, "persist": ["all"], "transport": transport})
        return [*ad_hoc, "stateward.conntrack.conntrack_tune", "-a", arguments]

    return {
        "peers": [*playbook, "bench/peers.yml"],
        "role": [*playbook, "bench/ours.yml"],
        "module, Python": module("python"),
        "module, sh": module("shell"),
        "ping": [*ad_hoc, "ansible.builtin.ping"],
        "raw": [*ad_hoc, "ansible.builtin.raw", "-a", "true"],
    }


def run(command: list[str]) -> tuple[float, str]:
    """Seconds and output of one run; ends the program when it fails."""
    environment = {**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    start = time.perf_counter()
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return time.perf_counter() - start, done.stdout


def changes(name: str, output: str) -> bool:
    """Whether a run changed something; `raw` cannot know, so it always says that it did."""
    return name != "raw" and (("PLAY RECAP" in output and "changed=0" not in output) or "| CHANGED" in output)


def measure(compared: dict[str, list[str]], repeat: int) -> dict[str, list[float]]:
    """Run all in turns; raises RuntimeError if one of them still has something to change after its first run."""
    for command in compared.values():
        run(command)
    seconds: dict[str, list[float]] = {name: [] for name in compared}
    for _turn in range(repeat):
        for name, command in compared.items():
            took, output = run(command)
            if changes(name, output):
                raise RuntimeError(f"{name} changes something on every run:\n{output}")
            seconds[name].append(took)
    return seconds


def show(seconds: dict[str, list[float]]) -> None:
    """Print medians, extremes, and how each compares with the peers, a ping and an empty command."""
    peers, ping, raw = (statistics.median(seconds[name]) for name in ("peers", "ping", "raw"))
    print(f"{'':15}{'median':>9}{'fastest':>9}{'slowest':>9}{'of peers':>10}{'of ping':>9}{'of raw':>9}")
    for name, took in seconds.items():
        median = statistics.median(took)
        times = f"{median:8.2f}s{min(took):8.2f}s{max(took):8.2f}s"
        print(f"{name:15}{times}{median / peers:9.3f}x{median / ping:8.2f}x{median / raw:8.2f}x")
