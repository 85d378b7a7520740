# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of the stand-ins that the lab's own root does not have, from Debian's packages.

usage: PYTHONPATH=.tree python3 -m tests.lab.standins.packages
downloads them into the lab's cache, unless they are there. Within `lab.py run` that is not possible: its network leads
nowhere.
"""

from __future__ import annotations

import os
import sys
import tarfile
from pathlib import Path

from ..lablib.errors import LabError
from ..lablib.image import BUILD_TIMEOUT, ENDED_WITH_US, KEYRING
from ..lablib.settings import Settings, read_settings
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
            download(settings.mirror, unfinished)
            unfinished.rename(final)
    return final


def download(mirror: str, target: Path) -> None:
    """Unpack the packages into a tar file. Raises LabError that says what to do, should there be no way out."""
    try:
        run([*ENDED_WITH_US, *_mmdebstrap(mirror, target)], timeout=BUILD_TIMEOUT)
    except LabError as error:
        advice = "From within the lab, run 'PYTHONPATH=.tree python3 -m tests.lab.standins.packages' outside first."
        raise LabError(f"{error}\n{advice}") from error


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


def main() -> int:
    """Download what is missing; returns the exit code."""
    try:
        print(ensure_packages(read_settings(os.environ, Path.home())))
    except LabError as error:
        print(f"standins: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
