# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading over sh with other programs than those of this machine: busybox, one that fails; and thousands of files."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import CutOffError, UnsupportedHostError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_local import LocalHost
from ansible_collections.stateward.conntrack.plugins.module_utils._model import FILE, Operation, Read
from ansible_collections.stateward.conntrack.plugins.plugin_utils._host_sh import ShellHost
from ansible_collections.stateward.conntrack.tests.support.shells import SHELLS, differences, make_execute, shell_host

READS = (
    Read("/etc/d/*"),
    Read("/etc/lines", lines=("needle",)),
    Read("/proc/[0-9]*/comm", lines=("kube-proxy",)),
    Read("/etc/last"),
)
FILES = {
    "etc/d/müx.conf": "a name of more than ASCII\n",
    "etc/d/tab\tname": "text\n",
    "etc/d/two\nlines": "of a name",
    "etc/d/y": "no end",
    "etc/lines": "a needle\nnothing\n",
    "proc/12/comm": "kube-proxy\n",
    "proc/13/comm": "other\n",
    "etc/last": "last\n",
}
OWN_PATH = "PATH=/sbin:/usr/sbin:/bin:/usr/bin"
WRITE = Operation(FILE, "/etc/new", None, "new\n", "for a test", mode=0o644)


def make(root: Path) -> Path:
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def host_with(tools: Path, root: Path, shell: str = SHELLS[0]) -> ShellHost:
    """The programs of this folder win over those of the machine."""
    there = make_execute(shell)
    return ShellHost(
        lambda script, text: there(script.replace(OWN_PATH, f"PATH={tools}:/usr/bin:/bin"), text), root=str(root)
    )


def put_program(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    (folder / name).chmod(0o755)
    return folder


def test_the_programs_of_busybox(tmp_path: Path) -> None:
    root, tools = make(tmp_path / "tree"), tmp_path / "tools"
    tools.mkdir()
    for name in ("ls", "grep", "head", "sed", "uname", "readlink", "cat"):
        (tools / name).symlink_to(shutil.which("busybox") or "busybox")
    assert differences(LocalHost(str(root)).read(READS), host_with(tools, root).read(READS)) == {}


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("head", "echo invalid option >&2; exit 1", "files of this host cannot be read: head does not print"),
        ("head", "echo; exit 1", "head does not print"),
        ("head", "kill -9 $$", "head"),
        ("grep", "exit 126", "grep cannot be run"),
        ("ls", "exit 127", "ls cannot be run"),
    ],
)
def test_a_program_that_does_not_work_is_named(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    tools = put_program(tmp_path / "tools", name, text)
    with pytest.raises(UnsupportedHostError, match=sentence):
        host_with(tools, make(tmp_path / "tree")).read(READS)


def test_after_a_change_it_is_not_said_that_nothing_was_done(tmp_path: Path) -> None:
    root = make(tmp_path / "tree")
    with pytest.raises(CutOffError, match="what was changed could not be read again"):
        host_with(put_program(tmp_path / "tools", "head", "exit 1"), root).apply((WRITE,), READS)
    assert (root / "etc/new").read_text(encoding="utf-8") == "new\n"


def test_a_file_that_is_gone_when_it_is_read_costs_no_other_one(tmp_path: Path) -> None:
    root = make(tmp_path / "tree")
    tools = put_program(tmp_path / "tools", "head", f'rm -f "{root}/etc/d/y"; exec /usr/bin/head "$@"')
    found = host_with(tools, root).read(READS)
    gone, last = found.get("/etc/d/y"), found.get("/etc/last")
    assert gone is not None
    assert last is not None
    assert (gone.text, gone.error, last.text) == (None, "ENOENT", "last\n")


@pytest.mark.parametrize("shell", SHELLS)
def test_ten_thousand_processes(tmp_path: Path, shell: str) -> None:
    for number in range(10000):
        (tmp_path / f"proc/{number}").mkdir(parents=True)
        (tmp_path / f"proc/{number}/comm").write_text("kube-proxy\n" if number == 77 else "other\n", encoding="utf-8")
    start = time.monotonic()
    found = shell_host(shell, tmp_path).read(READS)
    # One that takes the square of the time needs minutes.
    assert time.monotonic() - start < 60
    assert [path for path in found.entries if path.endswith("/comm")] == ["/proc/77/comm"]
