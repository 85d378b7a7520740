# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the stand-ins into one archive, which guest/up.sh brings to life on a host of the lab.

usage: PYTHONPATH=.tree python3 -m tests.lab.standins.build ARCHIVE
from the project's folder, as root. ARCHIVE is a .tar.gz. The RSA key with which the old ones are reached is made beside
the lab's own key: id_rsa.
"""

from __future__ import annotations

import io
import os
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Sequence

from ..lablib.errors import LabError
from ..lablib.settings import Settings, read_settings
from ..lablib.shell import run
from ..lablib.ssh import ensure_key
from ..lablib.state import locked
from .packages import ensure_packages, open_packages, wanted
from .rows import STANDINS, Standin
from .tree import GUEST, USER, Member, folders, members

HOST_SCRIPTS = ("up.sh", "mounts.sh", "enter.sh")


def ensure_rsa_key(settings: Settings) -> str:
    """The public RSA key, made the first time: OpenSSH 4.3 and 5.3 know no ed25519."""
    key = settings.key.with_name("id_rsa")
    with locked(settings.cache / "ssh.lock"):
        if not key.exists():
            run(["ssh-keygen", "-q", "-t", "rsa", "-b", "3072", "-N", "", "-C", "stateward-lab", "-f", str(key)])
    return key.with_suffix(".pub").read_text(encoding="ascii")


def authorized(keys: str) -> list[Member]:
    """The keys for both accounts."""
    return [
        Member("tree/root/.ssh/authorized_keys", keys, 0o600),
        Member(f"tree/home/{USER}/.ssh/authorized_keys", keys, 0o600, owner=1000),
    ]


def add(archive: tarfile.TarFile, member: Member) -> None:
    """One member, with everything about it that could differ fixed."""
    info = tarfile.TarInfo(member.path)
    data = member.text.encode("utf-8", "surrogateescape")
    info.mode, info.uid, info.gid, info.size = member.mode, member.owner, member.owner, len(data)
    if member.directory:
        info.type, info.size = tarfile.DIRTYPE, 0
    elif member.link:
        info.type, info.linkname, info.size = tarfile.SYMTYPE, member.link, 0
    archive.addfile(info, io.BytesIO(data))


def add_standin(archive: tarfile.TarFile, row: Standin, keys: str, packages: tarfile.TarFile) -> None:
    """A stand-in with its programs, below its name; a folder comes before what is in it."""
    found = {member.path: member for member in [*members(row), *authorized(keys)]}
    programs = taken(packages, row)
    for folder in folders([*found, *programs]):
        found.setdefault(folder, Member(folder, mode=0o755, directory=True))
    for path in sorted([*found, *programs]):
        if path in found:
            add(archive, replace(found[path], path=f"{row.name}/{path}"))
            continue
        info = programs[path]
        data = packages.extractfile(info) if info.isreg() else None
        info.name = f"{row.name}/{path}"
        archive.addfile(info, data)


def taken(packages: tarfile.TarFile, row: Standin) -> dict[str, tarfile.TarInfo]:
    """What a stand-in takes from the packages, by its path there."""
    places = {info: wanted(info.name, dropbear=not row.sshd, sudo=row.sudo) for info in packages if not info.isdir()}
    return {f"tree{place}": info for info, place in places.items() if place}


def build(settings: Settings, target: Path) -> None:
    """Write the archive. Raises LabError."""
    keys = ensure_key(settings) + "\n" + ensure_rsa_key(settings)
    source = ensure_packages(settings)
    with tarfile.open(target, "w:gz", compresslevel=3) as archive:
        for name in HOST_SCRIPTS:
            add(archive, Member(name, (GUEST / name).read_text(encoding="utf-8"), 0o755))
        for row in STANDINS:
            with open_packages(source) as packages:
                add_standin(archive, row, keys, packages)


def main(argv: Sequence[str]) -> int:
    """Do what the arguments say; returns the exit code."""
    if len(argv) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        build(read_settings(os.environ, Path.home()), Path(argv[0]))
    except LabError as error:
        print(f"standins: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
