# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths inside a root, and files that are safe to open."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import (
    NotRegularError,
    Tree,
    decode,
    encode,
    errno_name,
    open_regular,
    read_bytes,
)
from hypothesis import given
from hypothesis import strategies as st

LINKS = {
    "var/lock": "/run/lock",
    "etc/sysctl.d/99-sysctl.conf": "../sysctl.conf",
    "etc/up": "../../../../etc/sysctl.conf",
    "etc/chain": "up",
    "etc/gone": "/nowhere/at/all",
    "etc/self": "./sysctl.d/../self/x",
}

RESOLVED = [
    ("/", "/"),
    ("/etc/sysctl.conf", "/etc/sysctl.conf"),
    ("//etc/./x/../sysctl.conf", "/etc/sysctl.conf"),
    ("/var/lock/a", "/run/lock/a"),
    ("/etc/sysctl.d/99-sysctl.conf", "/etc/sysctl.conf"),
    ("/etc/up", "/etc/sysctl.conf"),
    ("/etc/chain", "/etc/sysctl.conf"),
    ("/etc/gone", "/nowhere/at/all"),
    ("/missing/../etc", "/etc"),
]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    for name in ("etc/sysctl.d", "run/lock", "var"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "etc/sysctl.conf").write_text("x")
    for name, target in LINKS.items():
        (tmp_path / name).symlink_to(target)
    return Tree(str(tmp_path))


@pytest.mark.parametrize(("path", "expected"), RESOLVED)
def test_resolve(tree: Tree, path: str, expected: str) -> None:
    assert tree.resolve(path) == expected


def test_resolve_gives_up_on_a_loop(tree: Tree) -> None:
    with pytest.raises(OSError, match="symbolic links") as caught:
        tree.resolve("/etc/self")
    assert caught.value.errno == errno.ELOOP


def test_resolve_agrees_with_the_kernel_on_the_running_system() -> None:
    for path in ("/proc/net/dev", "/var/lock/x", "/etc/mtab", "/bin/sh"):
        assert Tree().resolve(path) == os.path.realpath(path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/var/lock", "/var/lock"), ("/var/lock/a", "/run/lock/a"), ("/etc/up", "/etc/up"), ("/", "/")],
)
def test_locate_keeps_the_last_name(tree: Tree, path: str, expected: str) -> None:
    assert tree.locate(path) == tree.root + expected


def test_locate_on_the_running_system() -> None:
    assert Tree("/").locate("/etc/passwd") == "/etc/passwd"
    assert Tree("/").locate("/") == "/"


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (errno.EACCES, "EACCES"),
        (errno.EOPNOTSUPP, "EOPNOTSUPP"),
        (errno.EAGAIN, "EAGAIN"),
        (99999, "99999"),
        (None, "EIO"),
    ],
)
def test_errno_name(number: int | None, name: str) -> None:
    assert errno_name(number) == name


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(str(tmp_path / "fifo"))
    (tmp_path / "link").symlink_to("fifo")
    with pytest.raises(NotRegularError):
        open_regular(str(tmp_path / "fifo"))
    with pytest.raises(NotRegularError):
        open_regular("/dev/zero")
    with pytest.raises(IsADirectoryError):
        open_regular(str(tmp_path))
    with pytest.raises(OSError, match="symbolic links"):
        open_regular(str(tmp_path / "link"))


def test_a_file_exchanged_for_a_fifo_meanwhile_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, fifo = tmp_path / "file", tmp_path / "fifo"
    path.write_text("x")
    os.mkfifo(str(fifo))
    status = os.stat(str(path))
    monkeypatch.setattr(os, "stat", lambda *_args, **_kwargs: status)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(NotRegularError):
        open_regular(str(fifo))
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 200000])
def test_read_bytes_has_a_limit(tmp_path: Path, size: int) -> None:
    (tmp_path / "file").write_bytes(b"x" * size)
    descriptor = open_regular(str(tmp_path / "file"))
    try:
        if size <= 100:
            assert read_bytes(descriptor, 100) == b"x" * size
        else:
            with pytest.raises(OSError, match="large"):
                read_bytes(descriptor, 100)
    finally:
        os.close(descriptor)


@given(st.binary(max_size=50))
def test_any_byte_survives(data: bytes) -> None:
    assert encode(decode(data)) == data
