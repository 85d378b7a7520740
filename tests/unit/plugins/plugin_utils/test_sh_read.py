# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading over sh what is not in the cases: odd bytes, names, sizes and links; always as Python reads it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import UnsupportedHostError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_local import LocalHost
from ansible_collections.stateward.conntrack.plugins.module_utils._manifest import MANIFEST
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Read
from ansible_collections.stateward.conntrack.plugins.plugin_utils._host_sh import ShellHost
from ansible_collections.stateward.conntrack.tests.support.shells import (
    SHELLS,
    differences,
    make_execute,
    run_script,
    shell_host,
)
from hypothesis import given, settings
from hypothesis import strategies as st

READS = (
    Read("/etc/d/*"),
    Read("/etc/lines", lines=("needle", "other")),
    Read("/etc/many/[0-9]*/comm", lines=("needle",)),
    Read("/etc/shown/*", content=False),
    Read("/etc/missing"),
)

FILES = {
    "etc/d/empty": b"",
    "etc/d/no-end": b"no newline",
    "etc/d/ends": b"\n\n\n",
    "etc/d/crlf": b"a\r\nb\r\n",
    "etc/d/bytes": bytes(range(1, 256)),
    "etc/d/nul": b"a\0b",
    "etc/d/large-nul": b"x\0" * 4000,
    "etc/d/large": b"line of text\n" * 4000,
    "etc/d/limit": b"y" * 1024 * 1024,
    "etc/d/too-large": b"y" * (1024 * 1024 + 1),
    "etc/d/a name -> with signs'\"$(id)`": b"text",
    "etc/d/two\nlines": b"of a name",
    "etc/lines": b"a needle\nnothing\nthe other",
    "etc/many/1/comm": b"needle\n",
    "etc/many/2/comm": b"hay\n",
    "etc/shown/f": b"unseen",
}

LINKS = {
    "same": "ends",
    "up": "../lines",
    "gone": "../gone/x",
    "loop": "link-loop",
    "dir": "..",
    "chain": "link-same",
    "fifo": "fifo",
}


def make(root: Path) -> Path:
    for name in ("d", "shown", "many/1", "many/2"):
        (root / "etc" / name).mkdir(parents=True)
    for name, data in FILES.items():
        (root / name).write_bytes(data)
    (root / "etc/shown/f").chmod(0o4751)
    (root / "etc/shown").chmod(0o1777)
    for name, target in LINKS.items():
        (root / "etc/d" / f"link-{name}").symlink_to(target)
    (root / "etc/d/two\nlinks").symlink_to("ends")
    os.mkfifo(str(root / "etc/d/fifo"))
    return root


@pytest.mark.parametrize("shell", SHELLS)
def test_odd_things(tmp_path: Path, shell: str) -> None:
    root = make(tmp_path)
    assert differences(LocalHost(str(root)).read(READS), shell_host(shell, root).read(READS)) == {}


def test_a_mask_is_empty(tmp_path: Path) -> None:
    (tmp_path / "etc/d").mkdir(parents=True)
    (tmp_path / "etc/d/mask").symlink_to("/dev/null")
    entry = shell_host(SHELLS[0], tmp_path).read(READS).get("/etc/d/mask")
    assert entry is not None
    assert (entry.text, entry.error, entry.target) == ("", "", "/dev/null")


@pytest.mark.parametrize("shell", SHELLS)
@settings(max_examples=15, deadline=None)
@given(texts=st.lists(st.binary(max_size=60), max_size=8))
def test_any_bytes(shell: str, texts: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(os.path.realpath(name))
        (root / "etc/d").mkdir(parents=True)
        for number, data in enumerate(texts):
            (root / f"etc/d/{number}").write_bytes(data)
        assert differences(LocalHost(str(root)).read(READS), shell_host(shell, root).read(READS)) == {}


@pytest.mark.parametrize("shell", SHELLS)
def test_this_machine(shell: str) -> None:
    found = differences(LocalHost().read(MANIFEST), shell_host(shell).read(MANIFEST))
    # What the kernel tells may be another thing a moment later.
    assert {path for path in found if not path.startswith(("/proc/", "/sys/"))} == set()


def test_one_execution(tmp_path: Path) -> None:
    calls: list[tuple[str, str | None]] = []
    ShellHost(make_execute(SHELLS[0], calls), root=str(make(tmp_path))).read(MANIFEST)
    assert len(calls) == 1
    assert len(calls[0][0]) < 16000


def test_a_terminal_in_between(tmp_path: Path) -> None:
    root = make(tmp_path)

    def execute(command: str, stdin: str | None) -> tuple[int, bytes, bytes]:
        status, output, said = run_script(SHELLS[0], command, stdin=stdin or "")
        return status, b"Last login\r\n" + output.replace(b"\n", b"\r\n"), said

    assert differences(LocalHost(str(root)).read(READS), ShellHost(execute, root=str(root)).read(READS)) == {}


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((127, b"", b"sh: not found"), r"did not run the script \(exit status 127\): sh: not found"),
        ((0, b"", b""), "it said nothing"),
    ],
)
def test_no_shell(answer: tuple[int, bytes, bytes], sentence: str) -> None:
    with pytest.raises(UnsupportedHostError, match=sentence):
        ShellHost(lambda _command, _stdin: answer).read(READS)


def test_an_answer_that_is_cut_off(tmp_path: Path) -> None:
    execute = make_execute(SHELLS[0])

    def cut(command: str, stdin: str | None) -> tuple[int, bytes, bytes]:
        status, output, said = execute(command, stdin)
        return status, bytes(output)[: len(output) // 2], bytes(said)

    with pytest.raises(UnsupportedHostError, match="cut off"):
        ShellHost(cut, root=str(make(tmp_path))).read(READS)
