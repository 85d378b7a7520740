# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from . import lab
from .errors import LabError
from .hosts import console_path, is_running
from .image import ensure_image, request_image
from .network import address_of, inside
from .options import build_parser
from .requirements import report
from .roots import ROOTS, find_root
from .settings import Settings, read_settings
from .ssh import client, ssh_argv
from .state import HostRecord

HOST_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


def main(argv: Sequence[str]) -> int:
    """Do what the arguments say; returns the exit code."""
    arguments = build_parser().parse_args(argv)
    try:
        settings = read_settings(os.environ, Path.home())
        code: int = globals()[f"do_{arguments.verb}"](settings, arguments)
        return code
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted; 'lab.py down' ends what was started", file=sys.stderr)
        return 130


def require(kinds: set[str]) -> None:
    """Raises LabError with everything that the machine lacks for these kinds of host."""
    lines = list(dict.fromkeys(line for kind in sorted(kinds) for line in report(kind)))
    if lines:
        raise LabError("\n".join(lines))
