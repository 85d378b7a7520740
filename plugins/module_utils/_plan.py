# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan: every operation in its safe order, from what is there and what shall be.

Pure: no input, no output, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterable, Iterator, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._conflicts import Conflict, Events
from ansible_collections.stateward.conntrack.plugins.module_utils._desired import Desired, Skipped, find_desired
from ansible_collections.stateward.conntrack.plugins.module_utils._draft import Draft
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import UnsupportedHostError
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_keys import find_key, proc_path
from ansible_collections.stateward.conntrack.plugins.module_utils._model import (
    DIRECTORY,
    MODULE,
    VALUE,
    Operation,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._names import buckets_by_sysctl, short_name
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import (
    ABSENT,
    HASHSIZE,
    IP,
    MAX,
    Observed,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._options import Options
from ansible_collections.stateward.conntrack.plugins.module_utils._originals import (
    Originals,
    originals_path,
    parse_originals,
    render_originals,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._persist import persist
from ansible_collections.stateward.conntrack.plugins.module_utils._persist_base import Persisting, modules
from ansible_collections.stateward.conntrack.plugins.module_utils._takeover import look_ahead, take_over
from ansible_collections.stateward.conntrack.plugins.module_utils._thresholds import in_order


@dataclass(frozen=True)
class Plan:
    """What will be done, and what will then be true.

    values: by canonical key, what the kernel will say afterwards of everything we manage. events: after the plan.
    """

    operations: tuple[Operation, ...]
    desired: Desired
    skipped: tuple[Skipped, ...]
    conflicts: tuple[Conflict, ...]
    events: Events
    warnings: tuple[str, ...]


def plan_present(options: Options, observed: Observed) -> Plan:
    """The plan for state=present.

    Raises RefusedError, UnsupportedHostError or OptionError before anything was touched.
    """
    desired = find_desired(options, observed)
    draft = Draft(observed.snapshot)
    if options.persist and observed.platform.refusal:
        raise UnsupportedHostError(f"Nothing can be persisted here: {observed.platform.refusal}.")
    persisting = Persisting(observed, desired, draft)
    skipped = persist(options.persist, persisting)
    taken = take_over(options, observed, desired.values, draft) if options.takeover else ()
    if taken:
        # With a foreign install line out of the way, ours has its place.
        skipped = persist(options.persist, persisting)
    runtime = tuple(_runtime(observed, desired)) if options.runtime else ()
    _keep_originals(observed, draft, runtime, desired.running)
    back_up(observed, draft, draft.changed_paths() if options.backup else taken)
    events, conflicts = look_ahead(options, observed, desired.values, draft)
    operations = (*draft.operations(), *runtime)
    return Plan(operations, desired, (*desired.skipped, *skipped), conflicts, events, desired.warnings)


# -------------------------------------------------------------------------------------------------- the running kernel


def _runtime(observed: Observed, desired: Desired) -> Iterator[Operation]:
    for key, value in desired.released.items():
        yield replace(_value_operation(observed, key, value), reason="no longer asked for: as before the first change")
    yield from runtime_operations(observed, desired.values)


def runtime_operations(observed: Observed, values: Mapping[str, int]) -> Iterator[Operation]:
    """The module if it is not there, then every value that differs.

    Their order never makes chains longer than they will be.
    """
    if values and not observed.active:
        yield from _load_operations(observed)
    wanted = {key: value for key, value in values.items() if _needs_write(observed, key, value)}
    for key in _safe_order(observed, wanted):
        yield _value_operation(observed, key, wanted[key])


def _load_operations(observed: Observed) -> Iterator[Operation]:
    if observed.module == ABSENT and not observed.installed:
        raise UnsupportedHostError(
            f"There is no conntrack here: kernel {observed.release} has no {observed.dialect} keys, and no such module "
            f"is in /lib/modules/{observed.release}. Install the kernel's module package, or boot a kernel with "
            "conntrack."
        )
    for name in modules(observed):
        yield Operation(MODULE, name, None, "loaded", "the kernel has no conntrack keys before its module is loaded")


def _needs_write(observed: Observed, key: str, value: int) -> bool:
    return observed.values.get(key) != value and key not in observed.blocked


def _safe_order(observed: Observed, wanted: Mapping[str, int]) -> list[str]:
    """Timeouts and settings, then sizes: growing, buckets before max; shrinking, max before buckets."""
    others = in_order([key for key in wanted if key not in (MAX, HASHSIZE)], wanted, observed.values)
    growing = wanted.get(HASHSIZE, 0) >= observed.values.get(HASHSIZE, 0)
    sizes = (HASHSIZE, MAX) if growing else (MAX, HASHSIZE)
    return [*others, *(key for key in sizes if key in wanted)]


def _value_operation(observed: Observed, key: str, value: int) -> Operation:
    before = observed.values.get(key)
    return Operation(
        VALUE,
        observed.paths.get(key) or future_path(observed, key),
        None if before is None else str(before),
        str(value),
        "as the module is loaded in this run" if before is None else "the running kernel has another value",
        name=short_name(key),
        optional=key not in (MAX, HASHSIZE) and not observed.active,
    )


def future_path(observed: Observed, key: str) -> str:
    """Where a key will be once the module is loaded."""
    if key == MAX:
        return (
            "/proc/sys/net/ipv4/ip_conntrack_max"
            if observed.dialect == IP
            else "/proc/sys/net/netfilter/nf_conntrack_max"
        )
    if key == HASHSIZE:
        parameter = f"/sys/module/{observed.dialect}/parameters/hashsize"
        return "/proc/sys/net/netfilter/nf_conntrack_buckets" if buckets_by_sysctl(observed) else parameter
    group, _colon, name = key.partition(":")
    return proc_path(find_key(group, name), observed.dialect) or ""


# ------------------------------------------------------------------------------------------ what was there before


def _keep_originals(observed: Observed, draft: Draft, runtime: tuple[Operation, ...], keys: Iterable[str]) -> None:
    """Remember what this run changes for the first time; values known from an earlier run stay as they are."""
    path = originals_path(observed.platform.state_dir)
    known = parse_originals(observed.snapshot.text(path), path)
    values = {**_first_values(observed, runtime, keys), **known.values}
    changed = draft.operations()
    files = {*known.files, *draft.created, *(item.target for item in changed if _is_ours(item))}
    made = {item.target for item in changed if item.kind == DIRECTORY and item.after}
    merged = Originals(values, tuple(files), (*known.edits, *draft.edits), (*known.directories, *made))
    if merged.empty or not (runtime or changed):
        return
    directory = observed.platform.state_dir
    if not observed.snapshot.exists(directory):
        merged = Originals(merged.values, merged.files, merged.edits, (*merged.directories, directory))
    draft.write_first(path, render_originals(merged), "what was there before, for state=absent", mode=0o600)


def _first_values(observed: Observed, runtime: tuple[Operation, ...], keys: Iterable[str]) -> dict[str, int | None]:
    """What the kernel says now of every value that is about to be written; None while its module is not loaded."""
    by_path = {observed.paths.get(key) or future_path(observed, key): key for key in keys}
    writes = [item for item in runtime if item.kind == VALUE]
    return {by_path[item.target]: None if item.before is None else int(item.before) for item in writes}


def _is_ours(operation: Operation) -> bool:
    return operation.before is None and operation.kind != DIRECTORY


def back_up(observed: Observed, draft: Draft, paths: Iterable[str]) -> None:
    """A copy of every existing file among these, in a directory that no program reads settings from."""
    state_dir, stamp = observed.platform.state_dir, observed.snapshot.facts.get("time", "")
    for path in paths:
        text = observed.snapshot.text(path)
        copy = f"{state_dir}/backup/{path.strip('/').replace('/', '_')}.{stamp}"
        # A copy of the same second is of an earlier step of this run, and has the text from before it.
        if text is not None and path != originals_path(state_dir) and not observed.snapshot.exists(copy):
            draft.write(copy, text, f"a copy of {path}", mode=0o600)
