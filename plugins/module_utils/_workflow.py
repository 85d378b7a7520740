# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of things: check the options, read, understand, plan, apply, read back, report.

Both transports run exactly this.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._conflicts import Conflict
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import (
    ConntrackError,
    CutOffError,
    UnsupportedHostError,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._features import assumed_init
from ansible_collections.stateward.conntrack.plugins.module_utils._host_sentences import ALREADY
from ansible_collections.stateward.conntrack.plugins.module_utils._manifest import MANIFEST
from ansible_collections.stateward.conntrack.plugins.module_utils._model import (
    DONE,
    MODULE,
    ROLLED_BACK,
    VALUE,
    Applied,
    Host,
    Operation,
    Outcome,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import LOADED, MAX, Observed, observe
from ansible_collections.stateward.conntrack.plugins.module_utils._options import Options, parse_options
from ansible_collections.stateward.conntrack.plugins.module_utils._persist import WAYS
from ansible_collections.stateward.conntrack.plugins.module_utils._plan import Plan, future_path, plan_present
from ansible_collections.stateward.conntrack.plugins.module_utils._plan_absent import plan_absent
from ansible_collections.stateward.conntrack.plugins.module_utils._plan_part import plan_part
from ansible_collections.stateward.conntrack.plugins.module_utils._plan_undo import plan_undo
from ansible_collections.stateward.conntrack.plugins.module_utils._render import (
    planned,
    printable,
    render_result,
    render_values,
)

_PLANS = {"present": plan_present, "absent": plan_absent, "part": plan_part, "undo": plan_undo}
# A host that changes between reading and writing is read again; one that keeps changing is not chased.
_ATTEMPTS = 3
_MAX_PATHS = (
    "/proc/sys/net/netfilter/nf_conntrack_max",
    "/proc/sys/net/ipv4/netfilter/ip_conntrack_max",
    "/proc/sys/net/ipv4/ip_conntrack_max",
)


@dataclass(frozen=True)
class Result:
    """values: every return key. error: empty, or the sentence that the failed task shows."""

    values: dict[str, Any]
    warnings: tuple[str, ...]
    error: str = ""


@dataclass(frozen=True)
class _Run:
    observed: Observed
    plan: Plan
    outcomes: tuple[Outcome, ...]
    after: Observed | None
    error: str = ""
    stale: bool = False


def run(host: Host, params: Mapping[str, Any], *, check_mode: bool, transport: str = "python") -> Result:
    """conntrack_tune from end to end.

    Raises ConntrackError when nothing was changed; a failed apply is in Result.error.
    """
    options = parse_options(params)
    if check_mode:
        return _report(_dry(options, _observe(host)), transport)
    return _report(_settle(host, options, _apply(host, options, _observe(host))), transport)


def _observe(host: Host) -> Observed:
    observed = observe(host.read(MANIFEST))
    if not observed.is_root:
        raise UnsupportedHostError("conntrack can only be read and set by root: use become: true.")
    _check_proc(observed)
    return observed


def _check_proc(observed: Observed) -> None:
    """Raise UnsupportedHostError where the kernel cannot be asked: nothing planned on a guess would be right."""
    if not observed.values and not observed.snapshot.exists("/proc/meminfo"):
        raise UnsupportedHostError("/proc cannot be read: it is not mounted here, or hidden.")
    for path in _MAX_PATHS:
        entry = observed.snapshot.get(path)
        if entry is not None and MAX not in observed.values:
            why = entry.error or f"it says {entry.text!r}"
            raise UnsupportedHostError(f"{path} is there, but holds no number that can be read ({why}).")


def _plan(options: Options, observed: Observed) -> Plan:
    return _PLANS[_kind(options)](options, observed)


def _kind(options: Options) -> str:
    """Which plan the options ask for."""
    if options.undo is not None:
        return "undo"
    some = options.state == "absent" and bool(options.persist) and options.persist != frozenset(WAYS)
    return "part" if some else options.state


def _dry(options: Options, observed: Observed) -> _Run:
    plan = _plan(options, observed)
    outcomes = planned(plan.operations)
    loads = any(item.kind == MODULE for item in plan.operations)
    if not loads or not plan.events.late_load.loaded:
        return _Run(observed, plan, outcomes, None)
    # A real run reads the new keys and plans once more: so does this one, with the keys that the kernel will have.
    after = _as_loaded(observed, plan)
    return _Run(observed, _plan(options, after), outcomes, after)


def _as_loaded(observed: Observed, plan: Plan) -> Observed:
    """The host as it will be when the plan, which loads the module, has been carried out."""
    values = {**plan.events.late_load.values, **plan.desired.values}
    paths = {key: future_path(observed, key) for key in values}
    snapshot = observed.snapshot.overlay(plan.operations)
    return replace(observed, snapshot=snapshot, values=values, paths=paths, blocked={}, module=LOADED, count=0)


def _apply(host: Host, options: Options, observed: Observed) -> _Run:
    done = _try(host, options, observed)
    for _attempt in range(_ATTEMPTS - 1):
        if not done.stale:
            break
        done = _try(host, options, _observe(host))
    return done


def _try(host: Host, options: Options, observed: Observed) -> _Run:
    plan = _plan(options, observed)
    if not plan.operations:
        return _Run(observed, plan, (), observed)
    applied: Applied = host.apply(plan.operations, MANIFEST)
    return _Run(observed, plan, applied.outcomes, observe(applied.snapshot), applied.error, applied.stale)


def _settle(host: Host, options: Options, first: _Run) -> _Run:
    """Once a module was loaded, the kernel says itself which keys it has: plan again with that knowledge."""
    loaded = any(item.operation.kind == MODULE and item.status == DONE for item in first.outcomes)
    if first.error or first.after is None or not loaded:
        return first
    try:
        second = _apply(host, options, first.after)
    except CutOffError:
        raise
    except ConntrackError as error:
        return _undo(host, first, str(error))
    if second.error:
        return replace(_undo(host, first, second.error), plan=second.plan)
    return _Run(first.observed, second.plan, (*first.outcomes, *second.outcomes), second.after)


def _undo(host: Host, run: _Run, error: str) -> _Run:
    """Take back the first pass when the second has failed. The module stays, with the values it was given."""
    done = [item for item in run.outcomes if item.status == DONE and item.reason != ALREADY and _has_way_back(item)]
    back = tuple(_inverse(item.operation) for item in reversed(done))
    sentence = f"After the module was loaded: {error}"
    try:
        applied = host.apply(back, MANIFEST)
    except ConntrackError as again:
        return replace(run, error=f"{sentence} What was done before stays, because taking it back failed too: {again}")
    outcomes = tuple(
        replace(item, status=ROLLED_BACK, reason=error, actual=None) if item in done and not applied.error else item
        for item in run.outcomes
    )
    return replace(
        run, outcomes=outcomes, after=observe(applied.snapshot), error=f"{sentence} {applied.error}".rstrip()
    )


def _has_way_back(item: Outcome) -> bool:
    return item.operation.kind != MODULE and not (item.operation.kind == VALUE and item.operation.before is None)


def _inverse(operation: Operation) -> Operation:
    return replace(operation, before=operation.after, after=operation.before, reason="rolled back", mode=None)


def _predicted(run: _Run) -> dict[str, Any]:
    """What check mode says will be there: the present values, overwritten by the operations on the kernel."""
    values = {**run.observed.values, **(run.plan.desired.running if _writes_kernel(run) else {})}
    return render_values(values, run.observed.count)


def _writes_kernel(run: _Run) -> bool:
    return any(outcome.operation.kind in (MODULE, VALUE) for outcome in run.outcomes)


def _report(run: _Run, transport: str) -> Result:
    after = render_values(run.after.values, run.after.count) if run.after else _predicted(run)
    values = render_result(
        plan=run.plan, observed=run.observed, after=after, outcomes=run.outcomes, transport=transport
    )
    if run.error:
        # What was planned and not reached is no change; a module that stays loaded is one.
        values["changed"] = any(item.status == DONE and item.reason != ALREADY for item in run.outcomes)
    return Result(values, tuple(printable(text) for text in _warnings(run)), printable(run.error))


def _warnings(run: _Run) -> tuple[str, ...]:
    wins = (_explain_conflict(item) for item in run.plan.conflicts if item.wins)
    assumed = assumed_init(run.observed.snapshot)
    return (*run.plan.warnings, *wins, *([f"{assumed}."] if assumed else []))


def _explain_conflict(conflict: Conflict) -> str:
    if conflict.key == "module":
        return f"{conflict.source} says {conflict.value!r}: {conflict.note}."
    return f"{conflict.source} sets {conflict.key} to {conflict.value} and wins over us."
