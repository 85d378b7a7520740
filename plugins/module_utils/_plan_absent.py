# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back: the plan for state=absent."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.stateward.conntrack.plugins.module_utils import _platform_table as table
from ansible_collections.stateward.conntrack.plugins.module_utils._desired import Desired, Skipped, machine_of
from ansible_collections.stateward.conntrack.plugins.module_utils._draft import Draft, Edit, undo_edit
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import RefusedError, UnsupportedHostError
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_keys import default_value, find_key
from ansible_collections.stateward.conntrack.plugins.module_utils._names import short_name
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import HASHSIZE, MAX, Observed
from ansible_collections.stateward.conntrack.plugins.module_utils._options import KEEP, Options
from ansible_collections.stateward.conntrack.plugins.module_utils._originals import (
    Originals,
    originals_path,
    parse_originals,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.lines import remove_block
from ansible_collections.stateward.conntrack.plugins.module_utils._persist_base import BEGIN, END
from ansible_collections.stateward.conntrack.plugins.module_utils._plan import (
    Plan,
    back_up,
    runtime_operations,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._sizing import Sizing, size_table
from ansible_collections.stateward.conntrack.plugins.module_utils._sizing_model import Machine, Request
from ansible_collections.stateward.conntrack.plugins.module_utils._takeover import look_ahead

# Files that are ours by their name, should the originals be lost; and common files in which a marked block of ours may
# be.
_OWN_FILES = (
    table.SYSCTL_DROP_IN,
    table.MODPROBE_DROP_IN,
    table.LATE_LOAD_DROP_IN,
    *sorted({row.loading.path for row in table.BOOT_ROWS if "stateward" in row.loading.path}),
)
_COMMON_FILES = (table.SYSCTL_CONF, table.MODPROBE_CONF, "/etc/modules")
_KEPT = Request(
    profile="",
    max=KEEP,
    hashsize=KEEP,
    entries_per_bucket=1.0,
    memory_limit=None,
    memory_share=1.0,
    headroom=1.0,
    connections=None,
    connection_rate=None,
    lifetime_seconds=0,
    lifetime_name="",
    floor=0,
    allow_lower=True,
    force=True,
)
_REASON = "put back as it was before the first change"


def plan_absent(options: Options, observed: Observed) -> Plan:
    """Remove every file and line of ours, put the first values back.

    Raises RefusedError below the live count without force.
    """
    path = originals_path(observed.platform.state_dir)
    originals = parse_originals(observed.snapshot.text(path), path)
    draft = Draft(observed.snapshot)
    skipped = _restore_files(draft, originals)
    lost = _explain_loss(observed, draft, path)
    desired = first_state(options, observed, originals)
    runtime = tuple(runtime_operations(observed, desired.values)) if options.runtime else ()
    if options.backup:
        back_up(observed, draft, draft.changed_paths())
    draft.remove(path, "nothing is left to be put back")
    remove_directories(observed, draft, originals)
    events, conflicts = look_ahead(options, observed, desired.values, draft)
    warnings = (*(f"{item.name}: {item.reason}." for item in skipped), *lost)
    return Plan((*runtime, *draft.operations()), desired, (*desired.skipped, *skipped), conflicts, events, warnings)


def _restore_files(draft: Draft, originals: Originals) -> tuple[Skipped, ...]:
    kept = (undo_in_draft(draft, edit) for edit in reversed(originals.edits))
    skipped = tuple(dict.fromkeys(item for item in kept if item))
    for path in _COMMON_FILES:
        if BEGIN in draft.raw(path):
            draft.write(path, remove_block(draft.text(path) or "", BEGIN, END), _REASON)
    for path in dict.fromkeys((*_OWN_FILES, *originals.files)):
        if path in _OWN_FILES or not draft.raw(path):
            draft.remove(path, "written by this collection, taken away")
    return skipped


def undo_in_draft(draft: Draft, edit: Edit) -> Skipped | None:
    """Take one edit back; what cannot be taken back is left as it is, and said."""
    try:
        text = draft.text(edit.path)
    except UnsupportedHostError as error:
        return Skipped(edit.path, f"our edit of it stays. {error}".rstrip("."), asked=True)
    restored = None if text is None else undo_edit(text, edit)
    if restored is None:
        return Skipped(edit.path, "the lines that we edited were changed since; the file is left as it is", asked=True)
    draft.write(edit.path, restored, _REASON)
    return None


def _explain_loss(observed: Observed, draft: Draft, path: str) -> tuple[str, ...]:
    """A warning where files of ours are there, but not the one that says what was before them."""
    if observed.snapshot.exists(path) or not draft.changed_paths():
        return ()
    return (
        f"{path} is missing, so the values from before the first change are not known: the running kernel keeps those "
        "it has, and lines that were changed in files of other programs stay as they are.",
    )


def uncomputed(machine: Machine, reason: str) -> Sizing:
    """The sizing of a table that this run does not size: the figures are only worked out for the result."""
    return replace(size_table(_KEPT, machine), reasons=(reason,))


def remove_directories(observed: Observed, draft: Draft, originals: Originals) -> None:
    """Directories that we made, innermost first, where nothing else has come to live."""
    for directory in sorted(originals.directories, key=len, reverse=True):
        inside = [entry.path for entry in observed.snapshot.glob(directory + "/*")]
        if all(draft.is_gone(path) for path in inside) and not draft.writes_below(directory):
            draft.remove_directory(directory)


def first_state(options: Options, observed: Observed, originals: Originals) -> Desired:
    """The values before our first change; the kernel's own where its module was not loaded then."""
    machine = machine_of(observed)
    defaults = {MAX: machine.default.max, HASHSIZE: machine.default.buckets}
    values: dict[str, int] = {}
    for key, first in originals.values.items():
        if key in observed.paths:
            value = first if first is not None else defaults.get(key, _default(observed, key))
            values.update({} if value is None else {key: value})
    blocked = [key for key in values if key in observed.blocked and observed.values.get(key) != values[key]]
    skipped = tuple(Skipped(short_name(key), observed.blocked[key].reason, asked=True) for key in blocked)
    values = {key: value for key, value in values.items() if key not in blocked}
    _check_count(options, observed, values)
    restored = replace(machine, max=values.get(MAX, machine.max), hashsize=values.get(HASHSIZE, machine.hashsize))
    return Desired(values, uncomputed(restored, "the table becomes what it was before the first change"), skipped)


def _default(observed: Observed, key: str) -> int | None:
    group, _colon, name = key.partition(":")
    return default_value(find_key(group, name), observed.version, observed.family) if name else None


def _check_count(options: Options, observed: Observed, values: dict[str, int]) -> None:
    first, count = values.get(MAX), observed.count or 0
    if options.runtime and first is not None and 0 < first < count and not options.force:
        raise RefusedError(
            f"The original max was {first}, but {count} entries are in use: new connections would be dropped at once. "
            "Wait until there are fewer, or give force=true."
        )
