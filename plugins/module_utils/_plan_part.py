# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back for some ways of persisting: state=absent with persist.

Running values stay as they are, and so does what the other ways wrote.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils import _platform_table as table
from ansible_collections.stateward.conntrack.plugins.module_utils._desired import Desired, machine_of
from ansible_collections.stateward.conntrack.plugins.module_utils._draft import Draft
from ansible_collections.stateward.conntrack.plugins.module_utils._firewalls import SCRIPTS
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import Observed
from ansible_collections.stateward.conntrack.plugins.module_utils._options import Options
from ansible_collections.stateward.conntrack.plugins.module_utils._originals import (
    Originals,
    originals_path,
    parse_originals,
    render_originals,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.lines import remove_block, replace_block
from ansible_collections.stateward.conntrack.plugins.module_utils._persist_base import BEGIN, END
from ansible_collections.stateward.conntrack.plugins.module_utils._plan import Plan, back_up
from ansible_collections.stateward.conntrack.plugins.module_utils._plan_absent import (
    remove_directories,
    uncomputed,
    undo_in_draft,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._takeover import look_ahead

_REASON = "no longer wanted"


def plan_part(options: Options, observed: Observed) -> Plan:
    """Take back what these ways of persisting wrote, and forget it in the originals."""
    path = originals_path(observed.platform.state_dir)
    originals = parse_originals(observed.snapshot.text(path), path)
    draft = Draft(observed.snapshot)
    for way in sorted(options.persist):
        _TAKE_BACK[way](draft, observed)
    edited = _edited_paths(options, observed)
    undone = [edit for edit in originals.edits if edit.path in edited]
    skipped = tuple(dict.fromkeys(item for edit in reversed(undone) for item in [undo_in_draft(draft, edit)] if item))
    if options.backup:
        back_up(observed, draft, draft.changed_paths())
    _forget(observed, draft, originals, undone_paths=edited)
    values = {key: observed.values[key] for key in originals.values if key in observed.values}
    desired = Desired(values, uncomputed(machine_of(observed), "the running table stays as it is"), ())
    events, conflicts = look_ahead(options, observed, values, draft)
    warnings = tuple(f"{item.name}: {item.reason}." for item in skipped)
    return Plan(draft.operations(), desired, skipped, conflicts, events, warnings)


def _forget(observed: Observed, draft: Draft, originals: Originals, *, undone_paths: frozenset[str]) -> None:
    """The originals without what was taken back; unchanged while nothing was, gone when nothing is left."""
    if originals.empty or not draft.changed_paths():
        return
    path = originals_path(observed.platform.state_dir)
    kept = replace(
        originals,
        files=tuple(name for name in originals.files if not draft.is_gone(name)),
        edits=tuple(edit for edit in originals.edits if edit.path not in undone_paths),
    )
    if kept.values or kept.files or kept.edits:
        draft.write_first(path, render_originals(kept), "what is left to be put back one day", mode=0o600)
        return
    draft.remove(path, "nothing is left to be put back")
    remove_directories(observed, draft, originals)


def _edited_paths(options: Options, observed: Observed) -> frozenset[str]:
    """The files of others that these ways edit by the line."""
    loading = observed.platform.boot.loading
    by_way = {
        "preload": (loading.path,) if loading.kind == table.VARIABLE else (),
        "iptables_unload": tuple(script.config for script in SCRIPTS),
    }
    return frozenset(path for way in options.persist for path in by_way.get(way, ()))


def _take_back_sysctl(draft: Draft, observed: Observed) -> None:
    _remove_ours(draft, observed.platform.boot.sysctl_path)


def _take_back_preload(draft: Draft, observed: Observed) -> None:
    if observed.platform.boot.loading.kind != table.VARIABLE:
        _remove_ours(draft, observed.platform.boot.loading.path)


def _take_back_modprobe(draft: Draft, observed: Observed) -> None:
    loading = observed.platform.boot.loading
    if loading.kind == table.ARGUMENTS and draft.raw(loading.path):
        names = "".join(f"{line.split()[0]}\n" for line in draft.raw(loading.path).splitlines() if line.strip())
        draft.write(loading.path, names, _REASON)
        return
    _remove_lines(draft, observed, table.MODPROBE_DROP_IN, "options ")


def _take_back_late_load(draft: Draft, observed: Observed) -> None:
    _remove_lines(draft, observed, table.LATE_LOAD_DROP_IN, "install ")


def _remove_ours(draft: Draft, path: str) -> None:
    """A file of ours as a whole, our block in one of others."""
    if "stateward" in path:
        draft.remove(path, _REASON)
    elif BEGIN in draft.raw(path):
        draft.write(path, remove_block(draft.text(path) or "", BEGIN, END), _REASON)


def _remove_lines(draft: Draft, observed: Observed, drop_in: str, word: str) -> None:
    """The drop-in, or the lines that begin with the word in our block of a single configuration file."""
    conf = observed.platform.modprobe.conf
    if not conf:
        draft.remove(drop_in, _REASON)
        return
    text = draft.raw(conf)
    inside = text.partition(BEGIN)[2].partition(END)[0].splitlines(keepends=True)[1:]
    kept = "".join(line for line in inside if not line.startswith(word))
    if inside:
        new = replace_block(text, BEGIN, END, kept) if kept else remove_block(text, BEGIN, END)
        draft.write(conf, new, _REASON)


def _nothing(draft: Draft, observed: Observed) -> None:
    """Only edited lines, which are undone by themselves."""


_TAKE_BACK: Mapping[str, Callable[[Draft, Observed], None]] = {
    "sysctl": _take_back_sysctl,
    "preload": _take_back_preload,
    "modprobe": _take_back_modprobe,
    "late_load": _take_back_late_load,
    "iptables_unload": _nothing,
}
