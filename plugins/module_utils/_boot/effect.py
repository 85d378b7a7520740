# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of many assignments decide: globs, exclusions, refused values, and the filters that programs offer."""

from __future__ import annotations

import re
from typing import Iterable, Iterator, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._parse.sysctl import (
    Assignment,
    kernel_int,
    matches_glob,
    normalize_key,
)

Names = Mapping[str, str]

HASHSIZE = "hashsize"

# How a program goes through the lines, and what a value that the kernel refuses does: systemd keeps one line for each
# key and writes that, so an earlier assignment does not stand (LAST); procps writes line by line, so it does (EARLIER);
# busybox leaves the rest of the file unread (STOP).
LAST, EARLIER, STOP = "last", "earlier", "stop"


def effective(
    lines: Iterable[Assignment], names: Names, *, pattern: str = "", refused: str = LAST
) -> dict[str, Assignment]:
    """The winning assignment of each canonical key, in the order in which they are written.

    names: dotted sysctl name -> canonical key (several names may share one). pattern: of C(sysctl --pattern); only keys
    that match count, as written. refused: of the reader. An explicit name beats a glob whatever their order; a dash
    line without a value takes its key out of the reach of globs; among equals the last one stands.
    """
    lines = tuple(_kept(lines) if refused == LAST else lines)
    explicit = {line.key for line in lines if not line.glob}
    result: dict[str, Assignment] = {}
    for line in _obeyed(lines, names, refused):
        if line.excludes or (pattern and not _matches(pattern, line)):
            continue
        for name in _matching_names(line, names, explicit):
            result.pop(names[name], None)
            result[names[name]] = line
    return result


def _kept(lines: Iterable[Assignment]) -> Iterable[Assignment]:
    """What systemd-sysctl has in its table when all files are read (src/sysctl/sysctl.c, parse_file).

    A repeated key or pattern replaces the one before it, a dash line without a value included. It moves to the end only
    when its value is another one.
    """
    kept: dict[str, Assignment] = {}
    for line in lines:
        old = kept.get(line.key)
        if old and (old.value, old.excludes) != (line.value, line.excludes):
            del kept[line.key]
        kept[line.key] = line
    return kept.values()


def is_refused(key: str, value: int | None) -> bool:
    """Whether the kernel answers EINVAL; what else it may refuse (memory, permission) is not known beforehand."""
    return value is None or (key == HASHSIZE and value <= 0)


def _obeyed(lines: Iterable[Assignment], names: Names, refused: str) -> Iterator[Assignment]:
    stopped: set[str] = set()
    for line in lines:
        key = names.get(line.key)
        bad = key is not None and not line.excludes and is_refused(key, kernel_int(line.value))
        if bad and refused == STOP:
            stopped.add(line.source)
        if line.source not in stopped and not (bad and refused in (EARLIER, STOP)):
            yield line


def _matches(pattern: str, line: Assignment) -> bool:
    written = line.raw.partition("=")[0].strip()
    try:
        return re.search(pattern, written) is not None
    except (re.error, OverflowError, RecursionError):
        return False


def _matching_names(line: Assignment, names: Names, explicit: set[str]) -> list[str]:
    if not line.glob:
        return [line.key] if line.key in names else []
    return [name for name in names if name not in explicit and matches_glob(name, line.key)]


def under_prefixes(names: Names, prefixes: Iterable[str], *, proc_prefix: bool) -> dict[str, str]:
    """The names that C(systemd-sysctl --prefix) lets through: whole path components only.

    proc_prefix: of the reader; without it a prefix below /proc/sys matches nothing, without a word (systemd 245).
    """
    wanted = [normalize_key(prefix) for prefix in prefixes]
    if proc_prefix:
        wanted = [prefix[len(_PROC) :] if prefix.startswith(_PROC) else prefix for prefix in wanted]
    return {
        name: key
        for name, key in names.items()
        if any(name == prefix or name.startswith(prefix + ".") for prefix in wanted)
    }


_PROC = "proc.sys."
