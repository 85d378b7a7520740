# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading: patterns, links, sizes, and everything that is not a plain file."""

from __future__ import annotations

import errno
import os
import re
import socket
import tempfile
from pathlib import Path

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils import _host_read
from ansible_collections.stateward.conntrack.plugins.module_utils._host_read import read_facts, read_tree
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import Tree
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Read, Snapshot
from hypothesis import given
from hypothesis import strategies as st

MIB = 1024 * 1024


def make(root: Path, files: dict[str, bytes]) -> Tree:
    for name, data in files.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return Tree(str(root))


def read(tree: Tree, *patterns: str) -> Snapshot:
    return read_tree(tree, tuple(Read(pattern) for pattern in patterns))


def get(snapshot: Snapshot, path: str) -> Entry:
    entry = snapshot.get(path)
    assert entry is not None
    return entry


FILES = {
    "/etc/sysctl.d/10-b.conf": b"b",
    "/etc/sysctl.d/05-a.conf": b"a",
    "/etc/sysctl.d/.hidden.conf": b"h",
    "/etc/sysctl.d/README": b"r",
    "/lib/modules/6.1.0/modules.builtin": b"m",
    "/proc/sys/kernel/osrelease": b"6.1.0\n",
}


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("/etc/sysctl.d/*.conf", ["/etc/sysctl.d/05-a.conf", "/etc/sysctl.d/10-b.conf"]),
        ("/etc/sysctl.d/.*", ["/etc/sysctl.d/.hidden.conf"]),
        ("/etc/*/README", ["/etc/sysctl.d/README"]),
        ("/*/sysctl.d/[0-4]?-*.conf", ["/etc/sysctl.d/05-a.conf", "/etc/sysctl.d/10-b.conf"]),
        ("/etc/sysctl.d/[!0]*.conf", ["/etc/sysctl.d/10-b.conf"]),
        ("/lib/modules/{release}/modules.builtin", ["/lib/modules/6.1.0/modules.builtin"]),
        ("/etc/missing/*.conf", []),
        ("/etc/sysctl.d/README/*", []),
        ("/etc/sysctl.d/README/x", []),
        ("/etc/missing", []),
        ("/etc", ["/etc"]),
        ("/", ["/"]),
    ],
)
def test_patterns(tmp_path: Path, pattern: str, found: list[str]) -> None:
    assert sorted(read(make(tmp_path, FILES), pattern).entries) == found


def test_a_path_keeps_the_name_it_was_asked_for(tmp_path: Path) -> None:
    tree = make(tmp_path, {"/run/lock/a": b"text"})
    (tmp_path / "var").mkdir()
    (tmp_path / "var/lock").symlink_to("/run/lock")
    entry = get(read(tree, "/var/lock/*"), "/var/lock/a")
    assert (entry.kind, entry.text, entry.real) == ("file", "text", "")


@pytest.mark.parametrize(
    ("target", "real", "text", "error"),
    [
        ("/etc/sysctl.conf", "/etc/sysctl.conf", "s", ""),
        ("../sysctl.conf", "/etc/sysctl.conf", "s", ""),
        ("../../../../../etc/sysctl.conf", "/etc/sysctl.conf", "s", ""),
        ("/gone", "/gone", None, "ENOENT"),
        ("/dev/null", "/dev/null", "", ""),
        ("/etc", "/etc", None, "EISDIR"),
        ("/etc/fifo", "/etc/fifo", None, "NOT_REGULAR"),
        ("l.conf", "", None, "ELOOP"),
    ],
)
def test_links(tmp_path: Path, target: str, real: str, text: str | None, error: str) -> None:
    tree = make(tmp_path, {"/etc/sysctl.conf": b"s", "/etc/sysctl.d/x": b""})
    os.mkfifo(str(tmp_path / "etc/fifo"))
    (tmp_path / "etc/sysctl.d/l.conf").symlink_to(target)
    entry = get(read(tree, "/etc/sysctl.d/*.conf"), "/etc/sysctl.d/l.conf")
    assert (entry.kind, entry.target, entry.real) == ("link", target, real)
    assert (entry.text, entry.error) == (text, error)


def test_nothing_but_regular_files_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = make(tmp_path, {"/x/file": b"f"})
    os.mkfifo(str(tmp_path / "x/fifo"))
    monkeypatch.chdir(tmp_path / "x")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        snapshot = read(tree, "/x/*")
    kinds = {path: (entry.kind, entry.text, entry.error) for path, entry in snapshot.entries.items()}
    assert kinds["/x/fifo"] == ("other", None, "NOT_REGULAR")
    assert kinds["/x/socket"] == ("other", None, "NOT_REGULAR")
    assert kinds["/x/file"] == ("file", "f", "")


def test_devices_are_not_opened() -> None:
    snapshot = read(Tree(), "/dev/zero", "/dev/kmsg")
    assert get(snapshot, "/dev/zero").error == "NOT_REGULAR"


def test_a_directory_has_no_text_and_no_error(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir(mode=0o750)
    entry = get(read(Tree(str(tmp_path)), "/d"), "/d")
    assert (entry.kind, entry.mode, entry.text, entry.error, entry.writable) == ("directory", 0o750, None, "", True)


@pytest.mark.parametrize(("size", "error"), [(0, ""), (MIB, ""), (MIB + 1, "TOO_LARGE")])
def test_size(tmp_path: Path, size: int, error: str) -> None:
    entry = get(read(make(tmp_path, {"/f": b"x" * size}), "/f"), "/f")
    assert entry.error == error
    assert (entry.text is None) == bool(error)


@given(st.binary(max_size=100))
def test_any_byte_is_read(data: bytes) -> None:
    descriptor, path = _temporary(data)
    try:
        entry = get(read(Tree(), path), path)
    finally:
        os.close(descriptor)
        os.unlink(path)
    if b"\0" in data:
        assert (entry.text, entry.error) == (None, "NUL")
    else:
        assert (entry.text or "").encode("utf-8", "surrogateescape") == data


def _temporary(data: bytes) -> tuple[int, str]:
    descriptor, path = tempfile.mkstemp()
    os.write(descriptor, data)
    return descriptor, os.path.realpath(path)


def test_lines_of_a_large_file(tmp_path: Path) -> None:
    data = b"".join(b"line %d\n" % number for number in range(200000))
    tree = make(tmp_path, {"/f": data})
    entry = get(read_tree(tree, (Read("/f", lines=("line 17\n", " 199999")),)), "/f")
    assert (entry.text, entry.error) == ("line 17\nline 199999\n", "")


def test_too_many_lines_keep_the_last(tmp_path: Path) -> None:
    tree = make(tmp_path, {"/f": b"".join(b"%09d\n" % number for number in range(150000))})
    entry = get(read_tree(tree, (Read("/f", lines=("0",)),)), "/f")
    assert entry.error == "TOO_LARGE"
    assert entry.text is not None
    assert MIB - 20 < len(entry.text) <= MIB
    assert entry.text.endswith("000149999\n")


def test_a_file_without_line_ends_stays_bounded(tmp_path: Path) -> None:
    tree = make(tmp_path, {"/f": b"x" * (3 * MIB) + b"needle"})
    entry = get(read_tree(tree, (Read("/f", lines=("needle",)),)), "/f")
    assert entry.text is not None
    assert len(entry.text) <= 65536


@pytest.mark.parametrize(
    ("reads", "text"),
    [
        ((Read("/f", content=False),), None),
        ((Read("/f", content=False), Read("/f")), "a\nb\nc\n"),
        ((Read("/f"), Read("/f", content=False)), "a\nb\nc\n"),
        ((Read("/f", lines=("a",)), Read("/*", lines=("c",))), "a\nc\n"),
        ((Read("/f", lines=("a",)), Read("/f")), "a\nb\nc\n"),
        ((Read("/f"), Read("/f", lines=("a",))), "a\nb\nc\n"),
    ],
)
def test_two_patterns_of_one_path(tmp_path: Path, reads: tuple[Read, ...], text: str | None) -> None:
    assert read_tree(make(tmp_path, {"/f": b"a\nb\nc\n"}), reads).text("/f") == text


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.EPERM, errno.ENOTCONN])
@pytest.mark.parametrize("function", ["open", "lstat", "readlink", "listdir"])
def test_an_error_is_named_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, number: int
) -> None:
    tree = make(tmp_path, {"/a/f": b"x", "/b/f": b"y"})
    (tmp_path / "a/link").symlink_to("f")
    real = getattr(os, function)

    def fail(path: str, *args: object, **kwargs: object) -> object:
        if str(path).startswith(str(tmp_path / "a")):
            raise OSError(number, os.strerror(number), path)
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, function, fail)
    snapshot = read(tree, "/a/link", "/a/*", "/b/*")
    assert snapshot.text("/b/f") == "y"
    assert errno.errorcode[number] in {entry.error for entry in snapshot.entries.values()}


def test_a_directory_that_cannot_be_listed_is_an_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = make(tmp_path, {"/a/f": b"x"})

    def refuse(_path: str) -> list[str]:
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(os, "listdir", refuse)
    assert dict(read(tree, "/a/*").entries) == {"/a": Entry("/a", "directory", error="EACCES", writable=False)}


@pytest.mark.parametrize(
    ("path", "mode", "expected"),
    [
        ("/proc/sys/net/v", 0o644, True),
        ("/proc/sys/net/v", 0o444, False),
        ("/sys/module/m/parameters/hashsize", 0o600, True),
        ("/sys/module/m/parameters/hashsize", 0o400, False),
        ("/etc/f", 0o644, True),
    ],
)
def test_writable(tmp_path: Path, path: str, mode: int, expected: bool) -> None:
    tree = make(tmp_path, {path: b"1\n"})
    (tmp_path / path.lstrip("/")).chmod(mode)
    entry = get(read(tree, path), path)
    assert (entry.mode, entry.writable) == (mode, expected)


@pytest.mark.parametrize("path", ["/proc/sys/net/v", "/etc/f", "/etc"])
def test_a_read_only_file_system_is_not_writable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    tree = make(tmp_path, {"/proc/sys/net/v": b"1\n", "/etc/f": b""})
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    assert not get(read(tree, path), path).writable


def test_a_dangling_link_into_the_kernel_is_not_writable(tmp_path: Path) -> None:
    tree = make(tmp_path, {"/etc/f": b""})
    (tmp_path / "etc/l").symlink_to("/sys/gone")
    assert not get(read(tree, "/etc/l"), "/etc/l").writable


def test_facts(tmp_path: Path) -> None:
    facts = read_facts(make(tmp_path, {"/sbin/modprobe": b"", "/bin/sysctl": b""}))
    assert facts["release"] == os.uname().release
    assert facts["machine"] == os.uname().machine
    assert facts["euid"] == str(os.geteuid())
    assert int(facts["page_size"]) % 4096 == 0
    assert re.fullmatch(r"\d{8}T\d{6}Z", facts["time"])
    assert not [name for name in facts if name.startswith("tool:")]


def test_facts_of_a_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = make(tmp_path, {"/sbin/modprobe": b"", "/proc/sys/kernel/osrelease": b"4.18.0-553.el8\n"})
    (tmp_path / "sbin/modprobe").chmod(0o755)

    def refuse(_name: str) -> int:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(_host_read.os, "sysconf", refuse)
    facts = read_facts(tree)
    assert (facts["release"], facts["page_size"], facts["tool:modprobe"]) == ("4.18.0-553.el8", "", "/sbin/modprobe")
