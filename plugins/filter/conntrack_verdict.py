# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter conntrack_verdict; documented in conntrack_verdict.yml."""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.stateward.conntrack.plugins.plugin_utils._results import tune_result
from ansible_collections.stateward.conntrack.plugins.plugin_utils._verdict import verdict

_NAME = "conntrack_verdict"


def conntrack_verdict(result: Any) -> list[str]:
    """A result of conntrack_tune in lines for a person. Raises AnsibleFilterError for anything else."""
    try:
        return verdict(tune_result(result))
    except ValueError as error:
        raise AnsibleFilterError(f"{_NAME}: {error}.") from error


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        return {_NAME: conntrack_verdict}
