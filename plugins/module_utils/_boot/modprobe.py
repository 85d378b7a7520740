# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modprobe makes of its configuration when conntrack is loaded: options, hooks, blocks, per kind of modprobe."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import Iterator

from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_version import Version
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.cmdline import module_parameter
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.modprobe import (
    Directive,
    is_unknown_parameter,
    malformed,
    option_values,
    parse_modprobe,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.modules import parse_modules
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.proc import int_value
from ansible_collections.stateward.conntrack.plugins.module_utils._platform_table import ModprobeRow

NOTHING, SYSTEM, FILES, BLOCKED = "nothing", "system", "files", "blocked"


@dataclass(frozen=True)
class Hook:
    """The install line that modprobe obeys.

    effect: C(blocked): it loads nothing; C(nothing): it loads and applies no sysctls; C(system): it runs C(sysctl --system), restricted to
    keys that match C(pattern); C(files): it applies these files, or our marked
    block in them. passes_options: it hands $CMDLINE_OPTS on.
    """

    effect: str
    directive: Directive
    pattern: str = ""
    files: tuple[str, ...] = ()
    passes_options: bool = False
    only_block: bool = False

    @property
    def where(self) -> str:
        return f"{self.directive.source}:{self.directive.line}"


@dataclass(frozen=True)
class LoadConfig:
    """What loading the module would mean. hashsize: the option that reaches the kernel, with its source; broken: why the load fails."""

    hashsize: int | None
    source: str
    hook: Hook | None
    broken: str
    directives: tuple[Directive, ...]


def _named(row: ModprobeRow, entry: Entry) -> bool:
    name = posixpath.basename(entry.path)
    return not name.startswith(".") and not name.endswith("~") and (row.any_name or name.endswith(".conf"))


def modprobe_files(row: ModprobeRow, snapshot: Snapshot) -> Iterator[Entry]:
    """The files this modprobe reads, in its order: single files first, then directories merged by name."""
    for path in row.files:
        entry = snapshot.get(path)
        if entry:
            yield entry
    chosen: dict[str, Entry] = {}
    for directory in row.directories:
        for entry in snapshot.glob(directory + "/*"):
            if _named(row, entry):
                chosen.setdefault(posixpath.basename(entry.path), entry)
    yield from (chosen[name] for name in sorted(chosen))


def _directives(row: ModprobeRow, snapshot: Snapshot, module: str) -> tuple[Directive, ...]:
    found: list[Directive] = []
    for entry in modprobe_files(row, snapshot):
        lines = parse_modprobe(entry.text or "", entry.real or entry.path)
        found.extend(line for line in lines if line.module == module)
    return tuple(found)


def classify_hook(directive: Directive) -> Hook:
    """What an install line does, from its command text."""
    command = " ".join(directive.args)
    if not re.search(r"\b(modprobe|insmod)\b", command):
        return Hook(BLOCKED, directive)
    passes = "CMDLINE_OPTS" in command
    pattern = re.search(r"--pattern[ =]+['\"]?([^'\" ]+)", command)
    if "--system" in command:
        return Hook(SYSTEM, directive, pattern=pattern.group(1) if pattern else "", passes_options=passes)
    files = tuple(re.findall(r"(/etc/[\w./-]+(?:\.conf))", command)) if re.search(r"\bsysctl\b", command) else ()
    block = "BEGIN stateward.conntrack" in command
    return Hook(FILES if files else NOTHING, directive, files=files, passes_options=passes, only_block=block)


def _argument_options(snapshot: Snapshot, module: str) -> Iterator[tuple[str, str]]:
    """OpenWrt: the line in /etc/modules.d that loads the module first carries its options."""
    for entry in snapshot.glob("/etc/modules.d/*"):
        for line in parse_modules(entry.text or "", entry.path):
            if line.name == module:
                for argument in line.args:
                    if argument.startswith("hashsize="):
                        yield argument[len("hashsize=") :], f"{line.source}:{line.line}"
                return


def load_config(row: ModprobeRow, snapshot: Snapshot, module: str, version: Version) -> LoadConfig:
    """What modprobe does when it is asked for the module."""
    directives = _directives(row, snapshot, module)
    installs = [line for line in directives if line.command == "install"] if row.install else []
    values = [(text, f"{line.source}:{line.line}") for text, line in option_values(directives, module, "hashsize")]
    values += list(_argument_options(snapshot, module)) if row.name == "kmodloader" else []
    if row.first_option_wins:
        values.reverse()
    from_cmdline = module_parameter(snapshot.text("/proc/cmdline") or "", module, "hashsize") if row.cmdline else None
    if from_cmdline is not None:
        values.append((from_cmdline, "kernel command line"))
    text, source = values[-1] if values else ("", "")
    problems = ((line, load_problem(line, version)) for line in directives)
    broken = next((f"{line.source}:{line.line}: {problem}" for line, problem in problems if problem), "")
    return LoadConfig(int_value(text), source, classify_hook(installs[0]) if installs else None, broken, directives)


def hashsize_values(directive: Directive) -> tuple[tuple[str, Directive], ...]:
    """The bucket counts that one options line gives."""
    return option_values((directive,), directive.module, "hashsize")


def load_problem(directive: Directive, version: Version) -> str:
    """Why the load of the module fails with this line; empty when it does not."""
    problem = malformed(directive)
    return "" if problem and is_unknown_parameter(directive) and version >= (3, 11) else problem
