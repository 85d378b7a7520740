# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One step back: the plan that takes back the operations of one earlier run, and nothing that was done before it."""

from __future__ import annotations

from ansible_collections.stateward.conntrack.plugins.module_utils._desired import Skipped
from ansible_collections.stateward.conntrack.plugins.module_utils._draft import Draft
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import UnsupportedHostError
from ansible_collections.stateward.conntrack.plugins.module_utils._model import DIRECTORY, FILE, Operation
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import Observed
from ansible_collections.stateward.conntrack.plugins.module_utils._options import Options
from ansible_collections.stateward.conntrack.plugins.module_utils._originals import Originals
from ansible_collections.stateward.conntrack.plugins.module_utils._plan import Plan, runtime_operations
from ansible_collections.stateward.conntrack.plugins.module_utils._plan_absent import first_state, remove_directories
from ansible_collections.stateward.conntrack.plugins.module_utils._takeover import look_ahead
from ansible_collections.stateward.conntrack.plugins.module_utils._undo import text_before, values_before

_REASON = "put back as it was before the run that is undone"


def plan_undo(options: Options, observed: Observed) -> Plan:
    """Put back the values and files that the given operations had found.

    Raises RefusedError when the former max is below the live count and there is no force.
    What the host remembers for state=absent is one of those files, so it goes back one step as well.
    """
    past = _Past(options.undo or (), observed)
    draft = Draft(observed.snapshot)
    skipped = past.restore_files(draft)
    desired = first_state(options, observed, past.originals)
    runtime: tuple[Operation, ...] = ()
    if options.runtime and observed.active:
        runtime = tuple(runtime_operations(observed, desired.values))
    remove_directories(observed, draft, past.originals)
    events, conflicts = look_ahead(options, observed, desired.values, draft)
    warnings = tuple(f"{item.name}: {item.reason}." for item in skipped)
    return Plan((*runtime, *draft.operations()), desired, (*desired.skipped, *skipped), conflicts, events, warnings)


class _Past:
    """The operations to be undone, on the host that they changed."""

    def __init__(self, operations: tuple[Operation, ...], observed: Observed) -> None:
        self._operations = operations
        keys = {path: key for key, path in observed.paths.items()}
        made = (item.target for item in operations if item.kind == DIRECTORY and item.after)
        self.originals = Originals(values_before(operations, keys), directories=tuple(made))

    def restore_files(self, draft: Draft) -> tuple[Skipped, ...]:
        """Write every file back into the draft, the last change first; returns those that could not be, and why."""
        skipped = []
        for operation in reversed(self._operations):
            if operation.kind == FILE:
                try:
                    _restore(draft, operation)
                except (ValueError, UnsupportedHostError) as error:
                    skipped.append(Skipped(operation.target, str(error).rstrip("."), asked=True))
        return tuple(skipped)


def _restore(draft: Draft, operation: Operation) -> None:
    """A copy that was asked for stays: backup files are read by name only, and nobody's settings are in them."""
    if not draft.is_text(operation.target):
        if operation.before is not None:
            raise ValueError("it is not there any more")
        return
    before = text_before(operation, draft.text(operation.target) or "")
    if before is None:
        draft.remove(operation.target, _REASON)
    else:
        draft.write(operation.target, before, _REASON)
