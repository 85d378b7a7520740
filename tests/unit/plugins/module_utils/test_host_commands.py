# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs whose output is read: found, filtered, bounded, ended."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils import _host_commands
from ansible_collections.stateward.conntrack.plugins.module_utils._host_local import LocalHost
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Read

DMESG = Read("command:dmesg", lines=("table full",), command=("dmesg",))


def install(root: Path, body: str, name: str = "dmesg") -> None:
    path = root / "usr" / "bin" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def read(root: Path, row: Read = DMESG) -> Entry | None:
    return LocalHost(str(root)).read((row,)).get(row.pattern)


def test_only_the_wanted_lines(tmp_path: Path) -> None:
    install(tmp_path, "echo one; echo table full, two; echo three; echo oh >&2")
    assert read(tmp_path) == Entry("command:dmesg", "command", text="table full, two\n", writable=False)


def test_everything_with_its_arguments(tmp_path: Path) -> None:
    install(tmp_path, 'echo "$@"', "conntrack")
    entry = read(tmp_path, Read("command:conntrack -S", command=("conntrack", "-S")))
    assert entry is not None
    assert entry.text == "-S\n"


def test_a_program_is_run_only_where_what_it_needs_is_there(tmp_path: Path) -> None:
    install(tmp_path, "echo loaded", "conntrack")
    row = Read("command:conntrack -S", command=("conntrack", "-S"), given="/proc/count")
    assert read(tmp_path, row) is None
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/count").write_text("5\n")
    assert read(tmp_path, row) is not None


def test_a_host_without_the_program(tmp_path: Path) -> None:
    assert read(tmp_path) is None


@pytest.mark.parametrize(
    ("body", "error"), [("echo table full; exit 1", "EXIT"), ("kill -9 $$", "ETIMEDOUT"), ("exit 0", "")]
)
def test_a_program_that_fails(tmp_path: Path, body: str, error: str) -> None:
    install(tmp_path, body)
    entry = read(tmp_path)
    assert entry is not None
    assert entry.error == error


def test_a_program_that_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_host_commands, "COMMAND_SECONDS", 0.2)
    install(tmp_path, "echo table full; sleep 60")
    entry = read(tmp_path)
    assert entry is not None
    assert (entry.text, entry.error) == ("table full\n", "ETIMEDOUT")


def test_files_and_programs_in_one_pass(tmp_path: Path) -> None:
    install(tmp_path, "echo table full")
    (tmp_path / "file").write_text("text")
    snapshot = LocalHost(str(tmp_path)).read((Read("/file"), DMESG))
    assert (snapshot.text("/file"), snapshot.text("command:dmesg")) == ("text", "table full\n")
