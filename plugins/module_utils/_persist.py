# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes the values outlive the running kernel: one function per way of persisting, each on a draft of files."""

from __future__ import annotations

from typing import Callable, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils import _platform_table as table
from ansible_collections.stateward.conntrack.plugins.module_utils._desired import Desired, Skipped
from ansible_collections.stateward.conntrack.plugins.module_utils._firewalls import find_firewalls
from ansible_collections.stateward.conntrack.plugins.module_utils._load_list import explain_load_list
from ansible_collections.stateward.conntrack.plugins.module_utils._names import file_names
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import IP, Observed
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.lines import replace_block
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.shellvars import set_variable
from ansible_collections.stateward.conntrack.plugins.module_utils._persist_base import (
    BEGIN,
    END,
    HEADER,
    NotNeeded,
    Persisting,
    require_host,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._persist_modprobe import (
    persist_late_load,
    persist_modprobe,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._persist_preload import persist_preload
from ansible_collections.stateward.conntrack.plugins.module_utils._thresholds import in_order
from ansible_collections.stateward.conntrack.plugins.module_utils._ways import (
    IPTABLES_UNLOAD,
    LATE_LOAD,
    MODPROBE,
    PRELOAD,
    SYSCTL,
    writes_values,
)


def persist(ways: frozenset[str], persisting: Persisting) -> tuple[Skipped, ...]:
    """Write everything that the ways ask for into the draft; returns those that do not apply here."""
    skipped = []
    for way in sorted(_complete(ways), key=list(WAYS).index):
        try:
            WAYS[way](persisting)
        except NotNeeded as error:
            # One that was named, and not only meant with all the others, deserves a warning.
            skipped.append(Skipped(way, str(error), asked=ways != frozenset(WAYS) and way in ways))
    return tuple(skipped)


def _complete(ways: frozenset[str]) -> frozenset[str]:
    return ways | {SYSCTL} if writes_values(ways) else ways


# -------------------------------------------------------------------------------------------------- sysctl


def sysctl_body(observed: Observed, desired: Desired) -> str:
    """The settings as lines of a sysctl file; buckets only where a sysctl can set them."""
    names = file_names(observed)
    # They are applied to the values of a boot, not to those of now.
    keys = in_order(list(desired.values), desired.values, {})
    lines = [f"{names[key]} = {desired.values[key]}\n" for key in keys if key in names]
    # Sizes before the rest, buckets before max: where the kernel has no memory for the buckets and the program stops
    # there (busybox does), max is not raised over a table that stayed small.
    return "".join(sorted(lines, key=lambda line: "_buckets" not in line))


def _persist_sysctl(persisting: Persisting) -> None:
    observed, draft = persisting.observed, persisting.draft
    body = sysctl_body(observed, persisting.desired)
    if not body:
        raise NotNeeded("there is no value that could be persisted on this host")
    path = observed.platform.boot.sysctl_path
    reason = "the values for the boot's sysctl step"
    if path == table.SYSCTL_CONF:
        draft.write(path, replace_block(draft.text(path) or "", BEGIN, END, body), reason)
    else:
        draft.write(path, HEADER + body, reason, mode=0o644)


# -------------------------------------------------------------------------------------------------- iptables


def _persist_iptables_unload(persisting: Persisting) -> None:
    draft = persisting.draft
    require_host(persisting.observed)
    firewalls = find_firewalls(persisting.observed.snapshot, old_dialect=persisting.observed.dialect == IP)
    variables = [firewall for firewall in firewalls if firewall.variable]
    if not variables:
        raise NotNeeded("no installed firewall script here unloads modules by IPTABLES_MODULES_UNLOAD")
    # Asked before the first edit: each of them makes the question pointless.
    notes = {firewall.service: explain_load_list(persisting, firewall) for firewall in variables if firewall.unloads}
    for firewall in variables:
        text = draft.text(firewall.config) or ""
        if firewall.unloads:
            reason = f"a restart of {firewall.service} no longer unloads the module{notes[firewall.service]}"
            draft.edit(firewall.config, set_variable(text, firewall.variable, "no"), reason)


WAYS: Mapping[str, Callable[[Persisting], None]] = {
    SYSCTL: _persist_sysctl,
    PRELOAD: persist_preload,
    MODPROBE: persist_modprobe,
    LATE_LOAD: persist_late_load,
    IPTABLES_UNLOAD: _persist_iptables_unload,
}
