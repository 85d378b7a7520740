# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation fragment: the options that every module of this collection has."""

from __future__ import annotations


class ModuleDocFragment:
    """Shared options for C(extends_documentation_fragment: stateward.conntrack.transport)."""

    DOCUMENTATION = r"""
options:
  transport:
    description:
      - How the host is read and changed.
      - V(auto) - Choose what the target can do. In this release that is always Python.
      - V(python) - The module runs on the target, with the target's Python 3.7 or newer.
      - V(shell) - Plain C(sh) commands over the connection, for targets without a usable Python. Not in this
        release; the task fails and says so.
    type: str
    choices: [auto, python, shell]
    default: auto
"""
