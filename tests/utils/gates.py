# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gates of noxfile.py share: their directories, copies of the collection, and what they fetch and build."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tarfile
import zlib
from pathlib import Path
from typing import NoReturn

import nox

CHECKOUT = Path(__file__).resolve().parents[2]
WORK = CHECKOUT / ".cache" / "gates"
TREE = CHECKOUT / ".tree" / "ansible_collections" / "stateward" / "conntrack"
UTILS = CHECKOUT / "tests" / "utils"
LAB = CHECKOUT / "tests" / "lab" / "lab.py"

# What judges the page's accessibility: a package of npm, and the SHA-256 of its archive.
AXE_VERSION = "4.14.1"
AXE_SHA256 = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"


def install(session: nox.Session, *packages: str) -> None:
    """Install packages, they and all they need in the exact versions of requirements/tools.txt."""
    session.install("--constraint", "requirements/tools.txt", *packages)


def refuse(session: nox.Session, why: str) -> NoReturn:
    """Leave the session out; where CI runs, that is a failure."""
    if "CI" in os.environ:
        session.error(why)
    session.skip(why)


def scratch(session: nox.Session) -> Path:
    """An empty directory for the session."""
    path = WORK / re.sub(r"[^\w.]+", "-", session.name).strip("-")
    if path.exists():
        shutil.rmtree(path)
    path.mkdir(parents=True)
    return path


def copy_collection(session: nox.Session) -> Path:
    """A copy of everything that git tracks or would track, at a path that ansible-test, antsibull and galaxy accept."""
    target = scratch(session) / "ansible_collections" / "stateward" / "conntrack"
    listing = [
        "git",
        "-c",
        f"safe.directory={CHECKOUT}",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    names = session.run(*listing, external=True, silent=True, log=False) or ""
    for name in names.split("\0"):
        if name and (CHECKOUT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, target / name, follow_symlinks=False)
    return target


def run_pytest(session: nox.Session, *arguments: str) -> None:
    """Run pytest over the tree; the counts go to a file that `make test` adds up."""
    counts = WORK / f"{session.name}.xml"
    counts.unlink(missing_ok=True)
    session.run("python", "-m", "pytest", "-q", f"--junitxml={counts}", *arguments, *session.posargs)


def enter_lab(session: nox.Session, name: str) -> None:
    """Make sure that this machine can raise a lab, and give the session one of its own."""
    if os.geteuid() != 0:
        refuse(session, "the lab starts kernels and network namespaces: run it as root, for example sudo make test-lab")
    try:
        session.run("python", str(LAB), "requirements", silent=True)
    except nox.command.CommandFailed as error:
        refuse(session, f"packages are missing, which `python3 tests/lab/lab.py requirements` names ({error.reason})")
    # Two checkouts may run their gates at the same time.
    session.env["LAB_STATE"] = f"/run/stateward-{name}-{zlib.crc32(str(CHECKOUT).encode()):x}"
    session.run("python", str(LAB), "down", silent=True)


def fetch_axe(session: nox.Session) -> Path:
    """The script of axe-core; it is fetched once and kept in .cache."""
    kept = CHECKOUT / ".cache" / "axe-core" / f"{AXE_VERSION}.js"
    if kept.exists():
        return kept
    session.run(
        "npm", "pack", "--silent", "--pack-destination", str(scratch(session)), f"axe-core@{AXE_VERSION}", external=True
    )
    archive = next((WORK / session.name).glob("*.tgz"))
    if hashlib.sha256(archive.read_bytes()).hexdigest() != AXE_SHA256:
        session.error(f"{archive.name} of npm is not the one that is pinned")
    with tarfile.open(archive) as opened:
        script = opened.extractfile("package/axe.min.js").read()
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(script)
    return kept


def ansible_test(session: nox.Session, core: str, *arguments: str) -> None:
    """Run ansible-test of one ansible-core in a copy of the collection, with a home of its own."""
    session.install(f"ansible-core=={core}")
    collection = copy_collection(session)
    home = collection.parents[2] / "home"
    put_pip_scripts(session, home / ".ansible" / "test" / "cache")
    session.chdir(collection)
    # Below a git checkout that ignores it, ansible-test would see no file at all, and pass.
    session.run("git", "init", "--quiet", external=True)
    session.run("ansible-test", *arguments, "--color", "no", env={"HOME": str(home)})


def put_pip_scripts(session: nox.Session, cache: Path) -> None:
    """Give ansible-test the scripts that it would otherwise download to install pip."""
    cache.mkdir(parents=True)
    locate = "import ansible_test._internal.python_requirements as found; print(found.__file__)"
    source = session.run("python", "-c", locate, silent=True, log=False) or ""
    for version in re.findall(r"pip='([\d.]+)'", Path(source.strip()).read_text()):
        shutil.copy(UTILS / "get_pip.py", cache / f"get_pip_{version.replace('.', '_')}.py")


def build_collection(session: nox.Session) -> Path:
    """Build the artifact and return its path."""
    collection = copy_collection(session)
    output = collection.parents[2]
    session.run("ansible-galaxy", "collection", "build", "--force", "--output-path", str(output), str(collection))
    return next(output.glob("*.tar.gz"))
