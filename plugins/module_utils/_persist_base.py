# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all ways of persisting share: what they are given, how they say that they do not apply, how text is marked."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.stateward.conntrack.plugins.module_utils._desired import Desired
from ansible_collections.stateward.conntrack.plugins.module_utils._draft import Draft
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import BUILTIN, Observed
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.proc import module_names

BEGIN, END = "# BEGIN stateward.conntrack", "# END stateward.conntrack"
# Short lines: procps before 3.3.10 reads what is beyond 255 characters as a line of its own.
HEADER = "# Managed by Ansible (stateward.conntrack): changes made here are overwritten.\n"
# Up to 4.18 these bring the protocols, and with them most timeouts; without them nothing is tracked.
_FAMILIES = ("nf_conntrack_ipv4", "nf_conntrack_ipv6")


@dataclass(frozen=True)
class Persisting:
    """What every way of persisting is given."""

    observed: Observed
    desired: Desired
    draft: Draft


class NotNeeded(Exception):
    """A way of persisting that does not apply to this host; its text is a clause that says why."""


def require_host(observed: Observed) -> None:
    """Raises NotNeeded in a network namespace whose modules are another's business."""
    if observed.netns == "other":
        raise NotNeeded("not the initial network namespace: modules are loaded by the host")


def require_module(observed: Observed) -> None:
    """Raises NotNeeded where there is no module to be loaded here."""
    require_host(observed)
    if observed.module == BUILTIN:
        raise NotNeeded("conntrack is built into this kernel: there is no module to load")


def modules(observed: Observed) -> tuple[str, ...]:
    """conntrack itself and, up to 4.18, one module per address family, as far as they are installed."""
    dep = observed.snapshot.text(f"/lib/modules/{observed.release}/modules.dep") or ""
    installed = module_names(dep)
    families = [name for name in _FAMILIES if name in installed]
    return (observed.dialect, *families) if observed.version < (4, 19) else (observed.dialect,)
