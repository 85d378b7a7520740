# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of the stand-ins that the lab's own root does not have, from Debian's packages."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

from ..lablib.image import BUILD_TIMEOUT, ENDED_WITH_US, KEYRING
from ..lablib.settings import Settings
from ..lablib.shell import run
from ..lablib.state import locked

# Not busybox-static: its shell runs every applet by itself, whether or not the tree has it.
PACKAGES = ("busybox", "dropbear-bin", "sudo")
SUITE = "bookworm"  # of the root on which the stand-ins live, and whose libraries they use


def ensure_packages(settings: Settings) -> Path:
    """The unpacked packages as a tar file in the cache. Raises LabError."""
    final = settings.cache / "packages" / f"{SUITE}-{'-'.join(PACKAGES)}.tar"
    final.parent.mkdir(parents=True, exist_ok=True)
    with locked(final.with_suffix(".lock")):
        if not final.exists():
            unfinished = final.with_suffix(".tmp.tar")
            run([*outside(), *ENDED_WITH_US, *_mmdebstrap(settings.mirror, unfinished)], timeout=BUILD_TIMEOUT)
            unfinished.rename(final)
    return final


def outside() -> list[str]:
    """What a command needs in front to reach the mirror from within `lab.py run`, whose network leads nowhere.

    lab.py itself has stayed outside: it is the nearest ancestor in another network namespace.
    """
    here = os.stat("/proc/self/ns/net").st_ino
    process = os.getppid()
    while process > 1:
        namespace = f"/proc/{process}/ns/net"
        if os.stat(namespace).st_ino != here:
            return ["nsenter", f"--net={namespace}", "--"]
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
        process = int(status.partition("PPid:")[2].split()[0])
    return []


def _mmdebstrap(mirror: str, target: Path) -> list[str]:
    return [
        *("mmdebstrap", "--mode=root", "--variant=extract", "--format=tar", f"--include={','.join(PACKAGES)}"),
        *(SUITE, str(target), f"deb [signed-by={KEYRING}] {mirror} {SUITE} main"),
    ]


def wanted(path: str, *, dropbear: bool, sudo: bool) -> str:
    """Where a file of the packages goes inside the tree, empty for nowhere."""
    name = path[1:] if path.startswith("./") else f"/{path}"
    if name == "/bin/busybox":
        return "/lib/standin/busybox"
    if dropbear and name in ("/usr/sbin/dropbear", "/usr/bin/dropbearkey"):
        return f"/lib/standin/{name.rpartition('/')[2]}"
    if dropbear and name.rpartition("/")[2].startswith("libtom") and ".so" in name:
        return f"/lib/standin/lib/{name.rpartition('/')[2]}"
    if sudo and (name == "/usr/bin/sudo" or name.startswith("/usr/libexec/sudo/")):
        return name
    return ""


def open_packages(path: Path) -> tarfile.TarFile:
    return tarfile.open(path)
