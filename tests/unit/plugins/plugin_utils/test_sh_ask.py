# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What conntrack_info reads beside plain files: ends of logs and outputs of programs, always as over Python."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils import _host_commands
from ansible_collections.stateward.conntrack.plugins.module_utils._host_local import LocalHost
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Read
from ansible_collections.stateward.conntrack.plugins.plugin_utils import _sh_read
from ansible_collections.stateward.conntrack.tests.support.shells import SHELLS, differences, shell_host

FILTERED = Read("command:tool", lines=("needle", "other"), command=("tool", "-x", "a b"))
WHOLE = Read("command:tool", command=("tool",))
MEGABYTE = 1024 * 1024


@pytest.fixture(autouse=True)
def _plain_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")


def install(root: Path, body: str) -> None:
    path = root / "usr/bin/tool"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def entry_of(root: Path, read: Read, shell: str = SHELLS[0]) -> Entry | None:
    """The entry over sh, which must be that over Python."""
    expected, found = LocalHost(str(root)).read((read,)), shell_host(shell, root).read((read,))
    assert differences(expected, found) == {}
    return found.get(read.pattern)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("read", [FILTERED, WHOLE])
@pytest.mark.parametrize(
    "body",
    [
        'echo "$@" needle; echo hay; echo other; echo needle >&2',
        "echo needle; echo oh no >&2; exit 4",
        "printf 'needle without an end'",
        "exit 0",
    ],
)
def test_a_program(tmp_path: Path, shell: str, read: Read, body: str) -> None:
    install(tmp_path, body)
    entry = entry_of(tmp_path, read, shell)
    assert entry is not None
    assert entry.error == ("EXIT" if "exit 4" in body else "")


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    assert entry_of(tmp_path, WHOLE) is None


def test_a_program_that_cannot_be_started(tmp_path: Path) -> None:
    install(tmp_path, "")
    (tmp_path / "usr/bin/tool").write_text("#!/no/such/interpreter\n")
    entry = entry_of(tmp_path, WHOLE)
    assert entry is not None
    assert (entry.text, entry.error) == (None, "EXIT")


def test_of_too_much_output_the_end(tmp_path: Path) -> None:
    install(tmp_path, "i=0; while [ $i -lt 30000 ]; do echo $i needle $0 $0 $0 $0 $0 $0; i=$((i+1)); done")
    entry = entry_of(tmp_path, FILTERED)
    assert entry is not None
    assert entry.error == "TOO_LARGE"
    assert MEGABYTE - 400 < len(entry.text or "") <= MEGABYTE


@pytest.mark.parametrize("shell", SHELLS)
def test_a_program_that_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    for module in (_host_commands, _sh_read):
        monkeypatch.setattr(module, "COMMAND_SECONDS", 2)
    install(tmp_path, "echo needle; exec sleep 60")
    start = time.monotonic()
    entry = entry_of(tmp_path, FILTERED, shell)
    assert entry is not None
    assert (entry.text, entry.error) == ("needle\n", "ETIMEDOUT")
    assert time.monotonic() - start < 50


# ---------------------------------------------------------------------------------------------- ends of logs


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("tail", [1, 9, 10, 16, 17, 30, 31])
def test_the_end_of_a_log(tmp_path: Path, shell: str, tail: int) -> None:
    text = "first needle\nhay\nlast needle\n"
    (tmp_path / "log").write_text(text)
    entry = entry_of(tmp_path, Read("/log", lines=("needle",), tail=tail), shell)
    assert entry is not None
    assert entry.error == ("TOO_LARGE" if tail < len(text) else "")
    assert ("first" in (entry.text or "")) == (tail >= len(text))


def test_a_log_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "log").symlink_to("other")
    (tmp_path / "other").write_text("a needle\n" * 100)
    entry = entry_of(tmp_path, Read("/log", lines=("needle",), tail=90))
    assert entry is not None
    assert (entry.text, entry.error) == ("a needle\n" * 10, "TOO_LARGE")


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: os.mkfifo(str(path)), lambda path: path.write_bytes(b"")])
def test_what_is_no_log(tmp_path: Path, make: object) -> None:
    assert callable(make)
    make(tmp_path / "log")
    entry = entry_of(tmp_path, Read("/log", lines=("needle",), tail=90))
    assert entry is not None
    assert not entry.text
