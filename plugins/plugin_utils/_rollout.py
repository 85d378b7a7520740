# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout over a fleet: what became of each host, whether a batch is healthy, whether the next one may start.

Pure: from the variables that the tasks of a playbook registered on each host. See playbooks/harden.yml for the tasks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Iterable, Mapping, Sequence

from ansible_collections.stateward.conntrack.plugins.module_utils._host_sentences import ALREADY
from ansible_collections.stateward.conntrack.plugins.module_utils._model import DONE, FAILED, MODULE, VALUE
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.stat import parse_stat, parse_stat_output

# Each of these means a connection that was refused or thrown out.
LOSSES = ("drop", "early_drop", "insert_failed", "chaintoolong")

# What can become of a host.
WAITING, SKIPPED = "not started", "skipped"
UNREACHABLE, REFUSED, LOST = "unreachable", "refused", "lost"
PLANNED, CHANGED, UNCHANGED = "would change", "changed", "unchanged"
ROLLED_BACK, STUCK = "rolled back", "NOT rolled back"

_FAILURES = (UNREACHABLE, REFUSED, LOST)
# States that make the whole run a failed one.
PROBLEMS = (*_FAILURES, ROLLED_BACK, STUCK)

_TIME_IS_OVER = "action failed to execute in the expected time frame"
# What _host_report says of a change that stays although it was to be taken back.
_STAYS = "could not be undone"
_CONTAINER = "a container or another network namespace: the table belongs to the host outside"


@dataclass(frozen=True)
class Member:
    """One host of the fleet.

    state: one of the words above. reason: why, for every state that needs one. result: what conntrack_tune returned;
        empty when it did not run. back: what it returned when it put the host back.
    watched: the counters were read at both ends of the watch. losses: by name, how much those of LOSSES grew in it.
    allowed: so much may each of them grow on this host.
    verdict: why its batch was found unhealthy; empty when it was not.
    """

    name: str
    state: str
    reason: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    back: Mapping[str, Any] = field(default_factory=dict)
    watched: bool = False
    losses: Mapping[str, int] = field(default_factory=dict)
    allowed: int = 0
    verdict: str = ""

    @property
    def touched(self) -> bool:
        """Whether the running kernel was changed: only then is there something to watch."""
        done = (item for item in self.result.get("operations", ()) if item["status"] == DONE or _stays(item))
        return any(item["kind"] in (VALUE, MODULE) for item in done)


@dataclass(frozen=True)
class Names:
    """The variables of a host: the look at it, the change, both ends of the watch, the way back, and the sentences.

    allowed: what this host may lose in the watch. seconds: how long that is.
    """

    seen: str = "__harden_seen"
    result: str = "harden_result"
    start: str = "__harden_start"
    end: str = "__harden_end"
    undone: str = "__harden_undone"
    halt: str = "__harden_halt"
    verdict: str = "__harden_verdict"
    allowed: str = "__harden_allowed"
    seconds: str = "__harden_seconds"


NAMES = Names()
# Whole numbers that the user gives, by role: the playbook waits and judges by them.
_NUMBERS = {"allowed": "conntrack_watch_allowed", "seconds": "conntrack_watch_seconds"}


def find_member(name: str, variables: Mapping[str, Any]) -> Member:
    """What became of one host, from its variables; a variable that is not there or empty says nothing.

    Raises ValueError when what the host may lose, or how long it is watched, is no whole number.
    """
    found = {role: _registered(variables.get(variable)) for role, variable in vars(NAMES).items()}
    state, reason = _find_state(found)
    start, end = (read_counters(str(found[role].get("stdout", ""))) for role in ("start", "end"))
    numbers = {role: _find_number(name, variable, found[role]) for role, variable in _NUMBERS.items()}
    ran, back = ({} if "operations" not in found[role] else found[role] for role in ("result", "undone"))
    return Member(
        name=name,
        state=state,
        reason=reason,
        result=ran,
        back=back,
        watched=bool(start and end),
        losses=growth(start, end),
        allowed=numbers["allowed"],
        verdict=str(found["verdict"] or ""),
    )


def _registered(value: Any) -> Any:
    """What a task registered; nothing for one that was skipped."""
    return {} if not value or (isinstance(value, Mapping) and value.get("skipped")) else value


def _find_number(name: str, variable: str, value: Any) -> int:
    """A template makes text of a number."""
    text = str(value or 0).strip()
    if isinstance(value, bool) or not text.isdecimal():
        raise ValueError(f"{variable} of {name} must be a whole number of 0 or more, not {value!r}")
    return int(text)


def read_counters(text: str) -> dict[str, int]:
    """The sums over all CPUs, from /proc/net/stat/nf_conntrack or C(conntrack -S); empty for any other text."""
    plain = text.replace("\r", "")
    return parse_stat(plain) or parse_stat_output(plain)


def _find_state(found: Mapping[str, Any]) -> tuple[str, str]:
    seen, result, undone = found["seen"], found["result"], found["undone"]
    if not seen:
        return WAITING, str(found["halt"] or "")
    if _silent(seen):
        return UNREACHABLE, _message(seen)
    if seen.get("failed"):
        return REFUSED, _message(seen)
    if seen.get("host", {}).get("container"):
        return SKIPPED, _CONTAINER
    if undone:
        return _way_back(undone, result, str(found["verdict"]))
    if _half_changed(result):
        return STUCK, _message(result)
    for reading in (result, found["start"], found["end"]):
        if _silent(reading):
            return LOST, _message(reading)
    if result.get("cut_off"):
        return LOST, _message(result)
    if not result or result.get("failed"):
        return REFUSED, _message(result)
    return _outcome(result), ""


def _silent(reading: Mapping[str, Any]) -> bool:
    """Whether the host gave no answer: no connection, or the time that the task had is over."""
    # ansible-core 2.18: a task that ran out of time says so with a key of its own; up to 2.17 only in words.
    return bool(reading.get("unreachable") or reading.get("timedout") or _TIME_IS_OVER in str(reading.get("msg", "")))


def _half_changed(result: Mapping[str, Any]) -> bool:
    """Whether a change has failed and left something of it on the host that is not meant to be there."""
    return bool(result.get("failed")) and any(_stays(item) or _stands(item) for item in result.get("operations", ()))


def _stays(item: Mapping[str, Any]) -> bool:
    return bool(item["status"] == FAILED and _STAYS in item.get("reason", ""))


def _stands(item: Mapping[str, Any]) -> bool:
    """A module and the values that came with it always stay."""
    came = item["kind"] == MODULE or (item["kind"] == VALUE and item.get("before") is None)
    return bool(item["status"] == DONE and not came and item.get("reason") != ALREADY)


def _outcome(result: Mapping[str, Any]) -> str:
    planned = any(item["status"] == "planned" for item in result.get("operations", ()))
    return PLANNED if planned else CHANGED if result.get("changed") else UNCHANGED


def _way_back(undone: Mapping[str, Any], result: Mapping[str, Any], verdict: str) -> tuple[str, str]:
    if undone.get("unreachable") or undone.get("failed"):
        return STUCK, _message(undone)
    left = [f"{item['name']}: {item['reason']}" for item in undone.get("not_applied", ())]
    # Only what was done is taken back later; what the change itself could not undo is not tried a second time.
    left += [f"{item['target']}: {item['reason']}" for item in result.get("operations", ()) if _stays(item)]
    return (STUCK, "; ".join(left)) if left else (ROLLED_BACK, verdict)


def _message(result: Mapping[str, Any]) -> str:
    return " ".join(str(result.get("msg", "")).split()) or "no reason was given"


def growth(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """By name, how much each counter of LOSSES grew; only those that did.

    A counter that went down was started anew, so that it counts from 0.
    """
    grown = {name: _grown(before[name], after[name]) for name in LOSSES if name in before and name in after}
    return {name: value for name, value in grown.items() if value}


def _grown(before: int, after: int) -> int:
    return after - before if after >= before else after


# ---------------------------------------------------------------------------------------------- decisions


def find_sickness(batch: Sequence[Member], *, percent: float) -> str:
    """Why a batch is to be rolled back; empty when it is healthy.

    percent: so many of the batch may be lost after the change.
    """
    sick = [sentence for member in batch for sentence in _complaints(member)]
    lost = [member.name for member in batch if member.state == LOST]
    if _exceeds(len(lost), len(batch), percent):
        sick.append(f"{', '.join(lost)} did not answer any more after the change")
    return "; ".join(sick)


def _complaints(member: Member) -> Iterable[str]:
    if member.state == STUCK:
        return [f"{member.name}: the change failed and {_STAYS}"]
    grown = [f"{name} grew by {value}" for name, value in member.losses.items() if value > member.allowed]
    return [f"{member.name}: {', '.join(grown)}"] if grown else []


def find_halt(fleet: Sequence[Member], *, percent: float) -> str:
    """Why no further batch may start; empty when it may. percent: so many of the whole fleet may fail."""
    sick = next((member.verdict for member in fleet if member.verdict), "")
    if sick:
        return f"an earlier batch was not healthy: {sick}"
    failed = [member.name for member in fleet if member.state in _FAILURES]
    if not _exceeds(len(failed), len(fleet), percent):
        return ""
    return f"{len(failed)} of {len(fleet)} hosts failed, more than {percent:g} %: {', '.join(failed)}"


def _exceeds(part: int, whole: int, percent: float) -> bool:
    return part * 100 > percent * whole
