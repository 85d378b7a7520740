# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Task options checked and turned into Options. Pure: nothing here knows the host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Iterator, Mapping, Union

from ansible_collections.stateward.conntrack.plugins.module_utils._argument_spec import (
    ABSENT,
    ALL,
    AUTO,
    NONE,
    PERSIST,
    PRESENT,
    TUNE_OPTIONS,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import OptionError
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_keys import Key, find_key
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Operation
from ansible_collections.stateward.conntrack.plugins.module_utils._option_values import (
    BUCKETS,
    COUNT,
    SECONDS,
    SIZE,
    MemoryLimit,
    Problems,
    Range,
    parse_boolean,
    parse_choice,
    parse_fraction,
    parse_integer,
    parse_memory_limit,
    show,
    to_boolean,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._undo import parse_undo

KEEP = "keep"
_SIZES = {"max": SIZE, "hashsize": BUCKETS}

Size = Union[int, str]


@dataclass(frozen=True)
class Options:
    """What the task asks for, every value checked.

    max, hashsize: a number, AUTO (compute it) or KEEP (leave it as it is).
    entries_per_bucket, memory_limit: None means the profile's.
    connections, connection_rate (per second): None means not given.
    timeouts (seconds) and settings: by canonical key name, only what the task itself gives, not the profile's.
    persist: without C(all), which is replaced by everything.
    undo: the operations of an earlier run that were done; None: everything that was ever done.
    """

    state: str
    profile: str
    max: Size
    hashsize: Size
    entries_per_bucket: float | None
    memory_limit: MemoryLimit | None
    connections: int | None
    connection_rate: int | None
    headroom: float
    allow_lower: bool
    timeouts: Mapping[str, int]
    settings: Mapping[str, int]
    runtime: bool
    persist: frozenset[str]
    takeover: bool
    backup: bool
    force: bool
    undo: tuple[Operation, ...] | None
    transport: str


def parse_options(params: Mapping[str, Any]) -> Options:
    """The options of conntrack_tune; a missing or None parameter takes its default.

    With O(state=absent) everything about sizes and values is ignored, not even checked: a typing error in a fleet's
    variables must not stop its way back.

    Raises OptionError with one sentence for each problem found, all of them in one message.
    """
    if params.get("state") == ABSENT:
        params = {name: params.get(name) for name in _USED_WHEN_ABSENT}
    problems = Problems()
    values: dict[str, Any] = {}
    for name, parse in _PARSERS.items():
        with problems.gathered():
            value = _given(params, name)
            values[name] = None if value is None else parse(name, value)
    problems.add(*_find_contradictions(values))
    problems.raise_any()
    return Options(**values)


_USED_WHEN_ABSENT = ("state", "persist", "runtime", "backup", "force", "undo", "transport")


def _given(params: Mapping[str, Any], name: str) -> Any:
    """The value given, else the default; None for an option that has none."""
    value = params.get(name)
    if value is None and name in ("max", "hashsize"):
        return KEEP if params.get("profile") == NONE else AUTO
    return TUNE_OPTIONS[name].get("default") if value is None else value


def _find_contradictions(values: Mapping[str, Any]) -> Iterator[str]:
    """One sentence for each pair of options that cannot both be meant. A value that is missing contradicts nothing."""
    has_need = values.get("connections") is not None or values.get("connection_rate") is not None
    if has_need and isinstance(values.get("max"), int):
        yield (
            "max: an exact number was given together with connections or connection_rate, "
            "and only one of them can decide; leave out max to have it computed, or leave out the others."
        )
    if has_need and values.get("max") == KEEP:
        yield (
            "max: connections or connection_rate was given, but max is kept as it is (the default with profile=none); "
            "write max=auto to have it computed, or leave out the others."
        )
    if values.get("runtime") is False and values.get("persist") == frozenset() and values.get("state") == PRESENT:
        yield (
            "runtime: false together with an empty persist leaves nothing to do; "
            "write runtime=true, or name in persist what is to be written."
        )
    if values.get("undo") is not None and values.get("state") == PRESENT:
        yield "undo: operations are taken back with state=absent; write that, or leave out undo."


# ---------------------------------------------------------------------------------------------- composed values


def _parse_choice(name: str, value: Any) -> str:
    return parse_choice(name, value, TUNE_OPTIONS[name]["choices"])


def _parse_size(name: str, value: Any) -> Size:
    if isinstance(value, str) and value in (AUTO, KEEP):
        return value
    return parse_integer(name, value, _SIZES[name], words=f", {AUTO} or {KEEP}")


def _parse_count(name: str, value: Any) -> int:
    return parse_integer(name, value, COUNT)


def _parse_headroom(name: str, value: Any) -> float:
    return parse_fraction(name, value, low=1, high=100)


def _parse_ratio(name: str, value: Any) -> float:
    # At 1/8 the bucket heads already cost a quarter of the entries; at 64 the mean chain of a full table is 128 long,
    # beyond the chain limit of every kernel that has one (5.15 and later).
    return parse_fraction(name, value, low=0.125, high=64)


def _parse_persist(name: str, value: Any) -> frozenset[str]:
    places = value.split(",") if isinstance(value, str) else value
    if not isinstance(places, (list, tuple)):
        raise OptionError(f"{name}: {show(value)} is not a list; write a list of {', '.join(PERSIST)}, or [{ALL}].")
    problems = Problems()
    chosen = set()
    for place in places:
        with problems.gathered():
            text = place.strip() if isinstance(place, str) else place
            chosen.add(_parse_choice(name, text))
    problems.raise_any()
    return frozenset(PERSIST if ALL in chosen else chosen)


# ---------------------------------------------------------------------------------------------- kernel keys


def _parse_timeouts(name: str, value: Any) -> dict[str, int]:
    return _parse_keys(name, value, group="timeout", parse=_parse_timeout)


def _parse_settings(name: str, value: Any) -> dict[str, int]:
    return _parse_keys(name, value, group="setting", parse=_parse_setting)


def _parse_keys(name: str, value: Any, *, group: str, parse: Callable[[str, Any, Key], int]) -> dict[str, int]:
    """A dictionary of kernel keys to numbers."""
    if not isinstance(value, Mapping):
        raise OptionError(f"{name}: {show(value)} is not a dictionary; write pairs of a name and a number.")
    problems = Problems()
    numbers: dict[str, int] = {}
    for given, wanted in value.items():
        with problems.gathered():
            key = find_key(group, given if isinstance(given, str) else show(given))
            numbers[key.name] = parse(f"{name}.{key.name}", wanted, key)
    problems.raise_any()
    return numbers


def _parse_timeout(name: str, value: Any, _key: Key) -> int:
    return parse_integer(name, value, SECONDS)


# events has 2 for "automatic"; a key that goes higher holds a number: "yes" for log_invalid would be protocol 1, ICMP.
_HIGHEST_SWITCH = 2


def _parse_setting(name: str, value: Any, key: Key) -> int:
    allowed = Range(key.low, key.high)
    truth = to_boolean(value)
    if truth and key.high > _HIGHEST_SWITCH:
        raise OptionError(f"{name}: {show(value)} says nothing about a key that holds a number; write {allowed}.")
    return parse_integer(name, value if truth is None else int(truth), allowed)


_PARSERS: dict[str, Callable[[str, Any], Any]] = {
    "state": _parse_choice,
    "profile": _parse_choice,
    "max": _parse_size,
    "hashsize": _parse_size,
    "entries_per_bucket": _parse_ratio,
    "memory_limit": parse_memory_limit,
    "connections": _parse_count,
    "connection_rate": _parse_count,
    "headroom": _parse_headroom,
    "allow_lower": parse_boolean,
    "timeouts": _parse_timeouts,
    "settings": _parse_settings,
    "runtime": parse_boolean,
    "persist": _parse_persist,
    "takeover": parse_boolean,
    "backup": parse_boolean,
    "force": parse_boolean,
    "undo": parse_undo,
    "transport": _parse_choice,
}
