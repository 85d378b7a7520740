# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations applied in order; on the first failure all that was done is undone, in reverse."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import StaleError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_errors import explain_error
from ansible_collections.stateward.conntrack.plugins.module_utils._host_files import change_directory, change_file
from ansible_collections.stateward.conntrack.plugins.module_utils._host_kernel import change_value, load_module
from ansible_collections.stateward.conntrack.plugins.module_utils._host_step import (
    ALREADY,
    Perform,
    ReadBackError,
    Undo,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import Tree
from ansible_collections.stateward.conntrack.plugins.module_utils._model import (
    DIRECTORY,
    DONE,
    FAILED,
    FILE,
    MODULE,
    ROLLED_BACK,
    SKIPPED,
    VALUE,
    Operation,
    Outcome,
)

PERFORM: dict[str, Perform] = {
    DIRECTORY: change_directory,
    FILE: change_file,
    MODULE: load_module,
    VALUE: change_value,
}

NOT_TRIED = "not tried"
STAYS_LOADED = "stays loaded: a module is never unloaded"


@dataclass(frozen=True)
class Result:
    """What became of the operations, one outcome each. error and stale are those of Applied."""

    outcomes: tuple[Outcome, ...]
    error: str = ""
    stale: bool = False


@dataclass
class _Step:
    """One operation that was begun. outcome None: it failed. problem: why it could not be undone."""

    operation: Operation
    outcome: Outcome | None = None
    undos: list[Undo] = field(default_factory=list)
    problem: str = ""


def apply_operations(tree: Tree, operations: tuple[Operation, ...]) -> Result:
    """Apply all, or none. The caller holds the lock.

    Raises only what is no Exception (KeyboardInterrupt), after everything has been undone.
    """
    steps: list[_Step] = []
    try:
        for operation in operations:
            step = _Step(operation)
            steps.append(step)
            step.outcome = PERFORM[operation.kind](tree, operation, step.undos.append)
    except Exception as error:
        _roll_back(steps)
        return _report(steps, operations, error)
    except BaseException:
        _roll_back(steps)
        raise
    return Result(tuple(step.outcome for step in steps if step.outcome))


def _roll_back(steps: list[_Step]) -> None:
    """Undo in reverse, every step whatever happens to the others; an interruption is passed on at the end."""
    interruption: BaseException | None = None
    for step in reversed(steps):
        for undo in reversed(step.undos):
            interruption = _undo(step, undo) or interruption
    if interruption is not None:
        raise interruption


def _undo(step: _Step, undo: Undo) -> BaseException | None:
    """Run one step; an interruption of it is returned, after it has been tried once more."""
    interruption: BaseException | None = None
    for _attempt in (1, 2):
        try:
            undo()
            return interruption
        except Exception as error:
            step.problem = explain_error(step.operation, error)
            return interruption
        except BaseException as error:
            interruption = error
    step.problem = "interrupted"
    return interruption


def _report(steps: list[_Step], operations: tuple[Operation, ...], error: Exception) -> Result:
    failed = steps[-1]
    sentence = explain_error(failed.operation, error)
    outcomes = [_settle(step, failed.operation.target) for step in steps[:-1]]
    outcomes.append(_fail(failed, sentence, error))
    outcomes.extend(Outcome(operation, SKIPPED, NOT_TRIED) for operation in operations[len(steps) :])
    return Result(tuple(outcomes), _summarize(sentence, outcomes, steps), isinstance(error, StaleError))


def _settle(step: _Step, cause: str) -> Outcome:
    """What an operation that had succeeded is after the rollback."""
    outcome = step.outcome or Outcome(step.operation, FAILED)
    if step.problem:
        return replace(outcome, status=FAILED, reason="it was done and could not be undone: " + step.problem)
    if outcome.status == DONE and step.undos:
        return Outcome(step.operation, ROLLED_BACK, f"undone, because {cause} failed")
    if outcome.status == DONE and step.operation.kind == MODULE and outcome.reason != ALREADY:
        return replace(outcome, reason=STAYS_LOADED)
    return outcome


def _fail(step: _Step, sentence: str, error: Exception) -> Outcome:
    actual = error.actual if isinstance(error, ReadBackError) else None
    left = "; it could not be undone: " + step.problem if step.problem else ""
    return Outcome(step.operation, FAILED, sentence + left, actual)


def _summarize(sentence: str, outcomes: list[Outcome], steps: list[_Step]) -> str:
    undone = sum(outcome.status == ROLLED_BACK for outcome in outcomes)
    said = {0: "nothing had been changed before it", 1: "the one change before it was undone"}
    problems = [f"{step.operation.target} could not be undone ({step.problem})" for step in steps if step.problem]
    loaded = [
        f"the module {outcome.operation.target} {STAYS_LOADED}"
        for outcome in outcomes
        if outcome.reason == STAYS_LOADED
    ]
    return "; ".join([sentence, said.get(undone, f"the {undone} changes before it were undone"), *loaded, *problems])
