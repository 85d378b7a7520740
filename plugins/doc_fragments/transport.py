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
      - V(auto) - Python where the target has one of 3.7 or newer that this ansible-core can drive, else sh. One short
        command finds out, and the answer is remembered for the rest of the play. An interpreter that is set
        (C(ansible_python_interpreter)) is the only one that is tried.
      - V(python) - The module runs on the target, with the target's Python 3.7 or newer.
      - V(shell) - Plain POSIX C(sh) over the connection, which needs nothing but a shell and the usual small tools on
        the target. Nothing is copied there. Cannot be used with C(async).
    type: str
    choices: [auto, python, shell]
    default: auto
"""
