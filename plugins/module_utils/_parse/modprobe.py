# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""modprobe.conf and modprobe.d: text in, directives out, as kmod reads them. Nothing here raises."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterable, Iterator, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._parse.kernelargs import (
    BLANKS,
    normalize_name,
    split_pair,
    split_words,
    unsigned_int,
)

# How the rest of a line after the module name is read.
_WORDS, _TEXT, _NOTHING = "words", "text", "nothing"

# modprobe.d(5); include is understood by module-init-tools and busybox, kmod ignores it.
COMMANDS: Mapping[str, str] = {
    "options": _WORDS,
    "install": _TEXT,
    "remove": _TEXT,
    "softdep": _WORDS,
    "alias": _WORDS,
    "blacklist": _NOTHING,
    "include": _WORDS,
}

_NUMBER, _FLAG = "number", "flag"

# Parameters that any kernel has or had. There is none for max.
_NF_CONNTRACK = {
    "hashsize": _NUMBER,  # all kernels
    "expect_hashsize": _NUMBER,
    "acct": _FLAG,  # first seen in 2.6.29
    "tstamp": _FLAG,  # first seen in 3.1
    "nf_conntrack_helper": _FLAG,  # up to 5.19
    "enable_hooks": _FLAG,  # first seen in 5.4
}
PARAMETERS: Mapping[str, Mapping[str, str]] = {
    "nf_conntrack": _NF_CONNTRACK,
    "ip_conntrack": {"hashsize": _NUMBER},  # up to 2.6.19; later an alias of the next ones
    "nf_conntrack_ipv4": {"hashsize": _NUMBER},  # 2.6.24 to 4.18
}

# libkmod underscores(): a dash inside brackets of an alias pattern is a range.
_DASH = re.compile(r"\[[^\]]*\]|-")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True)
class Directive:
    """One logical line.

    module: what the line is about, C(_) for C(-); the pattern of an alias; empty for include.
    args: the words after it, quotes in place; of install and remove the whole command as one element; of include the
        path.
    line: the first of its physical lines, from 1. raw: all of them as written.
    """

    command: str
    module: str
    args: tuple[str, ...]
    source: str
    line: int
    raw: str


def parse_modprobe(text: str, source: str) -> tuple[Directive, ...]:
    """Every directive of a file in its order; lines that modprobe ignores are left out.

    C(#) makes a comment only in first place: elsewhere it is one more argument, and is handed to the kernel.
    """
    found = (_parse_directive(*logical, source) for logical in _logical_lines(text))
    return tuple(directive for directive in found if directive)


def _logical_lines(text: str) -> Iterator[tuple[int, str, str]]:
    """First physical line, joined text, raw text.

    libkmod freadline_wrapped(): a backslash before a newline joins, even in a comment; elsewhere it vanishes.
    """
    start, joined = 1, ""
    raw: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        raw.append(line)
        if is_continued(line):
            joined += _ESCAPE.sub(r"\1", line[:-1])
            continue
        yield start, joined + _ESCAPE.sub(r"\1", line), "\n".join(raw).rstrip("\r")
        start, joined, raw = number + 1, "", []
    if raw:
        yield start, joined, "\n".join(raw)


def is_continued(line: str) -> bool:
    """Whether the next physical line belongs to this one: it ends in an unescaped backslash."""
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _parse_directive(line: int, text: str, raw: str, source: str) -> Directive | None:
    command, rest = _cut(text.strip(BLANKS))
    style = COMMANDS.get(command)
    if style is None:
        return None
    module, rest = ("", rest) if command == "include" else _cut(rest)
    args = _arguments(rest, style)
    if (style != _NOTHING and not args) or (style == _NOTHING and not module):
        return None
    name = _DASH.sub(lambda match: "_" if match.group() == "-" else match.group(), module)
    return Directive(command, name, args, source, line, raw)


def _cut(text: str) -> tuple[str, str]:
    parts = re.split(r"[ \t]+", text, maxsplit=1)
    return parts[0], parts[1] if len(parts) > 1 else ""


def _arguments(rest: str, style: str) -> tuple[str, ...]:
    if style == _WORDS:
        return split_words(rest)
    return (rest,) if rest and style == _TEXT else ()


def option_values(directives: Iterable[Directive], module: str, name: str) -> tuple[tuple[str, Directive], ...]:
    """Every value that options lines give to a parameter, in order, with the line it comes from.

    The order is that of the directives; which one counts is the tool's rule (kmod: the last; module-init-tools 3.3:
    the first).
    """
    wanted = normalize_name(module), normalize_name(name)
    found = []
    for directive in directives:
        for arg in directive.args if directive.command == "options" else ():
            key, value = split_pair(arg)
            if value is not None and (directive.module, normalize_name(key)) == wanted:
                found.append((value, directive))
    return tuple(found)


def malformed(directive: Directive) -> str:
    """Empty, or one sentence that says what is wrong with an options line and what the kernel will do about it."""
    if directive.command != "options":
        return ""
    return _stray_equals(directive) or _bad_parameter(directive)


def is_unknown_parameter(directive: Directive) -> bool:
    """Whether what is wrong with an options line is only a parameter that the module does not have."""
    known = PARAMETERS.get(directive.module)
    names = [normalize_name(name) for name, _value in map(split_pair, directive.args)]
    return not _stray_equals(directive) and known is not None and any(name not in known for name in names)


def _stray_equals(directive: Directive) -> str:
    args = directive.args
    split = any(arg.endswith("=") and "=" not in following for arg, following in zip(args, args[1:]))
    if split or any(arg.startswith("=") for arg in args):
        return f"Blanks around '=' make separate words of name and value: the load of {directive.module} fails."
    return ""


def _bad_parameter(directive: Directive) -> str:
    known = PARAMETERS.get(directive.module)
    for name, value in map(split_pair, directive.args if known is not None else ()):
        kind = (known or {}).get(normalize_name(name))
        if kind is None:
            return _unknown_parameter(directive.module, name)
        if kind == _NUMBER and (value is None or unsigned_int(value) is None):
            return f"The value of {name} is not a number: the load of {directive.module} fails."
    return ""


def _unknown_parameter(module: str, name: str) -> str:
    if "conntrack_" in name:
        what = f"{name} is a sysctl, not a parameter of {module}"
    else:
        what = f"{module} has no parameter {name}"
    return what + ": kernels before 3.11 refuse to load the module, newer ones log it and ignore it."
