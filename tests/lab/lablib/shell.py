# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running other programs: argv lists only, and an error that carries what the program said."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from .errors import LabError


def run(argv: Sequence[str], timeout: float = 60) -> str:
    """Standard output of a program that must succeed within `timeout` seconds. Raises LabError with its last lines."""
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError as error:
        raise LabError(f"{argv[0]} is not installed: see 'lab.py requirements'.") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"No end after {timeout:.0f} s: {' '.join(argv)}") from error
    if done.returncode != 0:
        last_lines = "\n".join((done.stderr or done.stdout).strip().splitlines()[-15:])
        raise LabError(f"Failed with {done.returncode}: {' '.join(argv)}\n{last_lines}")
    return done.stdout
