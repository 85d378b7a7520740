# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What will be true after the plan, and the foreign lines that have to go for it."""

from __future__ import annotations

from typing import Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._boot.simulate import Simulator
from ansible_collections.stateward.conntrack.plugins.module_utils._conflicts import (
    Conflict,
    Events,
    find_conflicts,
    simulate_events,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._draft import Draft
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import Observed
from ansible_collections.stateward.conntrack.plugins.module_utils._options import Options
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.lines import comment_out
from ansible_collections.stateward.conntrack.plugins.module_utils._ways import PRELOAD, writes_values

TAKEN_OVER = "# stateward.conntrack: "


def look_ahead(
    options: Options, observed: Observed, values: Mapping[str, int], draft: Draft
) -> tuple[Events, tuple[Conflict, ...]]:
    """The three events and the conflicts on the host as the draft, and the running kernel as the options, leave it."""
    simulator = Simulator(observed, observed.snapshot.overlay(draft.operations()))
    running = {**observed.values, **(values if options.runtime else {})}
    events = simulate_events(simulator, running)
    return events, find_conflicts(simulator, events, values)


def take_over(options: Options, observed: Observed, values: Mapping[str, int], draft: Draft) -> tuple[str, ...]:
    """Comment out what would win over us, in files below /etc, until nothing does; returns the paths of those files.

    One line may hide another: hence the repetition. A file that is only seen through a link is left, and stays a
    conflict. Raises UnsupportedHostError for a file that cannot be edited.
    """
    seen: set[tuple[str, int]] = set()
    while True:
        _events, conflicts = look_ahead(options, observed, values, draft)
        lines = {(item.path, item.line) for item in conflicts if _stands_in_our_way(options, item, draft)} - seen
        if not lines:
            return tuple(sorted({path for path, _line in seen}))
        seen |= lines
        for path, line in sorted(lines):
            text = draft.text(path) or ""
            draft.edit(path, comment_out(text, line, TAKEN_OVER), "lines that would win over ours are commented out")


def _stands_in_our_way(options: Options, conflict: Conflict, draft: Draft) -> bool:
    """Where no values of ours are persisted, only what keeps a preload from working does."""
    ours = writes_values(options.persist) or (conflict.key == "module" and PRELOAD in options.persist)
    return conflict.wins and ours and conflict.path.startswith("/etc/") and draft.is_text(conflict.path)
