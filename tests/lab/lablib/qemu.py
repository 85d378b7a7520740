# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of kind qemu: the distribution's own kernel in a virtual machine, by KVM where that works."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

from .network import PREFIX_LENGTH, address_of, mac_of, tap_of
from .settings import Settings
from .shell import run
from .state import HostRecord

PROGRAM = "qemu-system-x86_64"
DEFAULT_MEMORY_MIB = 1024
BOOT_TIMEOUT = 600  # seconds; without KVM one host takes about 75
KVM_TRIAL_SECONDS = 15
BASE = (PROGRAM, "-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none", "-serial", "stdio")
# Without cx16: QEMU 7.2's own cmpxchg16b sometimes spoils the flags, and Linux 6.12's allocator panics or hangs in the
# first seconds (2 of 3 boots here, 0 of 3 without).
ACCELERATORS = {"kvm": ("-accel", "kvm", "-cpu", "host"), "tcg": ("-accel", "tcg,thread=multi", "-cpu", "max,-cx16")}


def disk_path(settings: Settings, host: HostRecord) -> Path:
    return settings.disks / f"{host.name}.ext4"


def prepare_disk(settings: Settings, host: HostRecord) -> None:
    """A copy of the image, sparse, and shared with it where the file system can."""
    disk = disk_path(settings, host)
    disk.parent.mkdir(parents=True, exist_ok=True)
    if not disk.exists():
        part = disk.with_suffix(".part")
        run(["cp", "--sparse=always", "--reflink=auto", f"{host.image}/disk.ext4", str(part)], timeout=300)
        part.replace(disk)


@cache
def choose_accelerator(kernel: str) -> str:
    """`kvm` if this kernel gets as far as missing its root file system under it, else `tcg`. /dev/kvm alone says
    little: on some machines it is there and starts nothing."""
    if not Path("/dev/kvm").exists():
        return "tcg"
    argv = [
        *BASE,
        *ACCELERATORS["kvm"],
        "-m",
        "512",
        "-no-reboot",
        "-kernel",
        kernel,
        "-append",
        "console=ttyS0 panic=-1",
    ]
    try:
        trial = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=KVM_TRIAL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return "tcg"
    return "kvm" if b"Kernel panic" in trial.stdout else "tcg"


def command(settings: Settings, host: HostRecord) -> list[str]:
    """The argv of the virtual machine."""
    device = f"virtio-net-pci,netdev=lab,mac={mac_of(host.index)},romfile="
    words = f"root=/dev/vda rw console=ttyS0 net.ifnames=0 lab.host={host.name}"
    address = f"lab.address={address_of(host.index)}/{PREFIX_LENGTH}"
    return [
        *(*BASE, *ACCELERATORS[host.accelerator]),
        *("-name", host.name, "-m", str(host.memory_mib)),
        *("-kernel", f"{host.image}/kernel", "-initrd", f"{host.image}/initrd"),
        *("-append", f"{words} {address} {host.append}".strip()),
        *("-drive", f"file={disk_path(settings, host)},if=virtio,format=raw"),
        *("-netdev", f"tap,id=lab,ifname={tap_of(host.index)},script=no,downscript=no", "-device", device),
    ]


def environment() -> dict[str, str]:
    return {}
