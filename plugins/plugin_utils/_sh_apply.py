# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The applying script, made from operations, and what its answer says became of them."""

from __future__ import annotations

from typing import Callable, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import (
    LockedError,
    StaleError,
    UnsupportedHostError,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._host_errors import explain_error
from ansible_collections.stateward.conntrack.plugins.module_utils._host_kernel import MODULE_NAME
from ansible_collections.stateward.conntrack.plugins.module_utils._host_report import (
    ReadBackError,
    Result,
    Step,
    report,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._host_sentences import (
    ALREADY,
    INTERRUPTED,
    LACKING,
    LINK_DANGLING,
    LINK_FOREIGN,
    LINK_KEPT,
    LINK_OUTSIDE,
    NO_MODPROBE,
    NO_MODULE_NAME,
    NOT_EMPTY,
    NOT_LOADED,
    OVERWRITTEN,
    READ_BACK,
    STALE,
    TOOL_SLOW,
    UNSEEN,
    WROTE_BACK,
    describe_end,
    describe_holder,
    module_directory,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tools import TOOL_SECONDS
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import NotRegularError, encode
from ansible_collections.stateward.conntrack.plugins.module_utils._model import (
    DIRECTORY,
    DONE,
    FILE,
    MODULE,
    SKIPPED,
    VALUE,
    Operation,
    Outcome,
)
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_errors import cannot_run, make_error
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_quote import quote
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_text import Record

# ---------------------------------------------------------------------------------------------- the script


def performing_function(operations: tuple[Operation, ...]) -> str:
    """The function perform_all of apply.sh: one call for each operation."""
    lines = ["perform_all() {"]
    for index, operation in enumerate(operations):
        words = " ".join(quote(word) for word in _call(operation))
        lines.append(f"INDEX={index}\n{words} || return")
    return "\n".join([*lines, "}", ""])


def _call(operation: Operation) -> list[str]:
    error = _refusal(operation)
    return ["fail", "refused"] if error else _CALLS[operation.kind](operation)


def _refusal(operation: Operation) -> Exception | None:
    """Why an operation cannot even be tried; it fails in its turn, like any other."""
    try:
        if operation.kind == MODULE and not MODULE_NAME.fullmatch(operation.target):
            return UnsupportedHostError(NO_MODULE_NAME.format(target=operation.target))
        _CALLS[operation.kind](operation)
        for text in (operation.after, operation.before, operation.target):
            encode(text or "")
            quote(text or "")
    except (KeyError, UnicodeEncodeError, UnsupportedHostError) as error:
        return error
    return None


def _call_directory(operation: Operation) -> list[str]:
    return ["change_directory", operation.target, "absent" if operation.after is None else "present"]


def _call_file(operation: Operation) -> list[str]:
    mode = "" if operation.mode is None else f"{operation.mode:04o}"
    rights = "" if operation.mode is None else _rights(operation.mode)
    before, after = _text(operation.before), _text(operation.after)
    return ["change_file", operation.target, *before, *after, mode, rights]


def _text(text: str | None) -> tuple[str, str]:
    return ("absent", "") if text is None else ("file", text)


def _rights(mode: int) -> str:
    """As ls shows a mode, without the kind: C(rwxr-xr-x)."""
    signs = [sign if mode & (0o400 >> place) else "-" for place, sign in enumerate("rwxrwxrwx")]
    for place, bit, sign in ((2, 0o4000, "s"), (5, 0o2000, "s"), (8, 0o1000, "t")):
        if mode & bit:
            signs[place] = sign if signs[place] == "x" else sign.upper()
    return "".join(signs)


def _call_module(operation: Operation) -> list[str]:
    return ["load_module", operation.target, module_directory(operation.target)]


def _call_value(operation: Operation) -> list[str]:
    necessity = "optional" if operation.optional else "required"
    return ["change_value", operation.target, (operation.after or "").strip(), necessity]


_CALLS: dict[str, Callable[[Operation], list[str]]] = {
    DIRECTORY: _call_directory,
    FILE: _call_file,
    MODULE: _call_module,
    VALUE: _call_value,
}

# ---------------------------------------------------------------------------------------------- the answer


def parse_result(records: list[Record], operations: tuple[Operation, ...]) -> Result:
    """What became of the operations.

    Raises LockedError when another run kept the lock, and UnsupportedHostError when a program is missing; then nothing
    was tried.
    """
    steps: list[Step] = []
    error: Exception | None = None
    for record in records:
        kind, *words = record.words
        if kind == "locked":
            raise LockedError(describe_holder(record.text.strip(), words[0]))
        if kind == "lacking":
            raise cannot_run(record.text)
        if kind in ("journal", "did", "failed", "stuck"):
            step = _step(steps, operations, int(words[0]))
            error = _note(step, kind, words[1:], record.text) or error
    if error is None:
        return Result(tuple(step.outcome for step in steps if step.outcome))
    return report(steps, operations, error)


def _step(steps: list[Step], operations: tuple[Operation, ...], index: int) -> Step:
    while len(steps) <= index:
        steps.append(Step(operations[len(steps)]))
    return steps[index]


def _note(step: Step, kind: str, words: list[str], text: str) -> Exception | None:
    """Write down one record; the error, if it tells of one."""
    operation = step.operation
    if kind == "journal":
        step.undos.append(_nothing)
    elif kind == "did":
        step.outcome = _outcome(operation, words[0], text)
    elif kind == "stuck":
        step.problem = _problem(operation, words[0], text)
    elif words[0] == "refused":
        return _refusal(operation)
    else:
        # An interrupted operation may have been finished already.
        step.outcome = None
        return _FAILURES[words[0]](operation, text)
    return None


def _nothing() -> None:
    """Stands for an undo that has been done on the host."""


def _outcome(operation: Operation, word: str, text: str) -> Outcome:
    actual = text if operation.kind == VALUE and word != "lacking" else None
    if word == "ended":
        return Outcome(operation, DONE, _describe_tool(operation, text))
    status, reason = _DONE[word]
    return Outcome(
        operation, status, reason.format(target=operation.target, shown=module_directory(operation.target)), actual
    )


_DONE: Mapping[str, tuple[str, str]] = {
    "ok": (DONE, ""),
    "already": (DONE, ALREADY),
    "full": (SKIPPED, NOT_EMPTY),
    "lacking": (SKIPPED, LACKING),
    "unseen": (DONE, UNSEEN),
}


def _describe_tool(operation: Operation, text: str) -> str:
    path, status, said = text.split("\n", 2)
    # What kill -9 leaves behind, and the guard is the only one to do so.
    if int(status) == 137:
        return TOOL_SLOW.format(path=path, argument=operation.target, seconds=TOOL_SECONDS)
    return describe_end(path, operation.target, int(status), said)


def _problem(operation: Operation, word: str, text: str) -> str:
    if word == "readback":
        return WROTE_BACK.format(wanted=(operation.before or "").strip(), said=text or "nothing")
    return explain_error(operation, make_error(text))


def _link(sentence: str) -> Callable[[Operation, str], Exception]:
    return lambda operation, text: UnsupportedHostError(sentence.format(target=operation.target, real=text))


def _foreign_link(operation: Operation, text: str) -> Exception:
    owner, _newline, real = text.partition("\n")
    return UnsupportedHostError(LINK_FOREIGN.format(target=operation.target, real=real, owner=owner))


def _stale(operation: Operation, text: str) -> Exception:
    return StaleError(STALE.format(target=operation.target, happened=text))


def _not_loaded(operation: Operation, text: str) -> Exception:
    problem = _describe_tool(operation, text)
    return UnsupportedHostError(NOT_LOADED.format(target=operation.target, problem=problem))


def _read_back(operation: Operation, text: str) -> Exception:
    wanted = (operation.after or "").strip()
    return ReadBackError(READ_BACK.format(wanted=wanted, target=operation.target, said=text or "nothing"), text)


_FAILURES: Mapping[str, Callable[[Operation, str], Exception]] = {
    "error": lambda _operation, text: make_error(text),
    "irregular": lambda operation, _text: NotRegularError(operation.target),
    "stale": _stale,
    "overwritten": lambda operation, _text: StaleError(OVERWRITTEN.format(target=operation.target)),
    "outside": _link(LINK_OUTSIDE),
    "foreign": _foreign_link,
    "dangling": _link(LINK_DANGLING),
    "kept": _link(LINK_KEPT),
    "no_modprobe": lambda operation, _text: UnsupportedHostError(NO_MODPROBE.format(target=operation.target)),
    "not_loaded": _not_loaded,
    "readback": _read_back,
    "interrupted": lambda _operation, _text: UnsupportedHostError(INTERRUPTED),
}
