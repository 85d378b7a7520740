# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host as the rest of the collection sees it: lock, apply, read again; and this machine, read only."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from pathlib import Path

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import LockedError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_local import LocalHost
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import Tree
from ansible_collections.stateward.conntrack.plugins.module_utils._lock import hold_lock
from ansible_collections.stateward.conntrack.plugins.module_utils._model import (
    DONE,
    FAILED,
    FILE,
    ROLLED_BACK,
    VALUE,
    Operation,
    Read,
)
from ansible_collections.stateward.conntrack.tests.support.small_tree import MAX, op

FORK = multiprocessing.get_context("fork")
READS = (Read("/etc/*.conf"), Read(MAX))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("etc", "run/lock", os.path.dirname(MAX).lstrip("/")):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / MAX.lstrip("/")).write_text("100\n")
    return tmp_path


def test_read_apply_read(root: Path) -> None:
    host = LocalHost(str(root))
    assert host.read(READS).text(MAX) == "100\n"
    applied = host.apply((op(FILE, "/etc/a.conf", None, "a"), op(VALUE, MAX, "100", "200")), READS)
    assert [outcome.status for outcome in applied.outcomes] == [DONE, DONE]
    assert (applied.error, applied.stale) == ("", False)
    assert (applied.snapshot.text("/etc/a.conf"), applied.snapshot.text(MAX)) == ("a", "200\n")


def test_a_failure_shows_the_host_as_it_is(root: Path) -> None:
    plan = (op(FILE, "/etc/a.conf", None, "a"), op(FILE, "/etc/b.conf", "b", "B"))
    applied = LocalHost(str(root)).apply(plan, READS)
    assert [outcome.status for outcome in applied.outcomes] == [ROLLED_BACK, FAILED]
    assert applied.stale
    assert applied.error == (
        "/etc/b.conf is gone after it had been read: another program writes it; the one change before it was undone"
    )
    assert list(applied.snapshot.entries) == [MAX]


def test_the_lock_is_taken_for_changes_only(root: Path) -> None:
    host = LocalHost(str(root), lock_seconds=0)
    with hold_lock(Tree(str(root))):
        assert host.apply((), READS).snapshot.text(MAX) == "100\n"
        with pytest.raises(LockedError, match=r"/run/lock/stateward-conntrack[.]lock"):
            host.apply((op(VALUE, MAX, "100", "200"),), READS)
    assert host.apply((op(VALUE, MAX, "100", "200"),), READS).error == ""


def test_this_machine() -> None:
    paths = ("/proc/sys/net/netfilter/nf_conntrack_max", "/proc/sys/net/netfilter/nf_conntrack_count", "/proc/meminfo")
    snapshot = LocalHost().read((Read("/proc/sys/net/netfilter/nf_conntrack_*"), Read("/proc/meminfo")))
    for path in paths:
        assert snapshot.exists(path) == os.path.exists(path)
    if snapshot.exists(paths[0]):
        assert int(snapshot.text(paths[0]) or "") >= 0
        assert not snapshot.entries[paths[1]].writable
    assert snapshot.facts["release"] == os.uname().release
    assert not [entry for entry in snapshot.entries.values() if entry.text is None and not entry.error]


NAMES = tuple(f"/etc/{number:02d}.conf" for number in range(40))


def swap(host: LocalHost) -> tuple[Operation, ...]:
    """A plan that gives every file the other of two texts, made from what is there."""
    texts = {"old\n" * 500: "new\n" * 900, "new\n" * 900: "old\n" * 500}
    snapshot = host.read(READS)
    return tuple(op(FILE, name, snapshot.text(name), texts[snapshot.text(name) or ""]) for name in NAMES)


def apply_swap(root: Path, plan: tuple[Operation, ...], begun: object) -> None:
    assert hasattr(begun, "set")
    begun.set()
    LocalHost(str(root)).apply(plan, ())


def test_a_killed_run_leaves_whole_files_and_no_lock(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A kill, unlike a power cut, loses nothing that was not flushed; a busy disk would only slow this down.
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    rng, host, cut = random.Random(7), LocalHost(str(root), lock_seconds=0), 0
    for name in NAMES:
        Path(str(root) + name).write_text("old\n" * 500)
    for _try in range(20):
        plan, begun = swap(host), FORK.Event()
        process = FORK.Process(target=apply_swap, args=(root, plan, begun))
        process.start()
        assert begun.wait(5)
        time.sleep(rng.uniform(0.0, 0.02))
        process.kill()
        process.join()
        cut += len({host.read(READS).text(name) for name in NAMES}) > 1
        assert host.apply(swap(host), ()).error == ""
        assert sorted(os.listdir(str(root / "etc"))) == [os.path.basename(name) for name in NAMES]
    assert cut > 0
