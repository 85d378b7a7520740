# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs: found inside a tree, run without ever hanging."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils import _host_tools
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tools import find_tool, run_tool
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import Tree


def add_tool(root: Path, path: str, body: str = "exit 0", mode: int = 0o755) -> str:
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("#!/bin/sh\n" + body + "\n")
    file.chmod(mode)
    return path


@pytest.mark.parametrize("directory", ["/sbin", "/usr/sbin", "/bin", "/usr/bin"])
def test_a_tool_is_found_whatever_path_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, directory: str) -> None:
    monkeypatch.setenv("PATH", "relative:")
    path = add_tool(tmp_path, directory + "/modprobe")
    assert find_tool(Tree(str(tmp_path)), "modprobe") == path


def test_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/opt/bin/:/sbin")
    add_tool(tmp_path, "/sbin/sysctl")
    add_tool(tmp_path, "/opt/bin/sysctl")
    assert find_tool(Tree(str(tmp_path)), "sysctl") == "/opt/bin/sysctl"


def test_what_cannot_be_run_is_no_tool(tmp_path: Path) -> None:
    add_tool(tmp_path, "/sbin/modprobe", mode=0o644)
    (tmp_path / "bin/sysctl").mkdir(parents=True)
    (tmp_path / "bin/iptables").symlink_to("gone")
    assert [find_tool(Tree(str(tmp_path)), name) for name in ("modprobe", "sysctl", "iptables")] == ["", "", ""]


def test_a_link_is_resolved_inside_the_tree_and_keeps_its_name(tmp_path: Path) -> None:
    add_tool(tmp_path, "/usr/bin/kmod", f'echo "$0 $1" > {tmp_path}/said')
    (tmp_path / "sbin").mkdir()
    (tmp_path / "sbin/modprobe").symlink_to("/usr/bin/kmod")
    tree = Tree(str(tmp_path))
    assert find_tool(tree, "modprobe") == "/sbin/modprobe"
    assert run_tool(tree, "/sbin/modprobe", "nf_conntrack") == ""
    assert (tmp_path / "said").read_text().endswith(" nf_conntrack\n")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("exit 0", ""),
        ("echo no such module >&2; exit 1", "/bin/t m ended with status 1: no such module"),
        ("exit 3", "/bin/t m ended with status 3: no output"),
        ("yes | head -c 100000; echo end; exit 1", "end"),
    ],
)
def test_run(tmp_path: Path, body: str, expected: str) -> None:
    said = run_tool(Tree(str(tmp_path)), add_tool(tmp_path, "/bin/t", body), "m")
    assert said.endswith(expected)
    assert len(said) < 600


def test_what_cannot_be_started_is_said(tmp_path: Path) -> None:
    assert run_tool(Tree(str(tmp_path)), "/bin/t", "m") == "/bin/t could not be run: No such file or directory"


def test_a_tool_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    path = add_tool(tmp_path, "/bin/t", "sleep 60 & sleep 60")
    begin = time.monotonic()
    assert run_tool(Tree(str(tmp_path)), path, "m", 0.2) == "/bin/t m did not end within 0.2 seconds"
    assert time.monotonic() - begin < 4


class Unkillable:
    """A process in an uninterruptible system call."""

    returncode = None

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.stdout = self
        self.closed = self.ended = False

    def end(self) -> None:
        self.ended = True

    def communicate(self, timeout: float) -> tuple[bytes, None]:
        error, self.error = self.error, _host_tools.subprocess.TimeoutExpired("t", timeout)
        raise error

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError()])
def test_an_interruption_ends_the_tool(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    process = Unkillable(error)
    monkeypatch.setattr(_host_tools, "Program", lambda *_args: process)
    with pytest.raises(type(error)):
        run_tool(Tree(), "/bin/t", "m")
    assert process.ended
    assert process.closed
