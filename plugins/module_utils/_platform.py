# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The platform of a host: the first fitting row of each table, and the boot steps that its services really take."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.stateward.conntrack.plugins.module_utils._features import find_features
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._platform_table import (
    BOOT_ROWS,
    DECLARATIVE,
    MODPROBE_ROWS,
    MODULES,
    NETWORK,
    SYSCTL,
    UNKNOWN_BOOT,
    BootRow,
    ModprobeRow,
)

# A boot step happens only where its service is enabled: the row, the step, and the paths of which one must be there.
_ENABLED_BY: dict[tuple[str, str], tuple[str, ...]] = {
    **{(row, NETWORK): ("/etc/rc.d/rc3.d/S??network",) for row in ("el-sysv", "el-sysv-conf", "el-sysv-rereads-conf")},
    **{
        (row, step): tuple(f"/etc/runlevels/{level}/{service}" for level in ("sysinit", "boot", "default"))
        for row in ("alpine", "alpine-old", "alpine-etc-modules", "openrc", "openrc-conf", "openrc-unordered")
        for step, service in ((MODULES, "modules"), (SYSCTL, "sysctl"))
    },
    # insserv makes a link for each script that is enabled.
    **{
        (row, step): tuple(f"/etc/rcS.d/S??{script}" for script in scripts)
        for row in ("debian-sysv", "debian-sysv-old", "debian-sysv-reversed")
        for step, scripts in ((MODULES, ("kmod", "module-init-tools")), (SYSCTL, ("procps", "procps.sh")))
    },
    ("suse-sysv", MODULES): ("/etc/init.d/boot.d/S??boot.loadmodules",),
    ("suse-sysv", SYSCTL): ("/etc/init.d/boot.d/S??boot.sysctl",),
}


@dataclass(frozen=True)
class Platform:
    """What the rows of a host say together.

    steps: of its boot, in order. missing_steps: those that its row has but whose service is not enabled. state_dir:
    where the originals are kept. refusal: empty, or why nothing may be written to its files. features: all that was
    seen.
    """

    boot: BootRow
    modprobe: ModprobeRow
    steps: tuple[str, ...]
    missing_steps: tuple[str, ...]
    state_dir: str
    refusal: str
    features: frozenset[str]


def _boot_row(features: frozenset[str]) -> BootRow:
    return next((row for row in BOOT_ROWS if features.issuperset(row.features)), UNKNOWN_BOOT)


def _modprobe_row(features: frozenset[str]) -> ModprobeRow:
    return next(row for row in MODPROBE_ROWS if features.issuperset(row.features))


def _enabled(snapshot: Snapshot, row: BootRow, step: str) -> bool:
    paths = _ENABLED_BY.get((row.name, step), ())
    return not paths or any(any(snapshot.glob(path)) for path in paths)


def _refusal(features: frozenset[str]) -> str:
    for name, sentence in DECLARATIVE.items():
        if name in features:
            return sentence
    if "read_only_etc" in features:
        return "/etc is read-only: put the files into the image of this host, or remount it writable"
    return ""


def find_platform(snapshot: Snapshot) -> Platform:
    """The platform of the host that the snapshot shows."""
    features = find_features(snapshot)
    boot = _boot_row(features)
    steps = tuple(step for step in boot.steps if _enabled(snapshot, boot, step))
    return Platform(
        boot=boot,
        modprobe=_modprobe_row(features),
        steps=steps,
        missing_steps=tuple(step for step in boot.steps if step not in steps),
        state_dir="/etc/stateward-conntrack" if "openwrt" in features else "/var/lib/stateward-conntrack",
        refusal=_refusal(features),
        features=features,
    )
