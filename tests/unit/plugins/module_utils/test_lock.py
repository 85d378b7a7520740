# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time, a clear message for the other, and no lock file that somebody else could have prepared."""

from __future__ import annotations

import errno
import fcntl
import multiprocessing
import os
import time
from pathlib import Path

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils import _lock
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import LockedError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import Tree
from ansible_collections.stateward.conntrack.plugins.module_utils._lock import LOCK_NAME, hold_lock

FORK = multiprocessing.get_context("fork")


def make_tree(root: Path, *directories: str) -> Tree:
    for name in directories:
        (root / name.lstrip("/")).mkdir(parents=True)
    return Tree(str(root))


@pytest.mark.parametrize(
    ("directories", "expected"),
    [
        (("/run/lock", "/tmp"), "/run/lock/" + LOCK_NAME),
        (("/var/lock", "/run"), "/var/lock/" + LOCK_NAME),
        (("/run", "/tmp"), "/run/" + LOCK_NAME),
        (("/tmp",), "/tmp/" + LOCK_NAME),
        ((), "/"),
    ],
)
def test_place(tmp_path: Path, directories: tuple[str, ...], expected: str) -> None:
    tree = make_tree(tmp_path, *directories)
    with hold_lock(tree) as path:
        assert path == expected
        with pytest.raises(LockedError), hold_lock(tree, seconds=0):
            pass
    with hold_lock(tree, seconds=0):
        pass


def test_the_file_is_private_and_tells_the_process(tmp_path: Path) -> None:
    tree = make_tree(tmp_path, "/run/lock")
    file = tmp_path / "run/lock" / LOCK_NAME
    file.write_text("something much longer than a process id\n")
    file.chmod(0o666)
    with hold_lock(tree):
        assert file.read_text() == f"{os.getpid()}\n"
        assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text() == ""


def test_the_message(tmp_path: Path) -> None:
    tree = make_tree(tmp_path, "/run/lock")
    with hold_lock(tree), pytest.raises(LockedError) as caught, hold_lock(tree, seconds=0):
        pass
    assert str(caught.value).startswith(f"process {os.getpid()} holds the lock /run/lock/{LOCK_NAME} of this host")


def test_the_message_without_a_process(tmp_path: Path) -> None:
    tree = make_tree(tmp_path)
    with hold_lock(tree), pytest.raises(LockedError, match="another run holds the lock / "), hold_lock(tree, seconds=0):
        pass


def plant_link(file: Path) -> None:
    file.symlink_to("../../victim")


def plant_fifo(file: Path) -> None:
    os.mkfifo(str(file))


def plant_directory(file: Path) -> None:
    file.mkdir()


def plant_hard_link(file: Path) -> None:
    os.link(str(file.parent.parent.parent / "victim"), str(file))


@pytest.mark.parametrize("plant", [plant_link, plant_fifo, plant_directory, plant_hard_link])
def test_what_others_prepared_is_not_used(tmp_path: Path, plant: object) -> None:
    tree = make_tree(tmp_path, "/run/lock", "/tmp")
    (tmp_path / "victim").write_text("precious")
    assert callable(plant)
    plant(tmp_path / "run/lock" / LOCK_NAME)
    with hold_lock(tree) as path:
        assert path == "/run/" + LOCK_NAME
    assert (tmp_path / "victim").read_text() == "precious"


def test_somebody_elses_file_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = make_tree(tmp_path, "/run/lock")
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with hold_lock(tree) as path:
        assert path == "/"


@pytest.mark.parametrize(("mode", "used"), [(0o777, False), (0o775, False), (0o1777, True), (0o755, True)])
def test_a_directory_where_others_could_remove_it(tmp_path: Path, mode: int, used: bool) -> None:
    tree = make_tree(tmp_path, "/run/lock", "/tmp")
    (tmp_path / "run/lock").chmod(mode)
    with hold_lock(tree) as path:
        assert (path == "/run/lock/" + LOCK_NAME) is used


def hold(root: str, seconds: float, begun: object) -> None:
    with hold_lock(Tree(root)):
        assert hasattr(begun, "set")
        begun.set()
        time.sleep(seconds)


def test_the_second_waits(tmp_path: Path) -> None:
    tree, begun = make_tree(tmp_path, "/run/lock"), FORK.Event()
    process = FORK.Process(target=hold, args=(str(tmp_path), 0.4, begun))
    process.start()
    assert begun.wait(5)
    with pytest.raises(LockedError, match=f"process {process.pid} "), hold_lock(tree, seconds=0.1):
        pass
    with hold_lock(tree, seconds=5):
        pass
    process.join()
    assert process.exitcode == 0


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    tree, begun = make_tree(tmp_path, "/run/lock"), FORK.Event()
    process = FORK.Process(target=hold, args=(str(tmp_path), 60.0, begun))
    process.start()
    assert begun.wait(5)
    process.kill()
    process.join()
    with hold_lock(tree, seconds=0):
        pass


def count_up(root: str, times: int) -> None:
    counter = Path(root) / "counter"
    for _time in range(times):
        with hold_lock(Tree(root), seconds=20):
            value = int(counter.read_text())
            time.sleep(0.001)
            counter.write_text(str(value + 1))


def test_a_race_loses_no_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_lock, "_POLL_SECONDS", 0.005)
    make_tree(tmp_path, "/run/lock")
    (tmp_path / "counter").write_text("0")
    processes = [FORK.Process(target=count_up, args=(str(tmp_path), 25)) for _process in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert (tmp_path / "counter").read_text() == "50"


@pytest.mark.parametrize("again", [False, True])
def test_a_lock_file_that_was_removed_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    tree = make_tree(tmp_path, "/run/lock")
    file, real, removed = tmp_path / "run/lock" / LOCK_NAME, fcntl.flock, []

    def remove_first(descriptor: int, flags: int) -> None:
        if not removed:
            removed.append(file.stat())
            file.unlink()
            if again:
                file.write_text("")
        real(descriptor, flags)

    monkeypatch.setattr(fcntl, "flock", remove_first)
    with hold_lock(tree, seconds=1):
        assert file.stat().st_mode & 0o777 == 0o600
        with pytest.raises(LockedError), hold_lock(tree, seconds=0):
            pass


def test_a_file_system_without_locks_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = make_tree(tmp_path, "/run/lock")

    def fail(_descriptor: int, _flags: int) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(fcntl, "flock", fail)
    with pytest.raises(LockedError, match="cannot be taken: no locks available"), hold_lock(tree):
        pass
