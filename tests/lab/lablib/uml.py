# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of kind uml: user-mode Linux, the Linux kernel as an ordinary process."""

from __future__ import annotations

from pathlib import Path

from .errors import LabError
from .network import PREFIX_LENGTH, address_of, mac_of, tap_of
from .settings import Settings
from .shell import run
from .state import HostRecord

KERNEL = "linux.uml"
LAUNCHER = Path(__file__).resolve().parent.parent / "uml-kernel"
MODULES = Path("/usr/lib/uml/modules")
DEFAULT_MEMORY_MIB = 384
BOOT_TIMEOUT = 240  # seconds; one host takes about 15, eight at once on two cores about 60


def kernel_version() -> str:
    """The version of the installed kernel. Raises LabError when its modules are not there."""
    version = run([KERNEL, "--version"]).strip().splitlines()[-1]
    if not (MODULES / version / "kernel").is_dir():
        raise LabError(f"There are no modules of {KERNEL} {version} in {MODULES}.")
    return version


def disk_path(settings: Settings, host: HostRecord) -> Path:
    return settings.disks / f"{host.name}.cow"


def prepare_disk(settings: Settings, host: HostRecord) -> None:
    """Nothing to do but the folder: the kernel itself makes the copy-on-write file."""
    disk_path(settings, host).parent.mkdir(parents=True, exist_ok=True)


def command(settings: Settings, host: HostRecord) -> list[str]:
    """The argv of the kernel. All of its words are in the host's /proc/cmdline."""
    return [
        str(LAUNCHER),
        f"ubd0={disk_path(settings, host)},{host.image}/disk.ext4",
        "root=/dev/ubda",
        "rw",
        f"mem={host.memory_mib}M",
        f"vec0:transport=tap,ifname={tap_of(host.index)},mac={mac_of(host.index)},depth=64,gro=1",
        f"umid={host.name}",
        f"uml_dir={settings.state}/uml/",
        "con=null",
        "con0=null,fd:2",
        f"lab.host={host.name}",
        f"lab.address={address_of(host.index)}/{PREFIX_LENGTH}",
        *host.append.split(),
    ]


def environment() -> dict[str, str]:
    """The kernel keeps the host's memory in a file under TMPDIR."""
    return {"TMPDIR": "/dev/shm"}
