# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter conntrack_drift; documented in conntrack_drift.yml."""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.stateward.conntrack.plugins.plugin_utils._results import find_drift

_NAME = "conntrack_drift"


def conntrack_drift(result: Any, events: Any = None, persist: Any = None) -> list[str]:
    """Where a host is not what its policy says. Raises AnsibleFilterError for anything else than a result."""
    try:
        return find_drift(result, events, persist)
    except ValueError as error:
        raise AnsibleFilterError(f"{_NAME}: {error}.") from error


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        return {_NAME: conntrack_drift}
