# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of modules to load at boot: text in, names out. Nothing here raises. Names have C(_) for C(-)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterator, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._parse.kernelargs import BLANKS, normalize_name

_COMMENT = re.compile(r"(?:^|(?<=[ \t;]))#.*")
_SEPARATOR = re.compile(r"[;&|()]+")
_REDIRECTION = re.compile(r"[0-9]*[<>]+&?[ \t]*[^ \t;&|]*")
_VARIABLE = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)=(?:\"([^\"$`]*)\"|'([^']*)'|([\w-]*))[ \t]*$", re.ASCII)
_FOR = re.compile(r"[ \t]*for[ \t]+([A-Za-z_]\w*)[ \t]+in[ \t]+(.*)", re.ASCII)
_REFERENCE = re.compile(r"\$(?:(\w+)|\{(\w+)\})", re.ASCII)
_NAME = re.compile(r"[\w-]+", re.ASCII)
_KEYWORDS = {"if", "then", "else", "elif", "do", "while", "until", "!", "{", "exec", "time"}

# modprobe(8): these make it do something else than load.
_NOT_LOADING = re.compile(r"-[a-zA-Z]*[rnclDV]|--(remove|dry-run|show.*|list|resolve-alias|version|dump-modversions)$")
_WITH_ARGUMENT = {"-C", "--config", "-d", "--dirname", "-S", "--set-version", "-t", "--type", "-w", "--wait"}
_MANY = re.compile(r"-[a-zA-Z]*a|--all$")


@dataclass(frozen=True)
class ModuleLine:
    """One module to load.

    args: the words after the name; systemd-modules-load takes none and makes a name of the whole line.
    """

    name: str
    args: tuple[str, ...]
    source: str
    line: int


def parse_modules(text: str, source: str) -> tuple[ModuleLine, ...]:
    """The lines of modules-load.d, /etc/modules or OpenWrt's /etc/modules.d.

    C(#) and C(;) make comments only in first place: elsewhere they are handed to the loader like any other word.
    """
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        body = line.strip(BLANKS)
        if body and body[0] not in "#;":
            words = _split(body)
            found.append(ModuleLine(normalize_name(words[0]), words[1:], source, number))
    return tuple(found)


def parse_module_list(value: str) -> tuple[str, ...]:
    """The names in a blank separated list: SLES 11 MODULES_LOADED_ON_BOOT, OpenRC modules."""
    return tuple(normalize_name(word) for word in _split(value))


def _split(text: str) -> tuple[str, ...]:
    return tuple(word for word in re.split("[" + BLANKS + "]+", text) if word)


def parse_modules_script(text: str, source: str) -> tuple[ModuleLine, ...]:
    """What the C(modprobe) calls of a shell script load: EL5 and EL6 /etc/sysconfig/modules/*.modules, /etc/rc.modules.

    Best effort: conditions count as true; variables are followed when they are plain lists of words or the variable
    of a C(for) over them.
    """
    found: list[ModuleLine] = []
    variables: dict[str, str] = {}
    for number, line in _script_lines(text):
        _remember_variable(line, variables)
        for command in _SEPARATOR.split(_REDIRECTION.sub(" ", line)):
            found.extend(ModuleLine(name, args, source, number) for name, args in _loads(_words(command), variables))
    return tuple(found)


def _script_lines(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines without comments, with the number of their first physical line."""
    start, joined = 1, ""
    for number, line in enumerate(text.split("\n"), 1):
        body = _COMMENT.sub("", line.rstrip("\r"))
        if body.endswith("\\"):
            joined += body[:-1] + " "
            continue
        yield start, joined + body
        start, joined = number + 1, ""
    yield start, joined


def _remember_variable(line: str, variables: dict[str, str]) -> None:
    simple = line.rstrip("; \t")
    match = _VARIABLE.match(simple)
    if match:
        variables[match.group(1)] = " ".join(group for group in match.groups()[1:] if group)
        return
    loop = _FOR.match(line)
    if loop:
        variables[loop.group(1)] = _expand(re.split(r";|[ \t]do(?:[ \t]|$)", loop.group(2))[0], variables)


def _expand(text: str, variables: Mapping[str, str]) -> str:
    """Known variables replaced, once; words of unknown ones keep their dollar sign."""
    return _REFERENCE.sub(lambda match: variables.get(match.group(1) or match.group(2), match.group()), text)


def _words(command: str) -> list[str]:
    words = [word.strip("\"'") for word in _split(command)]
    while words and words[0] in _KEYWORDS:
        words.pop(0)
    return words


def _loads(words: list[str], variables: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Names and parameters that one simple command loads; a loop variable stands for all of its words."""
    if not words or words[0].rpartition("/")[2] != "modprobe":
        return
    many, operands = _operands(words[1:])
    names = " ".join(operands if many else operands[:1])
    args = () if many else _split(_expand(" ".join(operands[1:]), variables))
    for name in _split(_expand(names, variables)):
        if _NAME.fullmatch(name):
            yield normalize_name(name), args


def _operands(words: list[str]) -> tuple[bool, list[str]]:
    """Whether all words are names, and the words that are no options; none when the call loads nothing."""
    many, rest = False, list(words)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option == "--":
            break
        if _NOT_LOADING.match(option):
            return False, []
        many = many or bool(_MANY.match(option))
        if option in _WITH_ARGUMENT:
            rest = rest[1:]
    return many, rest
