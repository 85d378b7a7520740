# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab of real kernels: python3 tests/lab/lab.py --help."""

from __future__ import annotations

import sys

from lablib.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
