# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host in memory: it writes, refuses, reads and rolls back as a transport must."""

from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import LockedError
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Operation, Read
from ansible_collections.stateward.conntrack.tests.support.fakehost import FakeHost
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host
from ansible_collections.stateward.conntrack.tests.support.operations import (
    BUCKETS,
    DROP_IN,
    MAX,
    NET,
    SET_UDP,
    UDP,
    file,
    module,
    number,
    value,
)

# ------------------------------------------------------------------------------------------------ files


def test_files_and_directories_are_made_and_removed() -> None:
    host = FakeHost(load_host("debian12"))
    make = (Operation("directory", "/etc/x.d", None, "present", "test"), file("/etc/x.d/y", "z\n"))
    assert host.apply(make, ()).error == ""
    assert host.snapshot.text("/etc/x.d/y") == "z\n"
    undo = (file("/etc/x.d/y", None, "z\n"), Operation("directory", "/etc/x.d", "present", None, "test"))
    assert host.apply(undo, ()).error == ""
    assert not host.snapshot.exists("/etc/x.d")


def test_a_directory_with_files_is_left() -> None:
    operation = Operation("directory", "/etc/sysctl.d", "present", None, "test")
    assert FakeHost(load_host("debian12")).apply((operation,), ()).outcomes[0].status == "skipped"


@pytest.mark.parametrize(
    ("name", "path", "word"),
    [
        ("debian12", "/etc/none.d/x", "ENOENT"),
        ("debian12", "/etc/sysctl.d/99-sysctl.conf", "ELOOP"),
        ("coreos", "/usr/lib/sysctl.d/x.conf", "EROFS"),
    ],
)
def test_files_that_cannot_be_written(name: str, path: str, word: str) -> None:
    snapshot = load_host(name)
    assert word in FakeHost(snapshot).apply((file(path, "x\n", snapshot.text(path)),), ()).error


def test_mode_of_a_file_is_kept_unless_given() -> None:
    snapshot = load_host("debian12", {DROP_IN: {"text": "a\n", "mode": "0600"}})
    host = FakeHost(snapshot)
    host.apply((file(DROP_IN, "b\n", "a\n"),), ())
    assert host.snapshot.entries[DROP_IN].mode == 0o600
    host.apply((Operation("file", DROP_IN, "b\n", "c\n", "test", mode=0o644),), ())
    assert host.snapshot.entries[DROP_IN].mode == 0o644


def test_a_file_shows_through_links_at_once() -> None:
    host = FakeHost(load_host("debian12"))
    host.apply((file("/etc/sysctl.conf", "a=1\n", host.snapshot.text("/etc/sysctl.conf")),), ())
    assert host.snapshot.text("/etc/sysctl.d/99-sysctl.conf") == "a=1\n"


# ------------------------------------------------------------------------------------------------ contract


@pytest.mark.parametrize(
    "operation",
    [
        file("/etc/sysctl.conf", "x\n", "something else\n"),
        file("/etc/sysctl.conf", "x\n", None),
        file(DROP_IN, "x\n", "gone\n"),
        Operation("directory", "/etc/sysctl.d", None, "present", "test"),
    ],
)
def test_a_host_that_changed_is_stale_and_left_alone(operation: Operation) -> None:
    snapshot = load_host("debian12")
    host = FakeHost(snapshot)
    applied = host.apply((SET_UDP, operation), ())
    assert applied.stale
    assert [outcome.status for outcome in applied.outcomes] == ["rolled_back", "failed"]
    assert host.snapshot == snapshot


def test_another_kernel_value_is_overwritten() -> None:
    applied = FakeHost(load_host("debian12")).apply((value(MAX, "5000", "4000"),), (Read(MAX),))
    assert (applied.error, number(applied.snapshot, MAX)) == ("", 5000)


def test_rollback_puts_back_what_was_found_and_not_what_was_expected() -> None:
    host = FakeHost(load_host("debian12"), fail_at=1)
    assert host.apply((value(MAX, "5000", "4000"), SET_UDP), ()).error
    assert number(host.snapshot, MAX) == 65536


def test_optional_value_without_a_file_is_skipped() -> None:
    missing = value(NET + "netfilter/nf_conntrack_none", "1", optional=True)
    applied = FakeHost(load_host("debian12")).apply((missing, SET_UDP), ())
    assert [outcome.status for outcome in applied.outcomes] == ["skipped", "done"]


@pytest.mark.parametrize("fail_at", range(4))
def test_a_failure_rolls_back_what_was_done(fail_at: int) -> None:
    snapshot = load_host("debian12")
    host = FakeHost(snapshot, fail_at=fail_at)
    operations = (file(DROP_IN, "x\n"), value(BUCKETS, "131072", "65536"), value(MAX, "131072", "65536"), SET_UDP)
    applied = host.apply(operations, ())
    statuses = [outcome.status for outcome in applied.outcomes]
    assert statuses == ["rolled_back"] * fail_at + ["failed"] + ["planned"] * (3 - fail_at)
    assert host.snapshot == snapshot
    assert applied.error


def test_a_module_stays_loaded_after_a_failure() -> None:
    host = FakeHost(load_host("debian13"), fail_at=2)
    applied = host.apply((module("nf_conntrack"), SET_UDP, file(DROP_IN, "x\n")), ())
    assert [outcome.status for outcome in applied.outcomes] == ["done", "rolled_back", "failed"]
    assert host.snapshot.text(UDP) == "30\n"


def test_a_locked_host_is_not_touched() -> None:
    with pytest.raises(LockedError):
        FakeHost(load_host("debian12"), locked=True).apply((SET_UDP,), ())


def test_read_gives_what_is_asked_for() -> None:
    host = FakeHost(load_host("debian12"))
    reads = (
        Read("/etc/sysctl.d/*"),
        Read("/sbin/init", content=False),
        Read("/proc/modules", lines=("conntrack",)),
        Read("/lib/modules/{release}/modules.dep", content=False),
    )
    snapshot = host.read(reads)
    expected = {"/etc/sysctl.d/99-sysctl.conf", "/etc/sysctl.d/README.sysctl", "/sbin/init", "/proc/modules"}
    assert set(snapshot.entries) == expected | {"/lib/modules/6.1.0-18-amd64/modules.dep"}
    assert snapshot.text("/sbin/init") is None
    assert len((snapshot.text("/proc/modules") or "").splitlines()) == 1
    assert host.reads == 1


def test_a_pattern_does_not_match_hidden_files() -> None:
    host = FakeHost(load_host("debian12", {"/etc/sysctl.d/.hidden.conf": ""}))
    assert not host.read((Read("/etc/sysctl.d/*.conf"),)).exists("/etc/sysctl.d/.hidden.conf")
