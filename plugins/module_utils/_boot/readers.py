# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reads which sysctl file, in which order, and how: one row per program that applies them.

The order decides who wins: the last assignment of a key stands.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Iterator, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._boot.effect import EARLIER, LAST, STOP, effective
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.cmdline import parse_cmdline
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.sysctl import (
    APPLY,
    SKIP,
    UNKNOWN,
    Assignment,
    Syntax,
    normalize_key,
    parse_sysctl,
)

__all__ = [
    "CMDLINE",
    "EARLIER",
    "LAST",
    "READERS",
    "STOP",
    "SYSCTL_CONF",
    "Reader",
    "Step",
    "assignments",
    "cmdline_assignments",
    "effective",
    "file_assignments",
    "files_read",
    "owned_lines",
    "where",
]

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
    """One program that applies sysctl files.

    steps: in their order; syntax: how it reads a line; refused: what a refused value does. proc_prefix: its
    C(--prefix) understands a path below /proc/sys (systemd up to 239).
    """

    name: str
    steps: tuple[Step, ...]
    syntax: Syntax
    refused: str = EARLIER
    proc_prefix: bool = False


_ETC, _RUN = "/etc/sysctl.d", "/run/sysctl.d"
_ALL = (_ETC, _RUN, "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
_MERGED = Step(_ALL)
_CONF = Step(file=SYSCTL_CONF)

_OLD = Syntax(dash=UNKNOWN, globs=False)
# procps before 3.3.10 cuts lines at 255 characters.
_OLD_SHORT = Syntax(dash=UNKNOWN, globs=False, line_limit=255)
_NEW = Syntax(dash=APPLY, globs=True)
_BUSYBOX = Syntax(dash=SKIP, globs=False)

READERS: Mapping[str, Reader] = {
    reader.name: reader
    for reader in (
        # systemd 245 and newer: a leading dash is understood, globs too; /etc/sysctl.conf only through a link in a
        # directory.
        Reader("systemd", (_MERGED,), _NEW, LAST),
        # systemd 239-244 (EL8's 239): the dash, no globs.
        Reader("systemd-239", (_MERGED,), Syntax(dash=APPLY, globs=False), LAST, proc_prefix=True),
        # systemd before that, outside the Red Hat family (Ubuntu 16.04 and 18.04, SLES 12): neither.
        Reader("systemd-229", (_MERGED,), _OLD, LAST, proc_prefix=True),
        # EL7's 219: a Red Hat patch reads /etc/sysctl.conf natively, after everything.
        Reader("systemd-el7", (_MERGED, _CONF), _OLD, LAST, proc_prefix=True),
        # procps `sysctl --system` (Debian's sysvinit script, OpenRC): directories merged, /etc/sysctl.conf always last.
        Reader("procps", (_MERGED, _CONF), _NEW),
        # Red Hat initscripts before sysctl.d (8.45.37 on EL5, 9.03.24 on EL6).
        Reader("el-conf", (_CONF,), _OLD_SHORT),
        # Red Hat initscripts with sysctl.d: /etc/sysctl.conf first, then every name in the directory.
        Reader("el-conf-then-d", (_CONF, Step((_ETC,), any_name=True)), _OLD_SHORT),
        # Debian 6 and 7, Ubuntu's upstart job: the directory, then the file.
        Reader("d-then-conf", (Step((_ETC,)), _CONF), _OLD_SHORT),
        # OpenWrt's init script, with the sysctl of busybox.
        Reader("openwrt", (Step((_ETC,)), _CONF), _BUSYBOX, STOP),
        # SLES 11 boot.sysctl.
        Reader("conf", (_CONF,), _OLD_SHORT),
        # Alpine since 3.10: vendor files unless hidden by name, /etc likewise, the file, /run.
        Reader(
            "alpine",
            (
                Step(("/lib/sysctl.d",), hidden_by=(_ETC, _RUN)),
                Step(("/usr/lib/sysctl.d",), hidden_by=(_ETC, _RUN)),
                Step((_ETC,), hidden_by=(_RUN,)),
                _CONF,
                Step((_RUN,)),
            ),
            _BUSYBOX,
            STOP,
        ),
        # Alpine up to 3.9: directory after directory, nothing hidden, vendor files after /etc.
        Reader("alpine-old", (*(Step((path,)) for path in (_RUN, _ETC, *_ALL[2:])), _CONF), _BUSYBOX, STOP),
        # Void's 08-sysctl.sh: a link farm of the directories, then the file.
        Reader("void", (Step((_RUN, _ETC, "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d")), _CONF), _NEW),
        # TuneD's reapply_sysctl (plugin_sysctl.py): /run and /etc merged by name, then the file; never /usr/lib.
        Reader("tuned", (Step((_RUN, _ETC)), _CONF), _OLD),
        # No program at all: the initial state of a host without an init system that we know.
        Reader("none", (), Syntax()),
    )
}


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
            # A dangling link is passed over: it hides nothing. One to /dev/null is empty: it does.
            if _wanted_name(step, name) and name not in hidden and entry.error != "ENOENT":
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
    entry = snapshot.get(path)
    if entry is None or not entry.text:
        return ()
    ours = owned_lines(path, entry.text)
    lines = parse_sysctl(entry.text, entry.real or path, Syntax(dash=APPLY, globs=False))
    return tuple(line for line in lines if line.line in ours) if only_block else lines


CMDLINE = "kernel command line"


def cmdline_assignments(cmdline: str) -> tuple[Assignment, ...]:
    """C(sysctl.KEY=VALUE) words, which the kernel applies before it starts init (since 5.8, fs/proc/proc_sysctl.c)."""
    pairs = [(name[len("sysctl") + 1 :], value or "") for name, value in parse_cmdline(cmdline) if _is_sysctl(name)]
    return tuple(Assignment(normalize_key(key), value, CMDLINE, 0, f"{key}={value}") for key, value in pairs)


def _is_sysctl(name: str) -> bool:
    return name.startswith(("sysctl.", "sysctl/"))


def where(line: Assignment) -> str:
    """C(file:line) of an assignment."""
    return f"{line.source}:{line.line}" if line.line else line.source


def owned_lines(path: str, text: str) -> frozenset[int]:
    """The numbers of the lines that are ours: all of a file of ours, those of our marked blocks elsewhere."""
    lines = text.split("\n")
    if "stateward-conntrack" in path:
        return frozenset(range(1, len(lines) + 1))
    owned: set[int] = set()
    opened = 0
    for number, line in enumerate(lines, 1):
        if line.startswith(_BEGIN):
            opened = number
        elif line.startswith(_END) and opened:
            owned.update(range(opened, number + 1))
            opened = 0
    return frozenset(owned)


_BEGIN, _END = "# BEGIN stateward.conntrack", "# END stateward.conntrack"
