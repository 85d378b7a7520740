# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renew the exact versions in requirements/*.txt from requirements/*.in, for every supported Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements"

# The oldest Python that has to be able to install a file: controllers, the tools of the gates, and targets.
OLDEST = {"run": "3.10", "test": "3.10", "tools": "3.11", "floor": "3.7", "bench": "3.11", "pins": "3.10"}

# What the Python of a file decides is written as a marker, the newest version that each Python can have.
COMPILE = ["pip", "compile", "--quiet", "--universal", "--fork-strategy", "requires-python"]
COMPILE += ["--upgrade", "--no-header", "--no-annotate"]


def renew(uv: str, name: str) -> None:
    """Write requirements/<name>.txt; raises CalledProcessError when the versions cannot be resolved."""
    source, pins = REQUIREMENTS / f"{name}.in", REQUIREMENTS / f"{name}.txt"
    command = [uv, *COMPILE, "--python-version", OLDEST[name], "--output-file", str(pins), str(source)]
    subprocess.run(command, check=True)
    pins.write_text(f"# Made from {source.name} by `make pins`.\n" + pins.read_text())


if __name__ == "__main__":
    for each in OLDEST:
        renew(sys.argv[1], each)
