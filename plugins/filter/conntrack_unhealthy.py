# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter conntrack_unhealthy; documented in conntrack_unhealthy.yml."""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.stateward.conntrack.plugins.plugin_utils._numbers import percentage
from ansible_collections.stateward.conntrack.plugins.plugin_utils._results import find_fleet
from ansible_collections.stateward.conntrack.plugins.plugin_utils._rollout import find_sickness

_NAME = "conntrack_unhealthy"


def conntrack_unhealthy(hostvars: Any, hosts: Any, percent: Any = 0) -> str:
    """Why a batch has to be rolled back, or nothing. Raises AnsibleFilterError for bad input."""
    share = percentage(_NAME, "percent", percent)
    try:
        return find_sickness(find_fleet(hostvars, hosts), percent=share)
    except ValueError as error:
        raise AnsibleFilterError(f"{_NAME}: {error}.") from error


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., str]]:
        return {_NAME: conntrack_unhealthy}
