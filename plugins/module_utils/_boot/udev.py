# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""udev rules that run a command when the module appears, as sysctl.d(5) recommends them."""

from __future__ import annotations

import posixpath
import re
from typing import Iterator

from ansible_collections.stateward.conntrack.plugins.module_utils._boot.hooks import Hook, read_command
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_version import Version
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.modprobe import Directive
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.sysctl import matches_glob

# udev(7): a file hides those of the same name in the directories after it.
_DIRECTORIES = (
    "/etc/udev/rules.d",
    "/run/udev/rules.d",
    "/usr/local/lib/udev/rules.d",
    "/usr/lib/udev/rules.d",
    "/lib/udev/rules.d",
)
_TOKEN = re.compile(r'([A-Z]+(?:\{[^}"]*\})?)[ \t]*(==|!=|\+=|:=|=)[ \t]*"([^"]*)"')


def sees_keys(version: Version) -> bool:
    """Whether a rule finds the module's keys: from 5.11 on the event comes after the module's own start, not before."""
    return version >= (5, 11)


def udev_hooks(snapshot: Snapshot, module: str) -> tuple[Hook, ...]:
    """The commands of all rules for this module, in the order of the rules."""
    chosen: dict[str, tuple[str, str]] = {}
    for directory in _DIRECTORIES:
        for entry in snapshot.glob(directory + "/*.rules"):
            chosen.setdefault(posixpath.basename(entry.path), (entry.path, entry.text or ""))
    files = (chosen[name] for name in sorted(chosen))
    return tuple(hook for path, text in files for line in text.split("\n") for hook in _hooks(path, line, module))


def _hooks(path: str, line: str, module: str) -> Iterator[Hook]:
    """Only lines that name conntrack are read from these files, so there is no line number."""
    tokens = [] if line.lstrip().startswith("#") else _TOKEN.findall(line)
    if not _is_for(tokens, module):
        return
    for key, operator, value in tokens:
        if key.startswith("RUN") and operator in ("+=", "=", ":="):
            yield read_command(value, Directive("udev", module, (value,), path, 0, line))


def _is_for(tokens: list[tuple[str, str, str]], module: str) -> bool:
    """Whether the rule is about the appearance of this module, by the keys that such rules use."""
    device = {"KERNEL": module, "SUBSYSTEM": "module", "ACTION": "add"}
    matches = [(key, operator, value) for key, operator, value in tokens if operator in ("==", "!=") and key in device]
    fits = all(_fits(value, device[key]) == (operator == "==") for key, operator, value in matches)
    return fits and any(key == "KERNEL" for key, _operator, _value in matches)


def _fits(patterns: str, name: str) -> bool:
    return any(matches_glob(name, pattern) for pattern in patterns.split("|"))
