# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an earlier run has persisted, and this one no longer wants: the running kernel gets back what it had before.

Else it would keep the value until the next reboot, and change its behaviour then.
"""

from __future__ import annotations

from typing import Iterator, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._boot.readers import file_assignments
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_keys import default_value, find_key
from ansible_collections.stateward.conntrack.plugins.module_utils._names import sysctl_names
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import HASHSIZE, MAX, Observed
from ansible_collections.stateward.conntrack.plugins.module_utils._originals import (
    originals_path,
    parse_originals,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.sysctl import kernel_int


def find_released(observed: Observed, wanted: Mapping[str, int]) -> dict[str, int]:
    """By canonical key, the value from before our first change of each timeout and setting that leaves our sysctl file.

    wanted: what stays in it. Sizes stay until somebody asks for others. A value that is not ours any more, because
    somebody else has changed it since, is left alone. Raises UnsupportedHostError when the file of former values is
    damaged.
    """
    path = originals_path(observed.platform.state_dir)
    former = parse_originals(observed.snapshot.text(path), path).values
    released = {}
    for key, value in _persisted(observed):
        ours = key in former and key not in observed.blocked and observed.values.get(key) == value
        before = former[key] if former.get(key) is not None else _default(observed, key)
        if ours and key not in wanted and before is not None:
            released[key] = before
    return released


def _persisted(observed: Observed) -> Iterator[tuple[str, int]]:
    """The timeouts and settings in our sysctl file or block."""
    names = sysctl_names(observed)
    for line in file_assignments(observed.platform.boot.sysctl_path, observed.snapshot, only_block=True):
        key, value = names.get(line.key, MAX), kernel_int(line.value)
        if key not in (MAX, HASHSIZE) and value is not None:
            yield key, value


def _default(observed: Observed, key: str) -> int | None:
    """The kernel's own value, where the module was not loaded before our first change."""
    group, _colon, name = key.partition(":")
    return default_value(find_key(group, name), observed.version, observed.family)
