# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""sysctl.conf and sysctl.d: text in, assignments out, as each of the programs that apply them reads a line.

No function here raises, whatever the text.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from typing import Iterator

from ansible_collections.stateward.conntrack.plugins.module_utils._parse.kernelargs import BLANKS, c_integer

APPLY, UNKNOWN, SKIP = "apply", "unknown", "skip"

_GLOB = re.compile(r"[*?\[]")
_SWAP = str.maketrans("./", "/.")

# kernel/sysctl.c proc_get_long(): minus is the only sign; after the number a blank, a tab, a newline or the end.
_INTEGER = re.compile(r"(-?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)(?=[ \t\n]|\Z)")
_TMPBUFLEN = 22  # kernel/sysctl.c: a number that fills this buffer is refused
_INT_MAX = 2147483647


@dataclass(frozen=True)
class Syntax:
    """How one program reads a line.

    dash: what a leading C(-) does. C(apply): the key is set, errors are ignored (systemd 239, procps 3.3.16 and
        newer); C(unknown): it becomes part of a key that does not exist (older ones, EL7); C(skip): the line is
        dropped (busybox).
    globs: C(*), C(?) and C([...]) in keys (systemd 245, procps 4 and newer).
    line_limit: bytes after which the rest of a line is read as a new line (procps before 3.3.10: 255); None for no
        limit.
    comments: the characters that make a comment of a line when they come first.
    """

    dash: str = APPLY
    globs: bool = True
    line_limit: int | None = None
    comments: str = "#;"


@dataclass(frozen=True)
class Assignment:
    """One C(key = value) of a file.

    key: see normalize_key(). value: without blanks around it. line: the physical line, from 1. raw: what was parsed,
        as written.
    quiet: a leading dash asked to ignore errors. glob: the key is a pattern.
    excludes: C(-key) without C(=): sets nothing, keeps globs away from the key; value is empty and quiet is true.
    """

    key: str
    value: str
    source: str
    line: int
    raw: str
    quiet: bool = False
    glob: bool = False
    excludes: bool = False


def parse_sysctl(text: str, source: str, syntax: Syntax) -> tuple[Assignment, ...]:
    """Every assignment of a file in its order. Lines without C(=) assign nothing.

    A byte order mark stays part of the first key: all programs lose that key, too. A NUL ends its line.
    """
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        for piece in _pieces(line.rstrip("\r"), syntax.line_limit):
            assignment = _parse_line(piece, number, source=source, syntax=syntax)
            if assignment:
                found.append(assignment)
    return tuple(found)


def _pieces(line: str, limit: int | None) -> Iterator[str]:
    """What fgets() returns call by call: it counts bytes, and may cut a character in two."""
    if limit is None or len(line) * 4 <= limit:
        yield line
        return
    data = line.encode("utf-8", "surrogateescape")
    for start in range(0, len(data), limit):
        yield data[start : start + limit].decode("utf-8", "surrogateescape")


def _parse_line(piece: str, number: int, *, source: str, syntax: Syntax) -> Assignment | None:
    body = piece.split("\0", 1)[0].strip(BLANKS)
    dashed = body.startswith("-")
    if not body or body[0] in syntax.comments or (dashed and syntax.dash == SKIP):
        return None
    left, equals, value = body.partition("=")
    quiet = dashed and syntax.dash == APPLY
    excludes = not equals and quiet and syntax.globs
    key = normalize_key(left[1:] if quiet else left)
    if not key or not (equals or excludes):
        return None
    return Assignment(
        key=key,
        value=value.split("\r", 1)[0].strip(BLANKS),
        source=source,
        line=number,
        raw=piece,
        quiet=quiet,
        glob=syntax.globs and bool(_GLOB.search(key)),
        excludes=excludes,
    )


def normalize_key(text: str) -> str:
    """The dotted form of a key, one for all its spellings: C(net/netfilter/x) is C(net.netfilter.x).

    If the first separator is a slash, dots are literal, otherwise dots and slashes change places (sysctl.d(5)); so a
    dot inside a path component is written C(/): C(net/ipv4/conf/eth0.100/rp_filter) is
    C(net.ipv4.conf.eth0/100.rp_filter). A path whose very first component has a dot (none exists) has no dotted form
    and is returned with a leading slash.
    """
    path = text.strip(BLANKS)
    first = next((char for char in path if char in "./"), "")
    if first == ".":
        path = path.translate(_SWAP)
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if parts and "." in parts[0]:
        return "/" + "/".join(parts)
    return "/".join(parts).translate(_SWAP)


def matches_glob(key: str, pattern: str) -> bool:
    """glob(3) below /proc/sys: every component on its own."""
    names, patterns = key.split("."), pattern.split(".")
    try:
        return len(names) == len(patterns) and all(map(fnmatch.fnmatchcase, names, patterns))
    except re.error:  # Python before 3.10 on a reversed range such as [z-a]; glob(3) matches nothing
        return False


def kernel_int(value: str) -> int | None:
    """What the kernel stores when this text is written to an integer key; None when it answers EINVAL.

    The first word counts: decimal, 0x hex, leading 0 octal, an optional minus. C(46 # x) is 46; C(abc), C(08), C(5k),
    C(+5) and an empty text are refused, and so is what does not fit 32 bits (old kernels wrap it instead).
    """
    match = _INTEGER.match(value.strip(BLANKS))
    if not match or len(match.group(0)) >= _TMPBUFLEN - 1:
        return None
    number = c_integer(match.group(2))
    number = -number if match.group(1) else number
    return number if -_INT_MAX - 1 <= number <= _INT_MAX else None
