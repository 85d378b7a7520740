# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter conntrack_fleet; documented in conntrack_fleet.yml."""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.stateward.conntrack.plugins.plugin_utils._fleet_table import fleet_table
from ansible_collections.stateward.conntrack.plugins.plugin_utils._results import find_fleet
from ansible_collections.stateward.conntrack.plugins.plugin_utils._rollout import PROBLEMS

_NAME = "conntrack_fleet"


def conntrack_fleet(hostvars: Any, hosts: Any) -> dict[str, Any]:
    """What became of each host. Raises AnsibleFilterError for anything but hostvars and a list of host names."""
    try:
        fleet = find_fleet(hostvars, hosts)
    except ValueError as error:
        raise AnsibleFilterError(f"{_NAME}: {error}.") from error
    return {
        "states": {member.name: member.state for member in fleet},
        "touched": [member.name for member in fleet if member.touched],
        "problems": {member.name: f"{member.state}: {member.reason}" for member in fleet if member.state in PROBLEMS},
        "table": fleet_table(fleet),
    }


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        return {_NAME: conntrack_fleet}
