# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a list of operations: outcomes, and one sentence when a failure undid them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Callable

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import ConntrackError, StaleError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_errors import explain_error
from ansible_collections.stateward.conntrack.plugins.module_utils._host_sentences import (
    ALREADY,
    NOT_TRIED,
    STAYS_LOADED,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._model import (
    DONE,
    FAILED,
    MODULE,
    ROLLED_BACK,
    SKIPPED,
    Operation,
    Outcome,
)


class ReadBackError(ConntrackError):
    """The kernel took a value and tells another one; actual is what it tells."""

    def __init__(self, message: str, actual: str) -> None:
        super().__init__(message)
        self.actual = actual


@dataclass(frozen=True)
class Result:
    """What became of the operations, one outcome each. error and stale are those of Applied."""

    outcomes: tuple[Outcome, ...]
    error: str = ""
    stale: bool = False


@dataclass
class Step:
    """One operation that was begun. outcome None: it failed. problem: why it could not be undone.

    undos: what undoes it; with none, it changed nothing.
    """

    operation: Operation
    outcome: Outcome | None = None
    undos: list[Callable[[], None]] = field(default_factory=list)
    problem: str = ""


def report(steps: list[Step], operations: tuple[Operation, ...], error: Exception) -> Result:
    """The result after the last step has failed with the error and all steps have been undone as far as possible."""
    failed = steps[-1]
    sentence = explain_error(failed.operation, error)
    outcomes = [_settle(step, failed.operation.target) for step in steps[:-1]]
    outcomes.append(_fail(failed, sentence, error))
    outcomes.extend(Outcome(operation, SKIPPED, NOT_TRIED) for operation in operations[len(steps) :])
    return Result(tuple(outcomes), _summarize(sentence, outcomes, steps), isinstance(error, StaleError))


def _settle(step: Step, cause: str) -> Outcome:
    """What an operation that had succeeded is after the rollback."""
    outcome = step.outcome or Outcome(step.operation, FAILED)
    if step.problem:
        return replace(outcome, status=FAILED, reason="it was done and could not be undone: " + step.problem)
    if outcome.status == DONE and step.undos:
        return Outcome(step.operation, ROLLED_BACK, f"undone, because {cause} failed")
    if outcome.status == DONE and step.operation.kind == MODULE and outcome.reason != ALREADY:
        return replace(outcome, reason=STAYS_LOADED)
    return outcome


def _fail(step: Step, sentence: str, error: Exception) -> Outcome:
    actual = error.actual if isinstance(error, ReadBackError) else None
    left = "; it could not be undone: " + step.problem if step.problem else ""
    return Outcome(step.operation, FAILED, sentence + left, actual)


def _summarize(sentence: str, outcomes: list[Outcome], steps: list[Step]) -> str:
    undone = sum(outcome.status == ROLLED_BACK for outcome in outcomes)
    said = {0: "nothing had been changed before it", 1: "the one change before it was undone"}
    problems = [f"{step.operation.target} could not be undone ({step.problem})" for step in steps if step.problem]
    loaded = [
        f"the module {outcome.operation.target} {STAYS_LOADED}"
        for outcome in outcomes
        if outcome.reason == STAYS_LOADED
    ]
    return "; ".join([sentence, said.get(undone, f"the {undone} changes before it were undone"), *loaded, *problems])
