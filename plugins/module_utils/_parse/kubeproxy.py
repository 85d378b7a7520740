# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The conntrack part of a KubeProxyConfiguration: text in, items out. Nothing here raises.

YAML is read by its indentation, because a target has no YAML library.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Iterator

from ansible_collections.stateward.conntrack.plugins.module_utils._parse.kernelargs import BLANKS
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.sections import strip_quotes

# kubeproxy.config.k8s.io/v1alpha1 KubeProxyConntrackConfiguration.
KEYS = (
    "maxPerCore",
    "min",
    "tcpEstablishedTimeout",
    "tcpCloseWaitTimeout",
    "tcpBeLiberal",  # 1.29
    "udpTimeout",  # 1.29
    "udpStreamTimeout",  # 1.29
)

_MAPPING = re.compile(r"[\"']?conntrack[\"']?:(?:[ \t]+(.*))?$")
_PAIR = re.compile(r"[\"']?(\w+)[\"']?:[ \t]+(.*)", re.ASCII)
_COMMENT = re.compile(r"(?:^|[ \t])#.*")
_EMPTY = ("", "~", "null", "Null", "NULL")

# Go's time.ParseDuration.
_DURATION = re.compile(r"([+-]?)((?:(?:[0-9]{1,20}\.?[0-9]{0,20}|\.[0-9]{1,20})(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+)")
_DURATION_PART = re.compile(r"([0-9.]+)([a-z\u00b5\u03bc]+)")
_UNITS = {
    "h": Fraction(3600),
    "m": Fraction(60),
    "s": Fraction(1),
    "ms": Fraction(1, 10**3),
    "us": Fraction(1, 10**6),
    "\u00b5s": Fraction(1, 10**6),
    "\u03bcs": Fraction(1, 10**6),
    "ns": Fraction(1, 10**9),
}
_MAX_SECONDS = (2**63 - 1) // 10**9  # a Duration is a signed 64 bit number of nanoseconds


@dataclass(frozen=True)
class Item:
    """One scalar below C(conntrack:).

    value: as written, without quotes; durations are for duration_seconds(). line: from 1.
    """

    key: str
    value: str
    source: str
    line: int


def parse_kubeproxy(text: str, source: str) -> tuple[Item, ...]:
    """The known conntrack keys that have a value, in the file's order.

    The configuration may be YAML, alone or as a block inside a ConfigMap, or JSON.
    """
    found = _json_pairs(text) if text.lstrip(BLANKS).startswith("{") else _yaml_pairs(text)
    return tuple(Item(key, value, source, line) for key, value, line in found if key in KEYS and value not in _EMPTY)


def _json_pairs(text: str) -> Iterator[tuple[str, str, int]]:
    try:
        conntrack = json.loads(text)["conntrack"]
    except (ValueError, KeyError, RecursionError):  # perhaps a template: it begins with a brace, too
        yield from _yaml_pairs(text)
        return
    start = text.index('"conntrack"') if '"conntrack"' in text else 0
    for key, value in conntrack.items() if isinstance(conntrack, dict) else ():
        if isinstance(value, (str, int, float)):
            yield key, _scalar(value), text.count("\n", 0, max(0, text.find(json.dumps(key), start))) + 1


def _scalar(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _yaml_pairs(text: str) -> Iterator[tuple[str, str, int]]:
    parent = child = -1  # indentation of conntrack: and of its keys; -1 outside
    for number, line in enumerate(text.split("\n"), 1):
        body = _COMMENT.sub("", line).strip(BLANKS)
        indent = len(line) - len(line.lstrip(" "))
        if not body:
            continue
        mapping = _MAPPING.match(body)
        if mapping and (parent < 0 or indent <= parent):
            parent, child = (indent, -1) if not mapping.group(1) else (-1, -1)
            yield from _flow_pairs(mapping.group(1) or "", number)
        elif indent <= parent:
            parent = -1
        elif parent >= 0:
            child = indent if child < 0 else child
            yield from _block_pair(body, number) if indent == child else ()


def _block_pair(body: str, number: int) -> Iterator[tuple[str, str, int]]:
    match = _PAIR.match(body)
    if match:
        yield match.group(1), strip_quotes(match.group(2)), number


def _flow_pairs(text: str, number: int) -> Iterator[tuple[str, str, int]]:
    """C({min: 1, maxPerCore: 2}) on one line."""
    for part in text.strip(BLANKS + "{}").split(","):
        yield from _block_pair(part.strip(BLANKS), number)


def duration_seconds(text: str) -> int | None:
    """Whole seconds of a Go duration such as 24h0m0s or 1.5h; None when it is none.

    Fractions of a second are cut off, as kube-proxy does before it writes the value.
    """
    body = text.strip(BLANKS)
    if body in ("0", "+0", "-0"):
        return 0
    match = _DURATION.fullmatch(body)
    if not match:
        return None
    parts = _DURATION_PART.findall(match.group(2))
    seconds = int(sum(_number(number) * _UNITS[unit] for number, unit in parts))
    if seconds > _MAX_SECONDS:
        return None
    return -seconds if match.group(1) == "-" else seconds


def _number(text: str) -> Fraction:
    whole, _point, fraction = text.partition(".")
    return Fraction(int(whole or "0")) + Fraction(int(fraction or "0"), 10 ** len(fraction))
