# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations applied in order; on the first failure all that was done is undone, in reverse."""

from __future__ import annotations

from ansible_collections.stateward.conntrack.plugins.module_utils._host_errors import explain_error
from ansible_collections.stateward.conntrack.plugins.module_utils._host_files import change_directory, change_file
from ansible_collections.stateward.conntrack.plugins.module_utils._host_kernel import change_value, load_module
from ansible_collections.stateward.conntrack.plugins.module_utils._host_report import Result, Step, report
from ansible_collections.stateward.conntrack.plugins.module_utils._host_step import Perform, Undo
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import Tree
from ansible_collections.stateward.conntrack.plugins.module_utils._model import (
    DIRECTORY,
    FILE,
    MODULE,
    VALUE,
    Operation,
)

PERFORM: dict[str, Perform] = {
    DIRECTORY: change_directory,
    FILE: change_file,
    MODULE: load_module,
    VALUE: change_value,
}


def apply_operations(tree: Tree, operations: tuple[Operation, ...]) -> Result:
    """Apply all, or none. The caller holds the lock.

    Raises only what is no Exception (KeyboardInterrupt), after everything has been undone.
    """
    steps: list[Step] = []
    try:
        for operation in operations:
            step = Step(operation)
            steps.append(step)
            step.outcome = PERFORM[operation.kind](tree, operation, step.undos.append)
    except Exception as error:
        _roll_back(steps)
        return report(steps, operations, error)
    except BaseException:
        _roll_back(steps)
        raise
    return Result(tuple(step.outcome for step in steps if step.outcome))


def _roll_back(steps: list[Step]) -> None:
    """Undo in reverse, every step whatever happens to the others; an interruption is passed on at the end."""
    interruption: BaseException | None = None
    for step in reversed(steps):
        for undo in reversed(step.undos):
            interruption = _undo(step, undo) or interruption
    if interruption is not None:
        raise interruption


def _undo(step: Step, undo: Undo) -> BaseException | None:
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
