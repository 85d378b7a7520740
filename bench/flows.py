# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long it takes to look at a million flows: the pipelines that articles recommend, and ours, in turns in one run.

The flows are real: datagrams to many addresses and ports of 127.0.0.0/8 in a network namespace of its own, with a rule
that makes the kernel track them. The kernel's limit is raised for as long as that takes and put back. Needs root,
iptables (--iptables) and util-linux. Prints seconds, the ratio to the pipelines together, and memory: over Python above
that of the interpreter with everything imported, over sh that of all processes at one time.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import resource
import shlex
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Iterator, Tuple

CHECKOUT = Path(__file__).resolve().parent.parent
NETFILTER = Path("/proc/sys/net/netfilter")
LISTING = "/proc/net/nf_conntrack"

# Where the flows are listed, and the awk that counts them; empty over Python.
Way = Tuple[str, str]

# What the articles do to see what fills the table: entries, protocols, TCP states, and the ten busiest addresses.
PIPELINES = {
    "entries": f"cat {LISTING} | wc -l",
    "protocols": f"cat {LISTING} | awk '{{print $1, $3}}' | sort | uniq -c | sort -rn",
    "states": f"cat {LISTING} | awk '$3 == \"tcp\" {{print $6}}' | sort | uniq -c | sort -rn",
    "addresses": f"cat {LISTING} | grep -o 'src=[^ ]*' | sort | uniq -c | sort -rn | head -10",
}


@contextlib.contextmanager
def raised_limit(entries: int) -> Iterator[None]:
    """Room for that many entries; the limit is put back whatever happens."""
    limit = NETFILTER / "nf_conntrack_max"
    before = limit.read_text()
    limit.write_text(str(max(int(before), entries + entries // 10)))
    try:
        yield
    finally:
        limit.write_text(before)


def fill(entries: int, addresses: int, iptables: str) -> int:
    """Make the flows in this network namespace and return how many there are."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    rule = ["-A", "OUTPUT", "-m", "conntrack", "--ctstate", "NEW"]
    subprocess.run([iptables, *rule], check=True)
    (NETFILTER / "nf_conntrack_udp_timeout").write_text("1800")
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for number in range(entries):
        host, port = number % addresses, number // addresses
        address = f"127.{1 + (host >> 16)}.{(host >> 8) & 255}.{host & 255}"
        sender.sendto(b"", (address, 1 + port))
    return int((NETFILTER / "nf_conntrack_count").read_text())


def run_pipelines() -> dict[str, float]:
    """Seconds of each."""
    seconds = {}
    for name, pipeline in PIPELINES.items():
        start = time.perf_counter()
        subprocess.run(["sh", "-c", pipeline], stdout=subprocess.DEVNULL, check=True, env={**os.environ, "LC_ALL": "C"})
        seconds[name] = time.perf_counter() - start
    return seconds


def run_ours(way: Way) -> dict[str, float]:
    """Seconds, entries and MiB of one reading in a process of its own."""
    source, awk = way
    command = [sys.executable, __file__, "--count", source, *(["--awk", awk] if awk else [])]
    return dict(json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout))


def count(source: str, awk: str) -> dict[str, float]:
    """Read the flows as conntrack_info does. source: a listing below /proc, or the path of the conntrack tool."""
    sys.path.insert(0, str(CHECKOUT / ".tree"))
    from ansible_collections.stateward.conntrack.plugins.module_utils import _flow_model as model

    commands = tuple((source, "-L", "-f", family) for family in ("ipv4", "ipv6"))
    file = source if source.startswith("/proc/") else ""
    query = model.FlowQuery(model.FlowSource(source, file, () if file else commands), 5_000_000, 600, 10)
    seen: list[int] = []
    host = shell_host(awk, seen) if awk else local_host()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    counts = host.count_flows(query)
    seconds = time.perf_counter() - start
    if counts.error or counts.truncated:
        sys.exit(f"{source}: {counts.error or counts.truncated}")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    return {
        "seconds": seconds,
        "entries": counts.entries,
        "mebibytes": (max(seen) if awk else grown) / 1024,
    }


def local_host() -> Any:
    from ansible_collections.stateward.conntrack.plugins.module_utils._host_local import LocalHost

    return LocalHost()


def shell_host(awk: str, seen: list[int]) -> Any:
    """This machine over sh, with that awk. seen: gets the memory of all processes in KiB, ten times a second."""
    from ansible_collections.stateward.conntrack.plugins.plugin_utils._host_sh import ShellHost

    def execute(command: str, _stdin: str | None) -> tuple[int, bytes, bytes]:
        with tempfile.TemporaryFile() as output:
            arguments = ["sh", "-c", command]
            process = subprocess.Popen(arguments, stdout=output, stderr=subprocess.DEVNULL, start_new_session=True)
            while process.poll() is None:
                time.sleep(0.1)
                seen.append(session_memory(process.pid))
            output.seek(0)
            return process.returncode, output.read(), b""

    return ShellHost(execute, awk=tuple(shlex.split(awk)))


def session_memory(session: int) -> int:
    """The peaks of all processes of a session together, in KiB."""
    total = 0
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            if os.getsid(int(directory.name)) == session:
                peak = re.search(r"^VmHWM:\s+(\d+)", (directory / "status").read_text(), re.MULTILINE)
                total += int(peak[1]) if peak else 0
    return total


def compare(repeat: int, ways: list[Way]) -> None:
    """Run all in turns and print medians."""
    together: list[float] = []
    ours: dict[Way, list[dict[str, float]]] = {way: [] for way in ways}
    for _turn in range(repeat):
        pipelines = run_pipelines()
        together.append(sum(pipelines.values()))
        print("  ".join(f"{name} {took:.2f} s" for name, took in pipelines.items()), flush=True)
        for way in ways:
            ours[way].append(run_ours(way))
    print(f"{'pipelines together':40}{statistics.median(together):8.2f} s")
    for (source, awk), runs in ours.items():
        name = f"{source}, {f'sh, {awk}' if awk else 'Python'}"
        seconds = statistics.median(run["seconds"] for run in runs)
        memory = max(run["mebibytes"] for run in runs)
        ratio = seconds / statistics.median(together)
        print(f"{name:40}{seconds:8.2f} s{ratio:8.2f}x{memory:8.1f} MiB{runs[-1]['entries']:12,.0f} entries")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--addresses", type=int, default=200_000, help="different destinations, at most 16 million")
    parser.add_argument("--repeat", type=int, default=3, help="measured runs of each")
    parser.add_argument("--iptables", default="iptables")
    parser.add_argument("--conntrack", default=shutil.which("conntrack"), help="the conntrack tool, if any")
    parser.add_argument("--awk", action="append", help="the awk of the sh transport (may be repeated)")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--count", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.count:
        print(json.dumps(count(options.count, (options.awk or [""])[0])))
    elif options.inside:
        made = fill(options.entries, options.addresses, options.iptables)
        print(f"{made:,} flows to {options.addresses:,} addresses", flush=True)
        sources = [LISTING, *([options.conntrack] if options.conntrack else [])]
        compare(options.repeat, [(source, awk) for source in sources for awk in ["", *(options.awk or ["awk"])]])
    else:
        with raised_limit(options.entries):
            command = ["unshare", "--net", sys.executable, __file__, "--inside", *sys.argv[1:]]
            sys.exit(subprocess.run(command, check=False).returncode)


if __name__ == "__main__":
    main()
