# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the filters are given about results and hosts: checked, so that a wrong input is named and not a missing key."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ansible_collections.stateward.conntrack.plugins.plugin_utils._rollout import Member, find_member
from ansible_collections.stateward.conntrack.plugins.plugin_utils._verdict import EVENTS, drift

_NEEDED = ("before", "after", "sizing", "operations", "survives", "not_applied", "conflicts")


def tune_result(value: Any) -> Mapping[str, Any]:
    """A result of conntrack_tune. Raises ValueError for anything else, with the message of a task that failed."""
    if not isinstance(value, Mapping) or any(name not in value for name in _NEEDED):
        why = f" ({value['msg']})" if isinstance(value, Mapping) and value.get("msg") else ""
        raise ValueError(f"this is not what conntrack_tune returns when it succeeds{why}")
    return value


def find_drift(result: Any, events: Any, persist: Any) -> list[str]:
    """Where a host is not what its policy says, from a result of check mode. Raises ValueError for a wrong input.

    events: what the values have to survive, which is nothing where persist names no way of persisting. None is all of
    either.
    """
    ways = ("all",) if persist is None else name_list("persist", persist)
    checked: Sequence[str] = name_list("events", tuple(EVENTS) if events is None else events) if ways else ()
    return drift(tune_result(result), checked)


def name_list(option: str, value: Any) -> Sequence[str]:
    """A list of names; one name or several with commas are taken as well. Raises ValueError for anything else."""
    names = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
    if isinstance(names, Mapping) or not all(isinstance(name, str) for name in _iterated(option, names)):
        raise ValueError(f"{option} must be a list of names, not {value!r}")
    return list(names)


def _iterated(option: str, value: Any) -> list[Any]:
    try:
        return list(value)
    except TypeError as error:
        raise ValueError(f"{option} must be a list of names, not {value!r}") from error


def find_fleet(hostvars: Any, hosts: Any) -> list[Member]:
    """What became of each host. Raises ValueError when hostvars does not have one of them."""
    return [find_member(name, _variables(hostvars, name)) for name in name_list("hosts", hosts)]


def _variables(hostvars: Any, name: str) -> Mapping[str, Any]:
    try:
        variables: Mapping[str, Any] = hostvars[name]
    except (KeyError, TypeError) as error:
        raise ValueError(f"there are no variables of a host {name}") from error
    return variables
