# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applying over sh: what comes of each operation, word for word as with Python, and the way back."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import LockedError, UnsupportedHostError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_local import LocalHost
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import Tree
from ansible_collections.stateward.conntrack.plugins.module_utils._lock import hold_lock
from ansible_collections.stateward.conntrack.plugins.module_utils._model import (
    DIRECTORY,
    FILE,
    MODULE,
    VALUE,
    Operation,
    Read,
)
from ansible_collections.stateward.conntrack.plugins.plugin_utils._host_sh import ShellHost
from ansible_collections.stateward.conntrack.tests.support.shells import (
    SHELLS,
    differences,
    fit,
    look,
    make_execute,
    shell_argv,
    shell_host,
)

MAX = "/proc/sys/net/netfilter/nf_conntrack_max"
ODD = "line\r\n$(id) `id` 'single' \"double\" \\back\\ \udcff \u00e4\n-n\n\n"
NO_END = ODD + "no end"
READS = (Read("/etc/*"), Read("/etc/d/*"), Read("/proc/sys/net/netfilter/*"))


def op(kind: str, target: str, before: str | None, after: str | None, **more: Any) -> Operation:
    return Operation(kind, target, before, after, "because", **more)


PLAN = (
    op(DIRECTORY, "/etc/new", None, "present"),
    op(FILE, "/etc/new/c.conf", None, ODD),
    op(FILE, "/etc/a.conf", "a", NO_END),
    op(FILE, "/etc/script", None, "#!/bin/sh\n", mode=0o755),
    op(FILE, "/etc/d/link", "b", "B"),
    op(FILE, "/etc/d/x", "x", None),
    op(DIRECTORY, "/etc/e", "present", None),
    op(DIRECTORY, "/etc/d", "present", None),
    op(MODULE, "nf_conntrack", None, "loaded"),
    op(VALUE, MAX, "100", "200"),
    op(VALUE, "/proc/sys/gone", None, "5", optional=True),
)

FAILURES = {
    "stale": op(FILE, "/etc/script", "other", "x"),
    "made": op(FILE, "/etc/d/x", None, "y"),
    "gone": op(FILE, "/etc/none", "was", "x"),
    "no parent": op(FILE, "/etc/no/x", None, "x"),
    "parent is a file": op(FILE, "/etc/a.conf/x", None, "x"),
    "a directory": op(FILE, "/etc/d", None, "x"),
    "a fifo": op(FILE, "/etc/fifo", None, "x"),
    "leaves": op(FILE, "/etc/d/out", "a", "x"),
    "dangles": op(FILE, "/etc/d/dangling", None, "x"),
    "link removed": op(FILE, "/etc/d/link", "b", None),
    "no value": op(VALUE, "/proc/sys/gone", None, "1"),
    "value is a directory": op(VALUE, "/proc/sys", None, "1"),
    "file for a directory": op(DIRECTORY, "/etc/a.conf", None, "present"),
    "no directory": op(DIRECTORY, "/etc/a.conf", "present", None),
    "parent of a directory": op(DIRECTORY, "/etc/no/d", None, "present"),
    "bad module": op(MODULE, "x; id", None, "loaded"),
    "no module": op(MODULE, "refused", None, "loaded"),
    "unknown kind": op("parcel", "/x", None, "y"),
    "no text": op(FILE, "/etc/z", None, "\ud800"),
}


def fitting(shell: str, plan: tuple[Operation, ...]) -> tuple[Operation, ...]:
    """The plan without what the shell cannot hold."""
    return tuple(
        item if item is FAILURES["no text"] or item.after is None else replace(item, after=fit(shell, item.after))
        for item in plan
    )


def make(root: Path) -> Path:
    for name in ("etc/d", "etc/e", "proc/sys/net/netfilter", "sbin", "run/lock"):
        (root / name).mkdir(parents=True)
    texts = {"etc/a.conf": "a", "etc/d/b.conf": "b", "etc/d/x": "x", MAX[1:]: "100\n"}
    for name, text in texts.items():
        (root / name).write_text(text)
    (root / "etc/a.conf").chmod(0o640)
    (root / "etc/d").chmod(0o750)
    for name, target in {"link": "b.conf", "out": "../a.conf", "dangling": "nothing"}.items():
        (root / "etc/d" / name).symlink_to(target)
    os.mkfifo(str(root / "etc/fifo"))
    program = root / "sbin/modprobe"
    refuse = '[ "$1" != refused ] || { echo "no such module"; exit 3; }'
    program.write_text(f"#!/bin/sh\n{refuse}\nmkdir -p {root}/sys/module/$1\n")
    program.chmod(0o755)
    return root


@pytest.fixture(autouse=True)
def _plain_path(monkeypatch: pytest.MonkeyPatch) -> None:
    # modprobe is found in the tree, and nothing of the developer's is.
    monkeypatch.setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")


def compare(tmp_path: Path, shell: str, plan: tuple[Operation, ...]) -> Any:
    """Apply with both, check that nothing differs, and give what came of it."""
    answers = []
    plan = fitting(shell, plan)
    for name in ("python", shell):
        root = make(tmp_path / "tree")
        host = LocalHost(str(root)) if name == "python" else shell_host(shell, root)
        answers.append((host.apply(plan, READS), look(root)))
        shutil.rmtree(str(root))
    (expected, left), (found, right) = answers
    assert (found.outcomes, found.error, found.stale) == (expected.outcomes, expected.error, expected.stale)
    assert differences(expected.snapshot, found.snapshot) == {}
    assert right == left
    return found


@pytest.mark.parametrize("shell", SHELLS)
def test_everything_that_can_be_done(tmp_path: Path, shell: str) -> None:
    assert compare(tmp_path, shell, PLAN).error == ""


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("failure", sorted(FAILURES))
def test_a_failure_undoes_what_was_done(tmp_path: Path, shell: str, failure: str) -> None:
    found = compare(tmp_path, shell, (*PLAN[:4], PLAN[9], FAILURES[failure], PLAN[4]))
    assert "the 5 changes before it were undone" in found.error
    assert found.stale == (failure in ("stale", "made", "gone"))


@pytest.mark.parametrize("shell", SHELLS)
def test_removed_things_come_back(tmp_path: Path, shell: str) -> None:
    plan = (PLAN[5], PLAN[6], FAILURES["no value"])
    assert "the 2 changes before it were undone" in compare(tmp_path, shell, plan).error


@pytest.mark.parametrize("shell", SHELLS)
def test_a_file_and_its_directory_go_and_come_back(tmp_path: Path, shell: str) -> None:
    made = (op(DIRECTORY, "/etc/n", None, "present"), op(FILE, "/etc/n/f", None, "f"))
    gone = (op(FILE, "/etc/n/f", "f", None), op(DIRECTORY, "/etc/n", "present", None))
    assert compare(tmp_path, shell, (*made, *gone)).error == ""
    assert "the 4 changes" in compare(tmp_path, shell, (*made, *gone, FAILURES["no value"])).error


@pytest.mark.parametrize("shell", SHELLS)
def test_the_second_time_there_is_nothing_to_do(tmp_path: Path, shell: str) -> None:
    root = make(tmp_path)
    host = shell_host(shell, root)
    host.apply(fitting(shell, PLAN[:4]), READS)
    before = look(root)
    again = host.apply(fitting(shell, PLAN[:4]), READS)
    assert {outcome.reason for outcome in again.outcomes} == {"it already was so"}
    assert look(root) == before


@pytest.mark.parametrize("shell", SHELLS)
def test_a_value_that_the_kernel_refuses(shell: str) -> None:
    """A key of sysctl that exists everywhere and takes no such text; nothing is changed."""
    target = "/proc/sys/net/ipv4/ip_forward"
    was = Path(target).read_text()
    plan = (op(VALUE, target, was, "no number"),)
    expected, found = LocalHost().apply(plan, ()), shell_host(shell).apply(plan, ())
    assert (found.outcomes, found.error) == (expected.outcomes, expected.error)
    assert Path(target).read_text() == was


@pytest.mark.parametrize("shell", SHELLS)
def test_a_large_file_goes_through_standard_input(tmp_path: Path, shell: str) -> None:
    root = make(tmp_path)
    calls: list[tuple[str, str | None]] = []
    text = "0123456789abcde'\n" * 12000
    host = ShellHost(make_execute(shell, calls), root=str(root))
    assert host.apply((op(FILE, "/etc/large", None, text),), READS).error == ""
    assert (root / "etc/large").read_text() == text
    assert [stdin is None for _command, stdin in calls] == [False]


def test_a_large_file_without_standard_input(tmp_path: Path) -> None:
    host = shell_host(SHELLS[0], make(tmp_path), takes_input=False)
    with pytest.raises(UnsupportedHostError, match="too many for one command line"):
        host.apply((op(FILE, "/etc/large", None, "x" * 200000),), READS)


# ---------------------------------------------------------------------------------------------- the lock


@pytest.mark.parametrize("shell", SHELLS)
def test_the_lock_of_the_other_transport(tmp_path: Path, shell: str) -> None:
    root = make(tmp_path)
    before = look(root / "etc")
    said = f"process {os.getpid()} holds the lock /run/lock/"
    with hold_lock(Tree(str(root))), pytest.raises(LockedError, match=said):
        shell_host(shell, root, lock_seconds=0).apply(fitting(shell, PLAN), READS)
    assert look(root / "etc") == before


@pytest.mark.parametrize("shell", SHELLS)
def test_other_runs_wait_for_the_shell(tmp_path: Path, shell: str) -> None:
    root = make(tmp_path)
    process = start_slow(root, shell)
    try:
        with pytest.raises(LockedError, match=r"process [0-9]+ holds the lock /run/lock/"):
            LocalHost(str(root), lock_seconds=0).apply(PLAN, READS)
    finally:
        end(process, signal.SIGKILL)


# ---------------------------------------------------------------------------------------------- signals


def start_slow(root: Path, shell: str) -> subprocess.Popen[bytes]:
    """A run that has written its files and now waits for modprobe."""
    modprobe = root / "sbin/modprobe"
    modprobe.write_text(f"#!/bin/sh\n: >{root}/waiting\nexec sleep 2\n")
    commands: list[str] = []

    def execute(command: str, _stdin: str | None) -> tuple[int, bytes, bytes]:
        commands.append(command)
        return 0, b"", b""

    with pytest.raises(UnsupportedHostError):
        ShellHost(execute, root=str(root)).apply(fitting(shell, PLAN), READS)
    script = commands[0].encode("utf-8", "surrogateescape")
    process = subprocess.Popen(
        [*shell_argv(shell), "-c", script],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    deadline = time.monotonic() + 20
    while not (root / "waiting").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    return process


def end(process: subprocess.Popen[bytes], number: int) -> None:
    """Send the signal to the shell; when it is killed, to what it has started as well."""
    if number == signal.SIGKILL:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    process.wait(timeout=30)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_undoes_everything(tmp_path: Path, shell: str, number: int) -> None:
    root = make(tmp_path)
    before = look(root / "etc")
    end(start_slow(root, shell), number)
    assert look(root / "etc") == before


@pytest.mark.parametrize("shell", SHELLS)
def test_killed_it_leaves_whole_files(tmp_path: Path, shell: str) -> None:
    root = make(tmp_path)
    end(start_slow(root, shell), signal.SIGKILL)
    texts = {path.name: path.read_bytes() for path in root.rglob("*.conf")}
    end_text = fit(shell, NO_END)
    whole = end_text.encode("utf-8", "surrogateescape")
    assert texts["a.conf"] in (b"a", whole)
    assert texts["b.conf"] in (b"b", b"B")
    shell_host(shell, root).apply((op(FILE, "/etc/a.conf", "a", end_text),), READS)
    assert list((root / "etc").glob(".*.stateward-tmp")) == []


def test_a_host_without_a_tool_is_told_which_and_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for program in (*Path("/usr/sbin").iterdir(), *Path("/usr/bin").iterdir()):
        if program.name != "cmp" and not (tools / program.name).exists():
            (tools / program.name).symlink_to(program)
    monkeypatch.setenv("PATH", str(tools))
    root = make(tmp_path / "tree")
    before = look(root)
    there = make_execute(SHELLS[0])
    own = "PATH=/sbin:/usr/sbin:/bin:/usr/bin"
    host = ShellHost(lambda script, text: there(script.replace(own, f"PATH={tools}"), text), root=str(root))
    with pytest.raises(UnsupportedHostError, match="cmp cannot be run on this host"):
        host.apply(PLAN, READS)
    assert look(root) == before
