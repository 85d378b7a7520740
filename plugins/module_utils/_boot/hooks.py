# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that run when the module is loaded: install lines of modprobe, RUN keys of udev rules."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Iterator

from ansible_collections.stateward.conntrack.plugins.module_utils._parse.kernelargs import (
    normalize_name,
    unsigned_int,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.modprobe import Directive
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.sysctl import normalize_key

NOTHING, SYSTEM, SYSTEMD, FILES, BLOCKED = "nothing", "system", "systemd", "files", "blocked"


@dataclass(frozen=True)
class Hook:
    """What a command does.

    effect: C(blocked): modprobe loads nothing; C(nothing): it loads and applies no sysctl file; C(system): it runs
    C(sysctl --system), restricted to keys that match C(pattern); C(systemd): it runs systemd-sysctl, restricted to
    C(prefixes); C(files): it applies these files, or our marked block in them. values: dotted sysctl name (or
    C(hashsize)) and text of single settings that it writes. passes_options: it hands $CMDLINE_OPTS on. hashsize: its
    own module option.
    """

    effect: str
    directive: Directive
    pattern: str = ""
    prefixes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    passes_options: bool = False
    only_block: bool = False
    hashsize: int | None = None

    @property
    def where(self) -> str:
        line = self.directive
        return f"{line.source}:{line.line}" if line.line else line.source


_LOADER = re.compile(r"\b(?:modprobe|insmod)\b")
_PATTERN = re.compile(r"(?:--pattern[ =]+|-r +)(?:'([^']*)'|\"([^\"]*)\"|([^'\" ]+))")
_PREFIX = re.compile(r"--prefix[ =]+['\"]?([^'\"\s;&|]+)")
_FILE = re.compile(r"(/[\w./-]+\.conf)\b")
_DEFAULT_FILE = re.compile(r"\bsysctl\b[^;&|]*\s(?:-[a-zA-Z]*p|--load)(?![^\s;&|}])(?!\s*-(?:\s|$))")
_ASSIGNMENT = re.compile(r"\b(net[./][\w./-]*conntrack[\w./]*)[ ]?=[ ]?['\"]?(-?\w+)")
_ECHO = re.compile(r"\becho\s+['\"]?(-?\w+)['\"]?\s*>\s*/(proc/sys|sys/module/\w+/parameters)/([\w/]+)")
_HASHSIZE = re.compile(r"(?<![\w/])hashsize=(\w+)")


def classify_hook(directive: Directive) -> Hook:
    """What an install line does, from its command text."""
    command = " ".join(directive.args)
    if not _LOADER.search(command) or directive.module not in normalize_name(command):
        return Hook(BLOCKED, directive)
    found = _HASHSIZE.search(command)
    option = unsigned_int(found.group(1)) if found else None
    return replace(read_command(command, directive), passes_options="CMDLINE_OPTS" in command, hashsize=option)


def read_command(command: str, directive: Directive) -> Hook:
    """The settings that a command applies; directive: where it stands."""
    values = tuple(_values(command))
    pattern = _PATTERN.search(command)
    if "systemd-sysctl" in command:
        return Hook(SYSTEMD, directive, prefixes=tuple(_PREFIX.findall(command)), values=values)
    if "--system" in command:
        text = next(filter(None, pattern.groups()), "") if pattern else ""
        return Hook(SYSTEM, directive, pattern=text, values=values)
    files = _files(command)
    block = "BEGIN stateward.conntrack" in command
    return Hook(FILES if files else NOTHING, directive, files=files, values=values, only_block=block)


def _files(command: str) -> tuple[str, ...]:
    if not re.search(r"\bsysctl\b", command):
        return ()
    named = tuple(_FILE.findall(command))
    # sysctl(8): -p without a name is /etc/sysctl.conf.
    return named or (("/etc/sysctl.conf",) if _DEFAULT_FILE.search(command) else ())


def _values(command: str) -> Iterator[tuple[str, str]]:
    for key, text in _ASSIGNMENT.findall(command):
        yield normalize_key(key), text
    for text, kind, name in _ECHO.findall(command):
        yield (normalize_key(name), text) if kind == "proc/sys" else (name, text)
