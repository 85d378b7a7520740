# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the get-pip script that ansible-test downloads: installs pip from the one that comes with Python."""

import runpy
import subprocess
import sys

# The arguments are those of get-pip: the wanted packages, and options, two of which only get-pip knows.
ARGUMENTS = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]

subprocess.check_call([sys.executable, "-m", "ensurepip"])
sys.argv = ["pip", "install", *ARGUMENTS]
runpy.run_module("pip", run_name="__main__")
