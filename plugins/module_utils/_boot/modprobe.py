# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modprobe makes of its configuration when conntrack is loaded: options, hooks, blocks, per kind of modprobe."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Iterator

from ansible_collections.stateward.conntrack.plugins.module_utils._boot.hooks import (
    BLOCKED,
    Hook,
    classify_hook,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_version import Version
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.cmdline import (
    module_parameter,
    parse_cmdline,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.kernelargs import normalize_name, unsigned_int
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.modprobe import (
    Directive,
    is_unknown_parameter,
    malformed,
    option_values,
    parse_modprobe,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.modules import parse_modules
from ansible_collections.stateward.conntrack.plugins.module_utils._platform_table import ModprobeRow

__all__ = [
    "BLOCKED",
    "CMDLINE",
    "Hook",
    "LoadConfig",
    "Option",
    "argument_options",
    "blacklisted",
    "hashsize_values",
    "load_config",
    "load_problem",
    "modprobe_files",
]

CMDLINE = "kernel command line"


@dataclass(frozen=True)
class Option:
    """One value that is given to hashsize. path, line: where it stands; line 0: it cannot be edited there."""

    text: str
    path: str
    line: int = 0

    @property
    def where(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path

    @property
    def value(self) -> int | None:
        """What the kernel takes it for: C notation; None when it refuses it."""
        return unsigned_int(self.text)


@dataclass(frozen=True)
class LoadConfig:
    """What loading the module would mean.

    hashsize, source: the option that reaches the kernel. options: all that compete, the winner last. hook: the install
    line that is obeyed. broken: why the load fails. directives: all lines about the module.
    """

    hashsize: int | None
    source: str
    hook: Hook | None
    broken: str
    directives: tuple[Directive, ...]
    options: tuple[Option, ...] = ()


def _named(row: ModprobeRow, entry: Entry) -> bool:
    name = posixpath.basename(entry.path)
    return not name.startswith(".") and not name.endswith(row.leftovers) and (row.any_name or name.endswith(".conf"))


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


def _all_directives(row: ModprobeRow, snapshot: Snapshot) -> Iterator[Directive]:
    for entry in modprobe_files(row, snapshot):
        yield from parse_modprobe(entry.text or "", entry.real or entry.path)


def blacklisted(row: ModprobeRow, snapshot: Snapshot) -> frozenset[str]:
    """The modules that are not loaded by their own name where blacklists are asked (systemd-modules-load)."""
    names = {line.module for line in _all_directives(row, snapshot) if line.command == "blacklist"}
    return frozenset({*names, *(_cmdline_names(snapshot, "modprobe.blacklist") if row.cmdline else ())})


def _cmdline_names(snapshot: Snapshot, parameter: str) -> frozenset[str]:
    pairs = parse_cmdline(snapshot.text("/proc/cmdline") or "")
    lists = (value or "" for name, value in pairs if normalize_name(name) == parameter)
    return frozenset(normalize_name(name) for names in lists for name in names.split(","))


def _argument_options(snapshot: Snapshot, module: str) -> Iterator[Option]:
    """OpenWrt: the line in /etc/modules.d that loads the module first carries its options."""
    for entry in snapshot.glob("/etc/modules.d/*"):
        for line in parse_modules(entry.text or "", entry.path):
            if line.name == module:
                yield from argument_options(line.args, line.source, line.line)
                return


def argument_options(args: tuple[str, ...], path: str, line: int) -> tuple[Option, ...]:
    """The hashsize among the words after a module's name in a list of modules."""
    words = (word.partition("=") for word in args)
    return tuple(Option(value, path, line) for name, equals, value in words if name == "hashsize" and equals)


def _options(row: ModprobeRow, snapshot: Snapshot, module: str, directives: tuple[Directive, ...]) -> Iterator[Option]:
    """All options, those that win later."""
    from_files = [Option(text, line.source, line.line) for text, line in option_values(directives, module, "hashsize")]
    yield from reversed(from_files) if row.first_option_wins else from_files
    if row.options_at_preload:
        yield from _argument_options(snapshot, module)
    from_cmdline = module_parameter(snapshot.text("/proc/cmdline") or "", module, "hashsize") if row.cmdline else None
    if from_cmdline is not None:
        yield Option(from_cmdline, CMDLINE)


def load_config(row: ModprobeRow, snapshot: Snapshot, module: str, version: Version) -> LoadConfig:
    """What modprobe does when it is asked for the module."""
    directives = tuple(line for line in _all_directives(row, snapshot) if line.module == module)
    installs = [line for line in directives if line.command == "install"] if row.install else []
    hook = classify_hook(installs[0]) if installs else None
    options = list(_options(row, snapshot, module, directives))
    if hook and hook.hashsize:
        options.append(Option(str(hook.hashsize), hook.directive.source, hook.directive.line))
    last = options[-1] if options else None
    return LoadConfig(
        hashsize=last.value if last else None,
        source=last.where if last else "",
        hook=hook,
        broken=_broken(snapshot, module, directives, version),
        directives=directives,
        options=tuple(options),
    )


def _broken(snapshot: Snapshot, module: str, directives: tuple[Directive, ...], version: Version) -> str:
    # kernel/module.c: module_blacklist= keeps a module out whoever asks for it (4.8).
    if module in _cmdline_names(snapshot, "module_blacklist"):
        return f"{CMDLINE}: module_blacklist names {module}"
    problems = ((line, load_problem(line, version)) for line in directives)
    return next((f"{line.source}:{line.line}: {problem}" for line, problem in problems if problem), "")


def hashsize_values(directive: Directive) -> tuple[tuple[str, Directive], ...]:
    """The bucket counts that one options line gives."""
    return option_values((directive,), directive.module, "hashsize")


def load_problem(directive: Directive, version: Version) -> str:
    """Why the load of the module fails with this line; empty when it does not."""
    problem = malformed(directive)
    return "" if problem and is_unknown_parameter(directive) and version >= (3, 11) else problem
