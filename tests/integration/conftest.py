# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module on the kernel of this very machine, through the ansible command; everything is put back afterwards.

Needs root and a kernel whose conntrack keys are there. Kernel values are compared before and after every test.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

PROC = Path("/proc/sys/net/netfilter")
STATE = Path("/var/lib/stateward-conntrack")
DROP_IN = Path("/etc/sysctl.d/99-stateward-conntrack.conf")
COLLECTIONS = Path(__file__).parents[2] / ".tree"


def read_key(name: str) -> int:
    return int((PROC / f"nf_conntrack_{name}").read_text())


def _writable_values() -> dict[Path, str]:
    paths = [path for path in PROC.glob("nf_conntrack_*") if path.stat().st_mode & 0o200]
    return {path: path.read_text() for path in paths}


def _restore(values: dict[Path, str]) -> None:
    for path, text in values.items():
        if path.read_text() != text:
            path.write_text(text)


@pytest.fixture(autouse=True)
def same_machine_afterwards() -> Iterator[None]:
    """Fails a test that leaves a value or a file behind; puts the values back in any case."""
    if os.geteuid() != 0 or not (PROC / "nf_conntrack_max").exists():
        pytest.fail("these tests need root and a kernel with conntrack loaded or built in")
    if STATE.exists():
        pytest.fail(f"{STATE} exists: this machine is managed by the collection; run make restore first")
    before = _writable_values()
    yield
    after = _writable_values()
    _restore(before)
    assert after == before
    assert not STATE.exists()
    assert not DROP_IN.exists()


Tune = Callable[..., "dict[str, Any]"]


def run_module(
    options: dict[str, Any], *, check: bool = False, prefix: tuple[str, ...] = (), module: str = "conntrack_tune"
) -> dict[str, Any]:
    """One ad hoc run of a module on this machine; returns its result, failed or not.

    C(printed) is what the command wrote to the terminal, warnings included.
    """
    command = [*prefix, str(Path(sys.executable).with_name("ansible")), "localhost", "-i", "localhost,", "-c", "local"]
    command += ["-m", f"stateward.conntrack.{module}", "-a", json.dumps(options)]
    command += ["-e", f"ansible_python_interpreter={sys.executable}", *(["--check", "--diff"] if check else [])]
    environment = {**os.environ, **_ENVIRONMENT}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120, cwd="/")
    _before, found, rest = done.stdout.partition(" => {")
    assert found, done.stdout + done.stderr
    result: dict[str, Any] = json.JSONDecoder().raw_decode("{" + rest)[0]
    return {**result, "printed": done.stdout + done.stderr}


_ENVIRONMENT = {
    "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
    "ANSIBLE_NOCOLOR": "1",
    "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
}


@pytest.fixture
def tune() -> Tune:
    return run_module


@pytest.fixture
def back() -> Iterator[None]:
    """Undo everything through the module itself at the end of the test."""
    yield
    assert "FAILED!" not in run_module({"state": "absent"})["printed"]
