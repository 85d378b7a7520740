# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lay situations down on hosts of the lab, boot them for real and compare with what the model said.

usage: PYTHONPATH=.tree python3 -m tests.lab.boot_model.main [--situations N] [--seed S] [ROOT ...]
from the project's folder, as root.

The hosts are those of lab.py, one for each root, called boot-ROOT; they are started if need be and left running.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .compare import COMPARED, Values, next_boot, parse_snapshot, predict, read
from .situations import PATHS, Situation, generated, named

PROJECT = Path(__file__).resolve().parents[3]
LAB = PROJECT / "tests" / "lab" / "lab.py"
ROOTS = ("bullseye", "bookworm", "trixie", "bookworm-sysvinit", "bookworm-openrc")
# Takes four times as long to boot: gets a situation in every third round only.
SLOW = ("bookworm-openrc",)
# What uses conntrack at last, as a firewall or the first rule of an administrator would.
GUEST_COLLECTION = "/opt/lab/ansible_collections/stateward/conntrack"
READ = "PYTHONPATH=/opt/lab python3 /opt/lab/guest_read.py"
DEMAND = "iptables-legacy -A OUTPUT -m conntrack --ctstate NEW -j ACCEPT 2>/dev/null; true"


def lab(*arguments: str, text: str | None = None) -> str:
    """One call of lab.py. Raises RuntimeError with what it said when it fails."""
    command = [sys.executable, str(LAB), *arguments]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise RuntimeError(f"{shlex.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout


@dataclass(frozen=True)
class Comparison:
    root: str
    situation: Situation
    predicted: Values
    observed: Values

    @property
    def equal(self) -> bool:
        return self.predicted == self.observed


class Host:
    """One host of the lab, and the situations it goes through."""

    def __init__(self, root: str) -> None:
        self.root, self.name = root, f"boot-{root}"
        self.append = ""  # the words of ours that it was booted with

    def run(self, script: str) -> str:
        return lab("ssh", self.name, "--", script)

    def prepare(self) -> None:
        """The reader, and a copy of every file that situations overwrite."""
        self.run(f"mkdir -p {GUEST_COLLECTION}")
        lab("push", self.name, str(PROJECT / "plugins"), f"{GUEST_COLLECTION}/plugins")
        lab("push", self.name, str(Path(__file__).with_name("guest_read.py")), "/opt/lab/guest_read.py")
        status = json.loads(lab("status", "--json"))
        self.append = next(host["append"] for host in status["hosts"] if host["name"] == self.name)
        # Once: a host that is used again carries the files of its last situation.
        saves = [
            f"mkdir -p /opt/lab/first{Path(path).parent}; cp -a {path} /opt/lab/first{path} 2>/dev/null"
            for path in PATHS
        ]
        self.run("test -d /opt/lab/first || { " + "; ".join(saves) + "; }; true")

    def lay_down(self, situation: Situation) -> None:
        lines = []
        for path in PATHS:
            lines.append(f"rm -f {path}; cp -a /opt/lab/first{path} {path} 2>/dev/null")
            if path in situation.files:
                text = situation.files[path]
                lines.append(f"mkdir -p {Path(path).parent}; printf %s {shlex.quote(text)} > {path}")
        self.run("\n".join(lines) + "\nsync")

    def boot(self, situation: Situation) -> None:
        """A power cut and a start: everything is on the disk, and a shutdown would only cost time."""
        lab("reboot", self.name, "--hard", "--append", situation.append)
        self.append = situation.append

    def go_through(self, situation: Situation) -> Comparison:
        self.lay_down(situation)
        before = parse_snapshot(self.run(READ))
        predicted = predict(next_boot(before, without=self.append, words=situation.append))
        self.boot(situation)
        after = parse_snapshot(self.run(f"{DEMAND}; {READ}"))
        return Comparison(self.root, situation, predicted, read(after))


def explain(result: Comparison) -> str:
    rows = [f"  {key}: predicted {result.predicted[key]}, observed {result.observed[key]}" for key in COMPARED]
    texts = [f"  {path}:\n{text}" for path, text in result.situation.files.items()]
    return "\n".join([f"MISMATCH {result.root:18} {result.situation.name} {result.situation.append}", *rows, *texts])


def go_through_all(host: Host, situations: list[Situation]) -> list[Comparison]:
    host.prepare()
    results = []
    for situation in situations:
        result = host.go_through(situation)
        print(f"ok       {host.root:18} {situation.name}" if result.equal else explain(result), flush=True)
        results.append(result)
    return results


def deal(situations: int, seed: int, only: str, roots: list[str]) -> dict[str, list[Situation]]:
    """Every named situation once, the generated ones after them, dealt to the roots in turn."""
    cards = list(itertools.islice(itertools.chain(named(), generated(seed)), situations))
    if only:
        return {root: [card for card in cards if only in card.name] for root in roots}
    hands: dict[str, list[Situation]] = {root: [] for root in roots}
    quick = [root for root in roots if root not in SLOW]
    turns = itertools.cycle([*roots, *quick, *quick])
    # Another seed deals the named ones to other roots.
    for root, situation in zip(itertools.islice(turns, seed, None), cards):
        hands[root].append(situation)
    return hands


def compare_all(situations: int, seed: int, only: str, roots: list[str]) -> list[Comparison]:
    """Start the hosts, go through everything in parallel, one host for each root."""
    lab("up", *itertools.chain.from_iterable(("--host", f"boot-{root}:{root}") for root in roots))
    hands = deal(situations, seed, only, roots)
    with ThreadPoolExecutor(max_workers=len(roots)) as pool:
        jobs = [pool.submit(go_through_all, Host(root), hand) for root, hand in hands.items()]
    return [result for job in jobs for result in job.result()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--situations", type=int, default=45, help="how many in all (45)")
    parser.add_argument("--only", default="", metavar="WORDS", help="only situations whose name contains this")
    parser.add_argument("--seed", type=int, default=1, help="of the generated ones (1)")
    parser.add_argument("roots", nargs="*", default=list(ROOTS), metavar="ROOT")
    options = parser.parse_args()
    results = compare_all(options.situations, options.seed, options.only, options.roots)
    right = sum(result.equal for result in results)
    print(f"predicted = observed: {right} of {len(results)}")
    return 0 if results and right == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
