# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files are wholly old or wholly new, whatever happens in between."""

from __future__ import annotations

import errno
import multiprocessing
import os
import random
import time
from pathlib import Path
from typing import Callable, Iterator

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils import _atomic
from ansible_collections.stateward.conntrack.plugins.module_utils._atomic import (
    FileState,
    apply_status,
    capture_file,
    capture_status,
    clean_temporaries,
    open_directory,
    remove_file,
    replace_file,
    restore_file,
    sync_directory,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import NotRegularError

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[int]:
    with open_directory(str(tmp_path)) as opened:
        yield opened


def fail_with(number: int) -> Callable[..., object]:
    def fail(*_args: object, **_kwargs: object) -> object:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o755, 0o4755])
@pytest.mark.parametrize("data", [b"", b"text\n", b"\xff\x00" * 100000])
def test_replace_and_capture(tmp_path: Path, directory: int, data: bytes, mode: int) -> None:
    for old in (None, b"old"):
        if old is not None:
            (tmp_path / "f").write_bytes(old)
        replace_file(directory, "f", FileState(data, mode))
        found = capture_file(directory, "f")
        assert found is not None
        assert (found.data, found.mode, found.uid) == (data, mode, os.geteuid())
    assert os.listdir(str(tmp_path)) == ["f"]


def test_the_inode_is_new_and_old_readers_keep_the_old_text(tmp_path: Path, directory: int) -> None:
    (tmp_path / "f").write_text("old")
    with (tmp_path / "f").open() as reader:
        replace_file(directory, "f", FileState(b"new", 0o644))
        assert reader.read() == "old"
    assert (tmp_path / "f").read_text() == "new"


def test_capture_tells_what_is_no_file(tmp_path: Path, directory: int) -> None:
    os.mkfifo(str(tmp_path / "fifo"))
    (tmp_path / "d").mkdir()
    (tmp_path / "l").symlink_to("d")
    assert capture_file(directory, "missing") is None
    for name, error in (("fifo", NotRegularError), ("d", IsADirectoryError), ("l", OSError)):
        with pytest.raises(error):
            capture_file(directory, name)


def test_a_huge_file_is_not_captured(tmp_path: Path, directory: int) -> None:
    with (tmp_path / "f").open("wb") as stream:
        stream.truncate(_atomic.MAX_FILE_BYTES + 1)
    with pytest.raises(OSError, match="large"):
        capture_file(directory, "f")


@pytest.mark.parametrize("function", ["open", "write", "fchmod", "fsync", "rename"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt(), MemoryError()])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, directory: int, monkeypatch: pytest.MonkeyPatch, function: str, error: BaseException
) -> None:
    (tmp_path / "f").write_text("old")

    def fail(*_args: object, **_kwargs: object) -> object:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(os, function, fail)
        with pytest.raises(type(error)):
            replace_file(directory, "f", FileState(b"new", 0o644))
    assert os.listdir(str(tmp_path)) == ["f"]
    assert (tmp_path / "f").read_text() == "old"


def test_short_writes_are_continued(tmp_path: Path, directory: int, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, bytes(data[:3])))
    replace_file(directory, "f", FileState(b"0123456789", 0o644))
    assert (tmp_path / "f").read_bytes() == b"0123456789"


def test_the_data_is_flushed_before_the_rename(directory: int, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    for function in ("write", "fchmod", "fsync", "rename"):
        real = getattr(os, function)

        def record(
            *args: object, _real: Callable[..., object] = real, _name: str = function, **kwargs: object
        ) -> object:
            calls.append(_name)
            return _real(*args, **kwargs)

        monkeypatch.setattr(os, function, record)
    replace_file(directory, "f", FileState(b"x", 0o644))
    assert calls == ["write", "fchmod", "fsync", "rename", "fsync"]


@pytest.mark.parametrize("old", [None, b"old"])
@pytest.mark.parametrize("now", [None, b"old", b"new"])
def test_restore(tmp_path: Path, directory: int, old: bytes | None, now: bytes | None) -> None:
    if old is not None:
        (tmp_path / "f").write_bytes(old)
        (tmp_path / "f").chmod(0o640)
    state = capture_file(directory, "f")
    if now is None and old is not None:
        remove_file(directory, "f")
    elif now is not None:
        (tmp_path / "f").write_bytes(now)
    restore_file(directory, "f", state)
    assert capture_file(directory, "f") == state


def test_only_own_temporaries_are_cleaned(tmp_path: Path, directory: int, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = ["f.conf", ".f.conf", "f.stateward-tmp", ".f.stateward-tmp.bak"]
    for name in [*kept, ".f.conf.17.stateward-tmp"]:
        (tmp_path / name).write_text("")
    (tmp_path / ".l.stateward-tmp").symlink_to("f.conf")
    (tmp_path / ".d.stateward-tmp").mkdir()
    clean_temporaries(directory)
    assert sorted(os.listdir(str(tmp_path))) == sorted([*kept, ".l.stateward-tmp", ".d.stateward-tmp"])
    (tmp_path / ".f.stateward-tmp").write_text("")
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    clean_temporaries(directory)
    assert (tmp_path / ".f.stateward-tmp").exists()


def test_a_temporary_that_stays_does_not_matter(
    tmp_path: Path, directory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".f.stateward-tmp").write_text("")
    monkeypatch.setattr(os, "unlink", fail_with(errno.EROFS))
    clean_temporaries(directory)
    assert (tmp_path / ".f.stateward-tmp").exists()


def test_owner_then_mode(directory: int, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, tuple[int, ...]]] = []
    monkeypatch.setattr(os, "fchown", lambda _fd, uid, gid: calls.append(("fchown", (uid, gid))))
    monkeypatch.setattr(os, "fchmod", lambda _fd, mode: calls.append(("fchmod", (mode,))))
    apply_status(directory, FileState(b"", 0o640, 12, 34))
    apply_status(directory, FileState(b"", 0o640, os.geteuid(), -1))
    assert calls == [("fchown", (12, 34)), ("fchmod", (0o640,)), ("fchmod", (0o640,))]


class Labels:
    """What a file system with SELinux labels keeps, by inode."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.by_inode: dict[int, bytes] = {}
        self.written: list[bytes] = []
        monkeypatch.setattr(os, "getxattr", self.get)
        monkeypatch.setattr(os, "setxattr", self.set)

    def get(self, descriptor: int, name: str) -> bytes:
        assert name == "security.selinux"
        return self.by_inode.get(os.fstat(descriptor).st_ino, b"etc_t")

    def set(self, descriptor: int, name: str, value: bytes) -> None:
        assert name == "security.selinux"
        self.by_inode[os.fstat(descriptor).st_ino] = value
        self.written.append(value)


def test_the_label_is_kept(tmp_path: Path, directory: int, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_text("old")
    labels = Labels(monkeypatch)
    labels.by_inode[(tmp_path / "f").stat().st_ino] = b"modules_conf_t"
    state = capture_file(directory, "f")
    assert state is not None
    assert state.label == b"modules_conf_t"
    replace_file(directory, "g", FileState(b"new", 0o644, label=b"etc_t"))
    replace_file(directory, "f", FileState(b"new", 0o644, label=state.label))
    assert labels.by_inode[(tmp_path / "f").stat().st_ino] == b"modules_conf_t"
    assert labels.written == [b"modules_conf_t"]


@pytest.mark.parametrize("number", [errno.ENODATA, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_labels(directory: int, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(os, "getxattr", fail_with(number))
    assert capture_status(directory).label is None


def test_a_label_that_cannot_be_read_is_an_error(directory: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getxattr", fail_with(errno.EACCES))
    with pytest.raises(PermissionError):
        capture_status(directory)


@pytest.mark.parametrize(("number", "raised"), [(errno.EINVAL, False), (errno.EOPNOTSUPP, False), (errno.EIO, True)])
def test_directories_that_cannot_be_flushed(
    directory: int, monkeypatch: pytest.MonkeyPatch, number: int, raised: bool
) -> None:
    monkeypatch.setattr(os, "fsync", fail_with(number))
    if not raised:
        sync_directory(directory)
        return
    with pytest.raises(OSError, match="Input/output"):
        sync_directory(directory)


OLD, NEW = b"o" * 30000, b"n" * 50000


def replace_many(path: str, count: int) -> None:
    with open_directory(path) as opened:
        for number in range(count):
            replace_file(opened, f"{number}.conf", FileState(NEW, 0o644))


def test_a_kill_leaves_every_file_old_or_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A kill, unlike a power cut, loses nothing that was not flushed; a busy disk would only slow this down.
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    count, rng = 60, random.Random(1)
    for _try in range(15):
        for number in range(count):
            (tmp_path / f"{number}.conf").write_bytes(OLD)
        process = FORK.Process(target=replace_many, args=(str(tmp_path), count))
        process.start()
        time.sleep(rng.uniform(0.001, 0.03))
        process.kill()
        process.join()
        assert {path.read_bytes() for path in tmp_path.glob("*.conf")} <= {OLD, NEW}
        with open_directory(str(tmp_path)) as opened:
            clean_temporaries(opened)
        assert len(os.listdir(str(tmp_path))) == count
