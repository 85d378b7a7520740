# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run every gate, and end with one line of counts as pytest writes it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

WORK = Path(__file__).resolve().parents[2] / ".cache" / "gates"
REPORT = WORK / "report.json"


def run_nox(nox: str, arguments: list[str]) -> int:
    """Run nox, one session more at a time than there are processors (the lab waits a lot), and return the exit code."""
    WORK.mkdir(parents=True, exist_ok=True)
    for old in [REPORT, *WORK.glob("*.xml")]:
        old.unlink(missing_ok=True)
    environment = {"NOX_PARALLEL": str((os.cpu_count() or 1) + 1), **os.environ}
    return subprocess.run([nox, "--report", str(REPORT), *arguments], env=environment, check=False).returncode


def count_tests(counts: Path) -> Counter[str]:
    """The counts of one pytest run."""
    total: Counter[str] = Counter()
    for suite in ElementTree.parse(counts).getroot().iter("testsuite"):
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0))
        total.update(failed=failed, skipped=skipped, passed=int(suite.get("tests", 0)) - failed - skipped)
    return total


def count_session(name: str, result: str) -> Counter[str]:
    """The tests of one session; a gate that is no pytest run counts as one test."""
    counts = WORK / f"{name}.xml"
    if result == "skipped":
        return Counter(skipped=1)
    total = count_tests(counts) if counts.exists() else Counter(passed=int(result == "success"))
    if result != "success" and not total["failed"]:
        total["failed"] += 1
    return total


def summary(results: dict[str, str], seconds: float) -> str:
    """The closing lines: what failed, what was left out, and the counts."""
    total = sum((count_session(*each) for each in results.items()), Counter())
    lines = [f"FAILED {name}" for name, result in results.items() if result not in ("success", "skipped")]
    lines += [f"LEFT OUT {name}" for name, result in results.items() if result == "skipped"]
    words = [f"{total[word]} {word}" for word in ("failed", "passed", "skipped") if total[word]]
    counts = f" {', '.join(words) or 'no tests ran'} in {seconds:.2f}s "
    return "\n".join([*lines, counts.center(90, "=")])


def main() -> int:
    start = time.monotonic()
    code = run_nox(sys.argv[1], sys.argv[2:])
    sessions = json.loads(REPORT.read_text())["sessions"] if REPORT.exists() else []
    results = {each["signatures"][0]: each["result"] for each in sessions}
    print(summary(results, time.monotonic() - start))
    return code


if __name__ == "__main__":
    sys.exit(main())
