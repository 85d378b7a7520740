# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reads which sysctl file, in which order, and how: one row per program that applies them.

The order decides who wins: the last assignment of a key stands.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from dataclasses import dataclass
from typing import Iterator, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.sysctl import (
    Assignment,
    Syntax,
    parse_sysctl,
)

SYSCTL_CONF = "/etc/sysctl.conf"

# A directory reader of the Red Hat initscripts takes every name but these leftovers.
_LEFTOVERS = ("~", ".bak", ".orig", ".rpmnew", ".rpmorig", ".rpmsave")


@dataclass(frozen=True)
class Step:
    """Files that are read together.

    directories: highest priority first; of equal names only the first counts; sorted by name over all of them.
    hidden_by: directories in which an equal name hides the file. any_name: not only C(*.conf).
    """

    directories: tuple[str, ...] = ()
    file: str = ""
    hidden_by: tuple[str, ...] = ()
    any_name: bool = False


@dataclass(frozen=True)
class Reader:
    """One program that applies sysctl files. steps in their order; syntax: how it reads a line."""

    name: str
    steps: tuple[Step, ...]
    syntax: Syntax

    def reads(self, path: str) -> bool:
        """Whether a file with this path takes part at all."""
        return any(_step_covers(step, path) for step in self.steps)


_ETC = "/etc/sysctl.d"
_ALL = (_ETC, "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
_MERGED = Step(_ALL)
_CONF = Step(file=SYSCTL_CONF)

READERS: Mapping[str, Reader] = {
    reader.name: reader
    for reader in (
        # systemd 245 and newer: a leading dash is understood, globs too; /etc/sysctl.conf only through a link in a directory.
        Reader("systemd", (_MERGED,), Syntax(dash="apply", globs=True)),
        # systemd 230-244 (EL8's 239): the dash, no globs.
        Reader("systemd-239", (_MERGED,), Syntax(dash="apply", globs=False)),
        # systemd 229 and older outside the Red Hat family (Ubuntu 16.04, SLES 12): neither.
        Reader("systemd-229", (_MERGED,), Syntax(dash="unknown", globs=False)),
        # EL7's 219: a Red Hat patch reads /etc/sysctl.conf natively, after everything.
        Reader("systemd-el7", (_MERGED, _CONF), Syntax(dash="unknown", globs=False)),
        # procps `sysctl --system` (Debian's sysvinit script, OpenRC): directories merged, /etc/sysctl.conf always last.
        Reader("procps", (_MERGED, _CONF), Syntax(dash="apply", globs=True)),
        # Red Hat initscripts before sysctl.d (8.45.37 on EL5, 9.03.24 on EL6). procps 3.2 cuts lines at 255 characters.
        Reader("el-conf", (_CONF,), Syntax(dash="unknown", globs=False, line_limit=255)),
        # Red Hat initscripts with sysctl.d: /etc/sysctl.conf first, then every name in the directory.
        Reader(
            "el-conf-then-d",
            (_CONF, Step((_ETC,), any_name=True)),
            Syntax(dash="unknown", globs=False, line_limit=255),
        ),
        # Debian 6 and 7, Ubuntu's upstart job, OpenWrt's init script: the directory, then the file.
        Reader("d-then-conf", (Step((_ETC,)), _CONF), Syntax(dash="unknown", globs=False)),
        # SLES 11 boot.sysctl.
        Reader("conf", (_CONF,), Syntax(dash="unknown", globs=False)),
        # Alpine since 3.10: vendor files unless hidden by name, /etc, the file, /run.
        Reader(
            "alpine",
            (
                Step(("/lib/sysctl.d", "/usr/lib/sysctl.d"), hidden_by=(_ETC, "/run/sysctl.d")),
                Step((_ETC,)),
                _CONF,
                Step(("/run/sysctl.d",)),
            ),
            Syntax(dash="skip", globs=False),
        ),
        # Alpine up to 3.9: directory after directory, nothing hidden, vendor files after /etc.
        Reader(
            "alpine-old",
            (*(Step((directory,)) for directory in ("/run/sysctl.d", *_ALL[:1], *_ALL[2:])), _CONF),
            Syntax(dash="skip", globs=False),
        ),
        # Void's 08-sysctl.sh: a link farm of the directories, then the file.
        Reader(
            "void",
            (Step(("/run/sysctl.d", _ETC, "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d")), _CONF),
            Syntax(dash="apply", globs=True),
        ),
        # TuneD's reapply_sysctl: /run and /etc, then the file; never /usr/lib.
        Reader("tuned", (Step(("/run/sysctl.d",)), Step((_ETC,)), _CONF), Syntax(dash="apply", globs=False)),
        # No program at all: the initial state of a host without an init system that we know.
        Reader("none", (), Syntax()),
    )
}


def _step_covers(step: Step, path: str) -> bool:
    if step.file:
        return path == step.file
    return posixpath.dirname(path) in step.directories and _wanted_name(step, posixpath.basename(path))


def _wanted_name(step: Step, name: str) -> bool:
    if step.any_name:
        return not name.startswith(".") and not name.endswith(_LEFTOVERS)
    return name.endswith(".conf") and not name.startswith(".")


def _step_files(step: Step, snapshot: Snapshot) -> Iterator[Entry]:
    if step.file:
        entry = snapshot.get(step.file)
        return iter([entry] if entry else [])
    chosen: dict[str, Entry] = {}
    hidden = {posixpath.basename(e.path) for d in step.hidden_by for e in snapshot.glob(d + "/*")}
    for directory in step.directories:
        for entry in snapshot.glob(directory + "/*"):
            name = posixpath.basename(entry.path)
            if _wanted_name(step, name) and name not in hidden:
                chosen.setdefault(name, entry)
    return (chosen[name] for name in sorted(chosen))


def files_read(reader: Reader, snapshot: Snapshot) -> tuple[Entry, ...]:
    """The files that the reader reads, in its order."""
    return tuple(entry for step in reader.steps for entry in _step_files(step, snapshot))


def assignments(reader: Reader, snapshot: Snapshot) -> tuple[Assignment, ...]:
    """Every assignment the reader makes, in its order. Links are named by the file they lead to."""
    found: list[Assignment] = []
    for entry in files_read(reader, snapshot):
        if entry.text:
            found.extend(parse_sysctl(entry.text, entry.real or entry.path, reader.syntax))
    return tuple(found)


def file_assignments(path: str, snapshot: Snapshot, *, only_block: bool = False) -> tuple[Assignment, ...]:
    """The assignments of one file as C(sysctl -p FILE) reads it, or those of our marked block in it."""
    text = snapshot.text(path)
    if not text:
        return ()
    ours = owned_lines(path, text)
    lines = parse_sysctl(text, path, Syntax(dash="apply", globs=False))
    return tuple(line for line in lines if line.line in ours) if only_block else lines


def owned_lines(path: str, text: str) -> range:
    """The numbers of the lines that are ours: all of a file of ours, those of our marked block elsewhere."""
    lines = text.split("\n")
    if "stateward-conntrack" in path:
        return range(1, len(lines) + 1)
    numbers = [number for number, line in enumerate(lines, 1) if line.startswith(_MARKS)]
    return range(numbers[0], numbers[-1] + 1) if len(numbers) >= 2 else range(0)


_MARKS = ("# BEGIN stateward.conntrack", "# END stateward.conntrack")


def effective(lines: tuple[Assignment, ...], names: Mapping[str, str], pattern: str = "") -> dict[str, Assignment]:
    """The winning assignment of each canonical key.

    names: dotted sysctl name -> canonical key (several names may share one). pattern: a regular expression; only lines whose text
    matches count, as written. An explicit name beats a glob whatever their order; a dash line without a value takes its key out of
    the reach of globs; among equals the last one stands.
    """
    explicit = {line.key for line in lines if not line.glob}
    result: dict[str, Assignment] = {}
    for line in lines:
        if (pattern and not _matches(pattern, line.raw)) or _only_excludes(line):
            continue
        for name in _matching_names(line, names, explicit):
            result.pop(names[name], None)
            result[names[name]] = line
    return result


def _only_excludes(line: Assignment) -> bool:
    return line.quiet and not line.glob and line.value == ""


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return False


def _matching_names(line: Assignment, names: Mapping[str, str], explicit: set[str]) -> list[str]:
    if not line.glob:
        return [line.key] if line.key in names else []
    return [name for name in names if name not in explicit and fnmatch.fnmatchcase(name, line.key)]
