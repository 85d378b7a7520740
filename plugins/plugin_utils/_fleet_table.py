# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table at the end of a rollout."""

from __future__ import annotations

from textwrap import shorten as shorten_text
from typing import Any, Mapping, Sequence

from ansible_collections.stateward.conntrack.plugins.plugin_utils._columns import align
from ansible_collections.stateward.conntrack.plugins.plugin_utils._rollout import Member
from ansible_collections.stateward.conntrack.plugins.plugin_utils._verdict import EVENTS, arrow, memory_text

# So long may a note be; the whole reason is in the message of the failed task and in the verdict of the host.
_NOTE = 72
_HEAD = ("host", "state", "max", "hashsize", "memory", "survives", "note")


def fleet_table(fleet: Sequence[Member]) -> list[str]:
    """One line for each host under a head: before -> after, memory of the full table, what holds, and why not."""
    return [line.rstrip() for line in align([_HEAD, *(_row(member) for member in fleet)])]


def shorten(text: str, width: int) -> str:
    """The text in one line, with dots for what is beyond the width."""
    return shorten_text(text, width, placeholder=" ...")


def _row(member: Member) -> tuple[str, ...]:
    first, last = member.result, member.back or member.result
    sizes = [arrow(first["before"][name], last["after"][name]) if first else "-" for name in ("max", "hashsize")]
    memory = memory_text(last["sizing"]["memory_bytes"]) if last else "-"
    return (member.name, member.state, *sizes, memory, _survives(last), shorten(_note(member), _NOTE))


def _survives(result: Mapping[str, Any]) -> str:
    """The events that the values outlive."""
    if not result:
        return "-"
    kept = [name for name in EVENTS if result["survives"][name]["ok"]]
    return "all" if len(kept) == len(EVENTS) else ", ".join(kept) or "nothing"


def _note(member: Member) -> str:
    if member.reason:
        return member.reason
    if member.touched and not member.watched:
        return "not watched"
    if member.losses:
        return ", ".join(f"{name} grew by {value}" for name, value in member.losses.items())
    reasons = [line for name in EVENTS for line in _broken(member.result, name)]
    return reasons[0] if reasons else ""


def _broken(result: Mapping[str, Any], event: str) -> list[str]:
    if not result or result["survives"][event]["ok"]:
        return []
    return [f"{event}: {'; '.join(result['survives'][event]['reasons'])}"]
