# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cannot be read, edited or written on a host: the task ends before it changes anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import LockedError, UnsupportedHostError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import Tree
from ansible_collections.stateward.conntrack.plugins.module_utils._lock import hold_lock
from ansible_collections.stateward.conntrack.plugins.module_utils._workflow import run
from ansible_collections.stateward.conntrack.tests.support.cases import TreeHost
from ansible_collections.stateward.conntrack.tests.support.fakehost import FakeHost
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host
from ansible_collections.stateward.conntrack.tests.support.tasks import ALL, MAX, fake, tune

# ---------------------------------------------------------------------------------- a kernel that cannot be asked


def unreadable(name: str, path: str, error: str, text: str | None = None) -> FakeHost:
    host = fake(name)
    for node in [node for node in host.nodes if node == path or node.startswith(path + "/")]:
        entry = host.nodes[node]
        if entry.kind == "file":
            host.nodes[node] = replace(entry, text=text, error=error)
    return host


@pytest.mark.parametrize(
    ("host", "sentence"),
    [
        (unreadable("debian12", "/proc/sys/net", "EACCES"), "_max is there, but holds no number .*EACCES"),
        (unreadable("debian12", MAX, "EIO"), "_max is there, but holds no number .*EIO"),
        (unreadable("debian12", MAX, "", "many\n"), "holds no number that can be read .it says 'many"),
        (unreadable("el5", "/proc/sys/net/ipv4", "EACCES"), "ip_conntrack_max is there, but holds no number"),
    ],
)
def test_unreadable_kernel(host: FakeHost, sentence: str) -> None:
    for check in (True, False):
        with pytest.raises(UnsupportedHostError, match=sentence):
            run(host, ALL, check_mode=check)
    assert host.applied == []


def test_proc_that_is_not_there() -> None:
    host = fake("arch")
    for path in [path for path in host.nodes if path.startswith("/proc/")]:
        del host.nodes[path]
    with pytest.raises(UnsupportedHostError, match="/proc cannot be read: it is not mounted here, or hidden"):
        tune(host, **ALL)


# ---------------------------------------------------------------------------------------------- files of others


@pytest.mark.parametrize(
    ("name", "path", "options"),
    [
        ("el5", "/etc/sysctl.conf", ALL),
        ("el6", "/etc/sysconfig/iptables-config", ALL),
        ("sles11", "/etc/sysconfig/kernel", ALL),
        ("debian7", "/etc/modules", ALL),
        ("el5", "/etc/modprobe.conf", ALL),
    ],
)
@pytest.mark.parametrize("error", ["EACCES", "NUL", "TOO_LARGE"])
def test_a_file_that_has_to_be_edited_and_cannot_be_read(
    name: str, path: str, options: dict[str, Any], error: str
) -> None:
    host = unreadable(name, path, error)
    with pytest.raises(UnsupportedHostError, match=f"{path} cannot be read .{error}.: repair or remove it"):
        run(host, options, check_mode=False)
    assert host.applied == []


def test_a_file_that_is_only_looked_at_may_be_unreadable() -> None:
    host = unreadable("debian12", "/etc/sysctl.conf", "NUL")
    assert tune(host, **ALL).error == ""


def test_read_only_file_system() -> None:
    host = fake()
    for path in [path for path in host.nodes if path.startswith("/etc/modprobe.d")]:
        host.nodes[path] = replace(host.nodes[path], writable=False)
    for check in (True, False):
        with pytest.raises(
            UnsupportedHostError, match=r"/etc/modprobe.d is read-only here: .*conntrack.conf cannot be"
        ):
            run(host, ALL, check_mode=check)
    assert host.applied == []


def test_odd_bytes_of_others_are_kept_byte_by_byte() -> None:
    odd = "# caf\udce9 \udcff\r\n" + "x" * 5000 + "\nnet.netfilter.nf_conntrack_max = 1"
    host = fake("el5", {"/etc/sysctl.conf": odd})
    tune(host, **ALL, takeover=True)
    assert "caf\udce9 \udcff\r\n" + "x" * 5000 + "\n" in host.snapshot.text("/etc/sysctl.conf")
    tune(host, state="absent")
    assert host.snapshot.text("/etc/sysctl.conf") == odd


@pytest.mark.parametrize(
    ("name", "path", "data", "sentence"),
    [
        ("el5", "etc/sysctl.conf", b"kernel.panic = 5\0\n", "/etc/sysctl.conf cannot be read .NUL."),
        ("el5", "etc/modprobe.conf", b"x" * (2 << 20), "/etc/modprobe.conf cannot be read .TOO_LARGE."),
        ("debian12", "proc/sys/net/netfilter/nf_conntrack_max", b"\n", "_max is there, but holds no number"),
    ],
)
def test_damage_on_real_files_changes_nothing(tmp_path: Path, name: str, path: str, data: bytes, sentence: str) -> None:
    host = TreeHost(load_host(name), tmp_path)
    (tmp_path / path).write_bytes(data)
    before = host.tree()
    with pytest.raises(UnsupportedHostError, match=sentence):
        run(host, ALL, check_mode=False)
    assert host.tree() == before


def test_a_lock_that_is_held_on_real_files_changes_nothing(tmp_path: Path) -> None:
    host = TreeHost(load_host("debian12"), tmp_path)
    before = host.tree()
    with hold_lock(Tree(str(tmp_path))), pytest.raises(LockedError, match=r"holds the lock .* of this host"):
        run(host, ALL, check_mode=False)
    assert host.tree() == before
    assert run(host, ALL, check_mode=False).values["changed"]
