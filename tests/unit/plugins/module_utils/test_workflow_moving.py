# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that changes while it is worked on: by another program, or by the load of its module."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Applied, Entry, Operation, Read
from ansible_collections.stateward.conntrack.plugins.module_utils._workflow import run
from ansible_collections.stateward.conntrack.tests.support.fakehost import FakeHost
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host
from ansible_collections.stateward.conntrack.tests.support.kernel_model import same_variable, show
from ansible_collections.stateward.conntrack.tests.support.tasks import ALL, DROP_IN, MAX, ORIGINALS, fake, tune


class Restless(FakeHost):
    """Another program writes a file between the reading and the applying, this many times."""

    def __init__(self, name: str, times: int, path: str = DROP_IN) -> None:
        super().__init__(load_host(name))
        self.times, self.path = times, path

    def apply(self, operations: tuple[Operation, ...], reads: tuple[Read, ...]) -> Applied:
        if self.times:
            self.times -= 1
            self.nodes[self.path] = Entry(self.path, "file", mode=0o644, text=f"# {self.times}\n")
        return super().apply(operations, reads)


# ---------------------------------------------------------------------------------------------- a host that moves


@pytest.mark.parametrize(("times", "reads"), [(0, 2), (1, 4), (2, 6)])
def test_a_host_that_changes_is_read_again(times: int, reads: int) -> None:
    host = Restless("debian12", times)
    result = run(host, ALL, check_mode=False)
    assert (result.error, result.values["changed"], host.reads) == ("", True, reads)
    assert not run(host, ALL, check_mode=False).values["changed"]


def test_a_change_of_somebody_else_is_not_lost() -> None:
    host = Restless("el5", 1, "/etc/sysctl.conf")
    assert run(host, ALL, check_mode=False).error == ""
    assert (host.snapshot.text("/etc/sysctl.conf") or "").startswith("# 0\n# BEGIN stateward.conntrack\n")


def test_a_host_that_keeps_changing_is_left() -> None:
    host = Restless("debian12", 99)
    result = run(host, ALL, check_mode=False)
    assert host.times == 99 - 3
    assert f"{DROP_IN}: the file has changed since it was read" in result.error
    assert result.values["changed"] is False
    assert host.snapshot.text(ORIGINALS) is None
    assert host.snapshot.text(MAX) == "65536\n"


# ---------------------------------------------------------------------------------------------- a module that is loaded


class Lacking(FakeHost):
    """A build of the kernel without a key that its version should have."""

    def _module(self, operation: Operation) -> None:
        super()._module(operation)
        self.nodes.pop("/proc/sys/net/netfilter/nf_conntrack_gre_timeout")


def test_keys_that_the_loaded_kernel_lacks_are_left_out_in_the_end() -> None:
    """The plan before the load believes in them; the one after it knows better."""
    host = Lacking(load_host("arch"))
    options = {"profile": "none", "timeouts": {"gre": 99, "udp": 40}, "persist": ["sysctl"]}
    result = run(host, options, check_mode=False)
    assert result.error == ""
    assert "gre" not in (host.snapshot.text(DROP_IN) or "gre")
    assert [item["name"] for item in result.values["not_applied"]] == ["gre"]
    assert not run(host, options, check_mode=False).values["changed"]


class Crowded(FakeHost):
    """Full of entries as soon as its module is loaded."""

    def apply(self, operations: tuple[Operation, ...], reads: tuple[Read, ...]) -> Applied:
        applied = super().apply(operations, reads)
        show(self.nodes, same_variable(self.nodes, "count"), 60000)
        return replace(applied, snapshot=self.read(reads))


def test_a_refusal_after_the_load_takes_the_files_back_and_says_so() -> None:
    host = Crowded(load_host("arch"))
    result = run(host, {"max": 50000, "persist": ["sysctl"]}, check_mode=False)
    assert result.error.startswith("After the module was loaded: max 50,000 is below")
    assert result.values["changed"] is True
    statuses = {item["kind"]: item["status"] for item in result.values["operations"]}
    assert statuses == {"directory": "rolled_back", "file": "rolled_back", "module": "done", "value": "done"}
    assert host.snapshot.text(DROP_IN) is None


class Hindered(FakeHost):
    """Has lost a key when it is read again, so there is a second list of operations, which is hindered.

    taken: another run takes the lock, and keeps it. Otherwise the first of the operations fails.
    """

    def __init__(self, name: str, *, taken: bool = False) -> None:
        super().__init__(load_host(name))
        self.taken, self.calls = taken, 0

    def apply(self, operations: tuple[Operation, ...], reads: tuple[Read, ...]) -> Applied:
        self.calls += 1
        self.locked = self.taken and self.calls > 1
        self.fail_at = 0 if self.calls == 2 else None
        applied = super().apply(operations, reads)
        self.nodes.pop("/proc/sys/net/netfilter/nf_conntrack_gre_timeout", None)
        return replace(applied, snapshot=self.read(reads))


def test_a_failure_after_the_load_takes_both_passes_back() -> None:
    host = Hindered("arch")
    result = run(host, {"profile": "none", "timeouts": {"gre": 31, "udp": 40}, "persist": ["sysctl"]}, check_mode=False)
    assert host.calls == 3
    assert "After the module was loaded: " in result.error
    assert host.snapshot.text(DROP_IN) is None
    assert {item["status"] for item in result.values["operations"]} == {"done", "rolled_back"}


def test_a_host_that_cannot_be_taken_back_says_what_was_done() -> None:
    host = Hindered("arch", taken=True)
    result = run(host, {"profile": "none", "timeouts": {"gre": 31, "udp": 40}, "persist": ["sysctl"]}, check_mode=False)
    assert "What was done before stays" in result.error
    assert "another run holds the lock" in result.error
    assert result.values["changed"] is True
    assert "done" in {item["status"] for item in result.values["operations"]}


@pytest.mark.parametrize(("number", "changed"), [(0, False), (4, False), (5, True), (6, True)])
def test_a_module_that_stays_loaded_is_a_change_even_when_the_run_fails(number: int, changed: bool) -> None:
    host = fake("arch", fail_at=number)
    result = tune(host, max=131072, persist=["sysctl", "preload"])
    assert "injected failure" in result.error
    assert result.values["changed"] is changed
    assert host.snapshot.text(DROP_IN) is None
