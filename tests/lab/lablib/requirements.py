# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the machine must have."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Requirement:
    """A program or file, the Debian/Ubuntu package that it comes from, and the kinds of host that need it."""

    wanted: str
    package: str
    kinds: tuple[str, ...]


BOTH = ("uml", "qemu")
REQUIREMENTS = (
    Requirement("linux.uml", "user-mode-linux", ("uml",)),
    Requirement("depmod", "kmod", ("uml",)),
    Requirement("qemu-system-x86_64", "qemu-system-x86", ("qemu",)),
    Requirement("mmdebstrap", "mmdebstrap", BOTH),
    Requirement("/usr/share/keyrings/debian-archive-keyring.gpg", "debian-archive-keyring", BOTH),
    Requirement("mkfs.ext4", "e2fsprogs", BOTH),
    Requirement("ip", "iproute2", BOTH),
    Requirement("nsenter", "util-linux", BOTH),
    Requirement("ssh", "openssh-client", BOTH),
)
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def is_present(wanted: str) -> bool:
    return Path(wanted).exists() if wanted.startswith("/") else shutil.which(wanted, path=SYSTEM_PATH) is not None


def missing_packages(kind: str) -> list[str]:
    """The packages to install for this kind of host."""
    return [row.package for row in REQUIREMENTS if kind in row.kinds and not is_present(row.wanted)]


def missing_rights() -> list[str]:
    """What no package can give, as sentences."""
    problems = []
    if os.geteuid() != 0:
        problems.append("The lab needs root: it makes a network namespace and root file systems.")
    if not Path("/dev/net/tun").exists():
        problems.append("There is no /dev/net/tun (modprobe tun).")
    return problems


def report(kind: str) -> list[str]:
    """Everything that is missing, one sentence each, the last one a command that helps; empty when nothing is."""
    packages = missing_packages(kind)
    lines = missing_rights()
    if packages:
        lines.append(
            f"Missing packages. Install them with: apt-get install -y --no-install-recommends {' '.join(packages)}"
        )
    return lines
