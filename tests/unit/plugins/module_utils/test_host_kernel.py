# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel values and modules: written, read back, never made, never unloaded."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils import _host_kernel
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import UnsupportedHostError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_kernel import change_value, load_module
from ansible_collections.stateward.conntrack.plugins.module_utils._host_report import ReadBackError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_sentences import ALREADY
from ansible_collections.stateward.conntrack.plugins.module_utils._host_step import Undo
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import Tree
from ansible_collections.stateward.conntrack.plugins.module_utils._model import DONE, MODULE, SKIPPED, VALUE, Operation

KEY = "/proc/sys/net/netfilter/nf_conntrack_max"


def make(root: Path, text: str = "100\n") -> tuple[Tree, Path]:
    path = root / KEY.lstrip("/")
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return Tree(str(root)), path


def value(after: str | None, *, target: str = KEY, before: str | None = "100", optional: bool = False) -> Operation:
    return Operation(VALUE, target, before, after, "because", optional=optional)


@pytest.mark.parametrize("found", ["100\n", "7\n", "-1\n", "123456789\n", ""])
@pytest.mark.parametrize("after", ["200", "200\n", "7"])
def test_written_read_back_and_undone(tmp_path: Path, found: str, after: str) -> None:
    tree, path = make(tmp_path, found)
    undos: list[Undo] = []
    outcome = change_value(tree, value(after), undos.append)
    assert (outcome.status, outcome.actual) == (DONE, after.strip())
    assert path.read_text().strip() == after.strip()
    for undo in undos * 2:
        undo()
    assert path.read_text() == found


def test_what_already_is_so_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree, _path = make(tmp_path, "200\n")
    monkeypatch.delattr(os, "write")
    outcome = change_value(tree, value("200"), pytest.fail)
    assert (outcome.status, outcome.reason, outcome.actual) == (DONE, ALREADY, "200")


@pytest.mark.parametrize("optional", [True, False])
def test_a_missing_key_is_never_made(tmp_path: Path, optional: bool) -> None:
    tree, path = make(tmp_path)
    operation = value("1", target=KEY + "_gone", optional=optional)
    if optional:
        assert change_value(tree, operation, pytest.fail).status == SKIPPED
    else:
        with pytest.raises(FileNotFoundError):
            change_value(tree, operation, pytest.fail)
    assert os.listdir(str(path.parent)) == [path.name]


def test_a_key_that_vanishes_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree, path = make(tmp_path)

    def vanish(_path: str) -> bytes:
        path.unlink()
        return b"100\n"

    monkeypatch.setattr(_host_kernel, "_read_value", vanish)
    assert change_value(tree, value("1", optional=True), lambda _undo: None).status == SKIPPED
    assert not path.exists()


def kernel_says(text: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, _data: write(descriptor, text))


def test_the_kernel_says_another_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree, path = make(tmp_path)
    undos: list[Undo] = []
    kernel_says(b"512\n", monkeypatch)
    with pytest.raises(ReadBackError, match=f"wrote 500 to {KEY}, the kernel says 512") as caught:
        change_value(tree, value("500"), undos.append)
    assert caught.value.actual == "512"
    monkeypatch.undo()
    undos[0]()
    assert path.read_text() == "100\n"


def test_the_kernel_does_not_take_the_old_value_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree, _path = make(tmp_path)
    undos: list[Undo] = []
    change_value(tree, value("500"), undos.append)
    kernel_says(b"\n", monkeypatch)
    with pytest.raises(ReadBackError, match="wrote back 100, the kernel says nothing"):
        undos[0]()


@pytest.mark.parametrize("kind", ["fifo", "link", "directory"])
def test_only_plain_files_are_values(tmp_path: Path, kind: str) -> None:
    tree, path = make(tmp_path)
    path.unlink()
    {"fifo": lambda: os.mkfifo(str(path)), "link": lambda: path.symlink_to("x"), "directory": path.mkdir}[kind]()
    with pytest.raises((OSError, UnsupportedHostError)):
        change_value(tree, value("1"), pytest.fail)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS, errno.EINVAL, errno.ENOMEM, errno.EIO])
def test_a_refused_write_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    tree, path = make(tmp_path)
    undos: list[Undo] = []

    def refuse(_descriptor: int, _data: bytes) -> int:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", refuse)
        with pytest.raises(OSError, match=os.strerror(number)):
            change_value(tree, value("5"), undos.append)
    undos[0]()
    assert path.read_text() == "100\n"


# ---------------------------------------------------------------------------------------------- modules


def module(name: str) -> Operation:
    return Operation(MODULE, name, None, "loaded", "because")


def add_modprobe(root: Path, body: str) -> Tree:
    tool = root / "sbin/modprobe"
    tool.parent.mkdir(exist_ok=True)
    tool.write_text("#!/bin/sh\n" + body + "\n")
    tool.chmod(0o755)
    return Tree(str(root))


def test_a_module_is_loaded(tmp_path: Path) -> None:
    tree = add_modprobe(tmp_path, f"mkdir -p {tmp_path}/sys/module/$1; echo $# > {tmp_path}/count")
    outcome = load_module(tree, module("nf_conntrack"), pytest.fail)
    assert (outcome.status, outcome.reason) == (DONE, "")
    assert (tmp_path / "count").read_text() == "1\n"
    again = load_module(add_modprobe(tmp_path, "exit 1"), module("nf-conntrack"), pytest.fail)
    assert (again.status, again.reason) == (DONE, ALREADY)


def test_a_module_that_does_not_show_is_said(tmp_path: Path) -> None:
    outcome = load_module(add_modprobe(tmp_path, "exit 0"), module("nf_conntrack_ipv4"), pytest.fail)
    assert outcome.status == DONE
    assert outcome.reason.startswith("modprobe succeeded without /sys/module/nf_conntrack_ipv4")


def test_what_modprobe_says_is_kept(tmp_path: Path) -> None:
    tree = add_modprobe(tmp_path, "echo 'FATAL: Module nf_conntrack not found.' >&2; exit 1")
    with pytest.raises(
        UnsupportedHostError, match=r"was not loaded: .* status 1: FATAL: Module nf_conntrack not found"
    ):
        load_module(tree, module("nf_conntrack"), pytest.fail)


def test_no_modprobe(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedHostError, match="modprobe was not found"):
        load_module(Tree(str(tmp_path)), module("nf_conntrack"), pytest.fail)


@pytest.mark.parametrize("name", ["", "-r", "--remove", "a b", "../x", "nf_conntrack hashsize=1", "a\n"])
def test_only_names_are_loaded(tmp_path: Path, name: str) -> None:
    tree = add_modprobe(tmp_path, f"touch {tmp_path}/ran")
    with pytest.raises(UnsupportedHostError, match="no name of a kernel module"):
        load_module(tree, module(name), pytest.fail)
    assert not (tmp_path / "ran").exists()
