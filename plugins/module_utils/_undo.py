# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations of an earlier run, as its result showed them, and what each of them had found."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._draft import Edit, find_edit, undo_edit
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import OptionError
from ansible_collections.stateward.conntrack.plugins.module_utils._model import (
    DIRECTORY,
    DONE,
    FILE,
    MODULE,
    VALUE,
    Operation,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._option_values import show

_WANTED = "give the operations of one result"
_KINDS = (DIRECTORY, FILE, MODULE, VALUE)
# What a result shows for a byte that is no UTF-8: the byte itself is lost.
_LOST = "\ufffd"


def parse_undo(name: str, value: Any) -> tuple[Operation, ...]:
    """The operations of a result that were done, in their order. Raises OptionError for any other list."""
    if not isinstance(value, (list, tuple)):
        raise OptionError(f"{name}: {show(value)} is not a list; {_WANTED}.")
    # The first one is enough: what is not a result's list has nothing but such items.
    for number, item in enumerate(value, 1):
        flaw = _find_flaw(item)
        if flaw:
            raise OptionError(f"{name}: item {number} is no operation ({flaw}): {_WANTED}.")
    return tuple(_operation(item) for item in value if item["status"] == DONE)


def _find_flaw(item: Any) -> str:
    """Why this is no operation of a result, of whatever status; empty when it is one."""
    if not isinstance(item, Mapping):
        return f"it is {show(item)}"
    missing = [key for key in ("kind", "target", "status") if not str(item.get(key) or "")]
    if missing:
        return f"it has no {', '.join(missing)}"
    return "" if item["kind"] in _KINDS else f"its kind is {show(item['kind'])}"


def _operation(item: Mapping[str, Any]) -> Operation:
    texts = {key: None if item.get(key) is None else str(item[key]) for key in ("before", "after")}
    return Operation(
        str(item["kind"]), str(item["target"]), texts["before"], texts["after"], "", str(item.get("name", ""))
    )


def text_before(operation: Operation, text: str) -> str | None:
    """The text that a file had before the operation, from the one that it has now; None for "no such file".

    Lines that others have changed since, and bytes that a result cannot show, stay as they are. Raises ValueError with
    a clause when the lines of the operation are not there any more.
    """
    before, after = operation.before, operation.after
    if text == after and _LOST not in f"{before}{after}":
        return before
    if before is None or after is None:
        raise ValueError("it was changed since; it is left as it is")
    edit = find_edit(operation.target, before, after)
    restored = None if _LOST in edit.before else undo_edit(text, edit)
    if restored is None:
        raise ValueError(_why(edit))
    return restored


def _why(edit: Edit) -> str:
    if _LOST in edit.before:
        return "its former lines are not UTF-8 and cannot be written back from a result; it is left as it is"
    return "the lines that were edited were changed since; it is left as it is"


def values_before(operations: tuple[Operation, ...], keys: Mapping[str, str]) -> dict[str, int | None]:
    """By canonical key, what the kernel said before the first of the operations; None: its module was not loaded then.

    keys: canonical key by the path of the value.
    """
    found: dict[str, int | None] = {}
    for operation in operations:
        key = keys.get(operation.target)
        if operation.kind == VALUE and key:
            found.setdefault(key, None if operation.before is None else int(operation.before))
    return found
