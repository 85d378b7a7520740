# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said when a listing of flows could not be read: the same words from both transports."""

from __future__ import annotations

from ansible_collections.stateward.conntrack.plugins.module_utils._flow_model import FlowQuery

NOT_REGULAR = "not a regular file"

# Characters of what a program says about its failure.
MESSAGE = 300


def describe_problem(query: FlowQuery, reason: str) -> str:
    """Why a file could not be read."""
    return f"{query.source.name}: {reason}"


def describe_start(command: tuple[str, ...]) -> str:
    """A program that did not even start."""
    return f"{command[0]} could not be run"


def describe_end(command: tuple[str, ...], status: int, said: str) -> str:
    """A program that failed. said: its error output."""
    words = said[:MESSAGE].strip()
    return f"{' '.join(command)} ended with status {status}: {words or 'no output'}"
