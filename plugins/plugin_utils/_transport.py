# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which transport a target takes: Python where there is one that this ansible-core can drive, else the shell."""

from __future__ import annotations

import re
import shlex
import uuid
from dataclasses import dataclass
from typing import Any, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._argument_spec import PYTHON, SHELL
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_quote import quote

Version = tuple[int, int]

# ansible-core -> oldest and newest Python of a target, from the support matrix of its documentation ("Releases and
# maintenance"). The module itself needs 3.7.
_TARGETS: tuple[tuple[Version, Version, Version], ...] = (
    ((2, 16), (3, 7), (3, 12)),
    ((2, 17), (3, 7), (3, 12)),
    ((2, 18), (3, 8), (3, 13)),
    ((2, 19), (3, 8), (3, 13)),
    ((2, 20), (3, 9), (3, 14)),
    ((2, 21), (3, 9), (3, 14)),
    ((2, 22), (3, 9), (3, 15)),
)

# What makes the difference between Python and the smallest of its packages (OpenWrt's python3-light).
_NEEDED = "base64, json, runpy, zipfile"

# Names for "find one", which are no interpreters.
_DISCOVERY = ("auto", "auto_legacy", "auto_silent", "auto_legacy_silent")


@dataclass(frozen=True)
class Decision:
    """transport: C(python) or C(shell). interpreter: what runs the module. reason: for whoever looks with -vvv."""

    transport: str
    interpreter: str = ""
    reason: str = ""


def supported_range(core: str) -> tuple[Version, Version]:
    """The oldest and newest Python that an ansible-core of this version can drive; newer ones count as the last."""
    numbers = tuple(int(number) for number in re.findall(r"\d+", core)[:2])
    rows = [row for row in _TARGETS if row[0] <= numbers] or [_TARGETS[0]]
    return rows[-1][1], rows[-1][2]


def is_explicit(interpreter: str | None) -> bool:
    """Whether the setting names an interpreter, rather than a way to find one."""
    return bool(interpreter) and interpreter not in _DISCOVERY


def probe_command(candidates: list[str], core: str) -> str:
    """One command that tells the first candidate that will do, and nothing when none will.

    candidates: commands, possibly with arguments (C(/usr/bin/env python3)).
    """
    oldest, newest = supported_range(core)
    program = f"import sys, {_NEEDED}; sys.exit(not {oldest} <= tuple(sys.version_info[:2]) <= {newest})"
    words = " ".join(quote(" ".join(quote(word) for word in shlex.split(name))) for name in candidates)
    # A bare name becomes the path that it has now: with become, another PATH may be in force.
    return (
        f"for p in {words}; do "
        'case $p in /*) ;; *) p=$(command -v "$p") || continue;; esac; '
        f'if eval "$p -c {_inside_double_quotes(quote(program))}" </dev/null >/dev/null 2>&1; '
        'then echo "python=$p"; break; fi; done; echo probed'
    )


def _inside_double_quotes(text: str) -> str:
    return re.sub(r'([$`"\\])', r"\\\1", text)


def parse_probe(output: str) -> Decision:
    """The decision from what probe_command() printed."""
    found = re.search(r"^python=(.+?)\r?$", output, re.MULTILINE)
    if found:
        interpreter = " ".join(shlex.split(found[1]))
        return Decision(PYTHON, interpreter, f"{interpreter} will do")
    return Decision(SHELL, "", "no Python that this ansible-core can drive")


# One for each run of ansible-core, whose workers are born with it: a fact may come from a cache of an earlier run, when
# the host or the controller had other programs.
RUN = uuid.uuid4().hex


def remembered(fact: Any, setting: str) -> Decision | None:
    """The decision that an earlier task of this run left as a fact, if it was made under the same setting."""
    if not isinstance(fact, Mapping) or fact.get("transport") not in (PYTHON, SHELL):
        return None
    if (fact.get("setting"), fact.get("run")) != (setting, RUN):
        return None
    return Decision(str(fact["transport"]), str(fact.get("interpreter", "")), "remembered from an earlier task")


def to_remember(decision: Decision, setting: str) -> dict[str, str]:
    """What remembered() understands."""
    return {"transport": decision.transport, "interpreter": decision.interpreter, "setting": setting, "run": RUN}
