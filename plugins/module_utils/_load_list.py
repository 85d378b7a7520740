# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the list of settings that the iptables script applies again would make up for the unloaded module."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.stateward.conntrack.plugins.module_utils._boot.simulate import Simulator
from ansible_collections.stateward.conntrack.plugins.module_utils._firewalls import SCRIPTS, Firewall
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._names import short_name
from ansible_collections.stateward.conntrack.plugins.module_utils._persist_base import Persisting

# So many lost values are named; the others are of the same kind.
_NAMED = 3


def explain_load_list(persisting: Persisting, firewall: Firewall) -> str:
    """A clause that says whether the list alone would do; empty where the installed script has no such list.

    An empty list is taken as if it named conntrack, for that is what one would write into it. The files are those of
    the draft, the values those that the kernel has and those that are wanted.
    """
    observed = persisting.observed
    variable = _list_variable(observed.snapshot, firewall)
    if not variable:
        return ""
    lost = _lost_values(persisting)
    if not lost:
        return f"; {variable} alone would do as well"
    return f"; {variable} alone would not do: {', '.join(lost[:_NAMED])}"


def _list_variable(snapshot: Snapshot, firewall: Firewall) -> str:
    scripts = (script for script in SCRIPTS if script.service == firewall.service)
    texts = ((script.load_list, snapshot.text(path) or "") for script in scripts for path in script.paths)
    return next((name for name, text in texts if name in text), "")


def _lost_values(persisting: Persisting) -> list[str]:
    observed = persisting.observed
    simulator = Simulator(observed, observed.snapshot.overlay(persisting.draft.operations()))
    listed = (replace(item, load_list=item.load_list or (observed.dialect,)) for item in simulator.firewalls)
    simulator.firewalls = tuple(listed)
    wanted = {**observed.values, **persisting.desired.values}
    found = simulator.firewall_restart(wanted).values
    return [
        f"{short_name(key)} would be {found[key]}, not {value}"
        for key, value in wanted.items()
        if found.get(key, value) != value
    ]
