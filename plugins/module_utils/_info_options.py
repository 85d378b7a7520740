# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of conntrack_info checked. Pure: nothing here knows the host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._argument_spec import INFO_OPTIONS
from ansible_collections.stateward.conntrack.plugins.module_utils._option_values import (
    COUNT,
    MemoryLimit,
    Problems,
    Range,
    parse_boolean,
    parse_choice,
    parse_integer,
    parse_memory_limit,
)

_PERCENT = Range(1, 100, unit=" percent")
_ROWS = Range(1, 1000, above="a list that nobody reads")
_SECONDS = Range(1, 3600, unit=" seconds")


@dataclass(frozen=True)
class InfoOptions:
    """warning, critical: percent of max. flow_limit: lines, None to choose by the source. time_limit: seconds."""

    warning: int
    critical: int
    memory_limit: MemoryLimit
    flows: bool
    top: int
    flow_limit: int | None
    time_limit: int
    transport: str


def parse_info_options(params: Mapping[str, Any]) -> InfoOptions:
    """The options of conntrack_info; a missing or None parameter takes its default.

    Raises OptionError with one sentence for each problem found, all of them in one message.
    """
    problems = Problems()
    values: dict[str, Any] = {}
    for name, parse in _PARSERS.items():
        given = params.get(name)
        value = INFO_OPTIONS[name].get("default") if given is None else given
        with problems.gathered():
            values[name] = None if value is None else parse(name, value)
    if values.get("warning", 0) > values.get("critical", 100):
        problems.add("warning: it must not be above critical, or nothing would ever be only a warning.")
    problems.raise_any()
    return InfoOptions(**values)


def _parse_choice(name: str, value: Any) -> str:
    return parse_choice(name, value, INFO_OPTIONS[name]["choices"])


def _integer(allowed: Range) -> Callable[[str, Any], int]:
    return lambda name, value: parse_integer(name, value, allowed)


_PARSERS: Mapping[str, Callable[[str, Any], Any]] = {
    "warning": _integer(_PERCENT),
    "critical": _integer(_PERCENT),
    "memory_limit": parse_memory_limit,
    "flows": parse_boolean,
    "top": _integer(_ROWS),
    "flow_limit": _integer(COUNT),
    "time_limit": _integer(_SECONDS),
    "transport": _parse_choice,
}
