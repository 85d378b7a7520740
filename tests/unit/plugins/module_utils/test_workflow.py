# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Mapping

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import (
    ConntrackError,
    LockedError,
    OptionError,
    RefusedError,
    UnsupportedHostError,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import Tree
from ansible_collections.stateward.conntrack.plugins.module_utils._lock import hold_lock
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Applied, Entry, Operation, Read
from ansible_collections.stateward.conntrack.plugins.module_utils._workflow import Result, run
from ansible_collections.stateward.conntrack.tests.support.cases import TreeHost, show_operations, value_of
from ansible_collections.stateward.conntrack.tests.support.fakehost import FakeHost
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host
from ansible_collections.stateward.conntrack.tests.support.kernel_model import same_variable, show

ALL = {"max": 131072, "persist": ["all"]}
DROP_IN = "/etc/sysctl.d/99-stateward-conntrack.conf"
ORIGINALS = "/var/lib/stateward-conntrack/originals.json"
MAX = "/proc/sys/net/netfilter/nf_conntrack_max"


def fake(name: str = "debian12", files: Mapping[str, Any] | None = None, **more: Any) -> FakeHost:
    return FakeHost(load_host(name, files), **more)


def tune(host: FakeHost, **options: Any) -> Result:
    return run(host, options, check_mode=False)


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


class Refusing(FakeHost):
    """Has lost a key when it is read again, and fails the second list of operations that it is given."""

    calls = 0

    def apply(self, operations: tuple[Operation, ...], reads: tuple[Read, ...]) -> Applied:
        self.calls += 1
        self.fail_at = 0 if self.calls == 2 else None
        applied = super().apply(operations, reads)
        self.nodes.pop("/proc/sys/net/netfilter/nf_conntrack_gre_timeout", None)
        return replace(applied, snapshot=self.read(reads))


def test_a_failure_after_the_load_takes_both_passes_back() -> None:
    host = Refusing(load_host("arch"))
    result = run(host, {"profile": "none", "timeouts": {"gre": 31, "udp": 40}, "persist": ["sysctl"]}, check_mode=False)
    assert host.calls == 3
    assert "After the module was loaded: " in result.error
    assert host.snapshot.text(DROP_IN) is None
    assert {item["status"] for item in result.values["operations"]} == {"done", "rolled_back"}


class Taken(FakeHost):
    """Another run takes the lock after the first list of operations, and keeps it."""

    calls = 0

    def apply(self, operations: tuple[Operation, ...], reads: tuple[Read, ...]) -> Applied:
        self.calls += 1
        if self.calls > 1:
            raise LockedError("process 77 holds the lock")
        applied = super().apply(operations, reads)
        self.nodes.pop("/proc/sys/net/netfilter/nf_conntrack_gre_timeout", None)
        return replace(applied, snapshot=self.read(reads))


def test_a_host_that_cannot_be_taken_back_says_what_was_done() -> None:
    host = Taken(load_host("arch"))
    result = run(host, {"profile": "none", "timeouts": {"gre": 31, "udp": 40}, "persist": ["sysctl"]}, check_mode=False)
    assert "What was done before stays" in result.error
    assert "process 77" in result.error
    assert result.values["changed"] is True
    assert "done" in {item["status"] for item in result.values["operations"]}


@pytest.mark.parametrize(("number", "changed"), [(0, False), (4, False), (5, True), (6, True)])
def test_a_module_that_stays_loaded_is_a_change_even_when_the_run_fails(number: int, changed: bool) -> None:
    host = fake("arch", fail_at=number)
    result = tune(host, max=131072, persist=["sysctl", "preload"])
    assert "injected failure" in result.error
    assert result.values["changed"] is changed
    assert host.snapshot.text(DROP_IN) is None


# ---------------------------------------------------------------------------------------------- failures


def test_a_failed_run_tells_every_operation() -> None:
    host = fake(fail_at=3)
    result = tune(host, **ALL)
    statuses = [item["status"] for item in result.values["operations"]]
    assert statuses[:4] == ["rolled_back", "rolled_back", "rolled_back", "failed"]
    assert set(statuses[4:]) == {"planned"}
    assert "injected failure" in result.error
    assert result.values["changed"] is False
    assert value_of(result.values["after"], "max") == 65536


def test_locked() -> None:
    host = fake(locked=True)
    with pytest.raises(LockedError, match="another run holds the lock"):
        tune(host, **ALL)
    assert host.applied == []
    assert run(host, ALL, check_mode=True).values["changed"]


def test_nothing_to_do_needs_no_lock() -> None:
    host = fake()
    tune(host, **ALL)
    host.locked = True
    assert tune(host, **ALL).values["changed"] is False


def test_not_root() -> None:
    host = fake()
    host.facts["euid"] = "1000"
    for check in (True, False):
        with pytest.raises(UnsupportedHostError, match="only be read and set by root: use become: true"):
            run(host, ALL, check_mode=check)


def test_bad_options_are_found_before_anything_is_read() -> None:
    host = fake()
    with pytest.raises(OptionError, match="max"):
        tune(host, max=-1)
    assert host.reads == 0


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


# ---------------------------------------------------------------------------------------------- the way back


def test_absent_below_the_live_count_needs_force() -> None:
    host = fake()
    tune(host, **ALL)
    show(host.nodes, same_variable(host.nodes, "count"), 70000)
    with pytest.raises(RefusedError, match="original max was 65536, but 70000 entries are in use"):
        tune(host, state="absent")
    assert tune(host, state="absent", force=True).values["after"]["max"] == 65536


def test_absent_for_files_only() -> None:
    host = fake()
    tune(host, **ALL)
    result = tune(host, state="absent", runtime=False)
    assert host.snapshot.text(DROP_IN) is None
    assert value_of(result.values["after"], "max") == 131072


def test_absent_with_lost_originals_says_what_it_cannot_do() -> None:
    host = fake("el6")
    tune(host, **ALL)
    del host.nodes[ORIGINALS]
    result = tune(host, state="absent")
    assert [f"{ORIGINALS} is missing" in warning for warning in result.warnings] == [True]
    assert host.snapshot.text(DROP_IN) is None
    assert "stateward" not in "".join(entry.text or "" for entry in host.nodes.values())
    assert value_of(result.values["after"], "max") == 131072
    assert not tune(host, state="absent").warnings


def test_absent_with_lost_originals_finds_blocks_in_common_files() -> None:
    host = fake("el5")
    before = {path: host.snapshot.text(path) for path in ("/etc/sysctl.conf", "/etc/modprobe.conf")}
    tune(host, **ALL)
    del host.nodes[ORIGINALS]
    assert tune(host, state="absent").warnings
    assert {path: host.snapshot.text(path) for path in before} == before


def test_absent_with_damaged_originals_changes_nothing() -> None:
    host = fake()
    tune(host, **ALL)
    host.nodes[ORIGINALS] = replace(host.nodes[ORIGINALS], text="{")
    before = dict(host.nodes)
    for options in ({"state": "absent"}, {**ALL, "max": 140000}):
        with pytest.raises(UnsupportedHostError, match=f"{ORIGINALS} is damaged"):
            tune(host, **options)
    assert host.nodes == before


def test_absent_after_a_reboot_still_knows_the_first_values() -> None:
    """Originals are of the first run; a reboot in between changes values, not what was before us."""
    host = fake()
    tune(host, max=131072, timeouts={"udp": 40})
    for name, value in (("max", 65536), ("udp_timeout", 30), ("tcp_timeout_established", 432000)):
        show(host.nodes, same_variable(host.nodes, name), value)
    tune(host, max=140000, timeouts={"udp": 50})
    after = tune(host, state="absent").values["after"]
    assert (after["max"], after["timeouts"]["udp"], after["timeouts"]["tcp_established"]) == (65536, 30, 432000)


def test_absent_leaves_lines_that_were_changed_since_and_says_so() -> None:
    host = fake("el6")
    path = "/etc/sysconfig/iptables-config"
    tune(host, **ALL)
    text = host.snapshot.text(path).replace('UNLOAD="no"', "UNLOAD=maybe")
    host.nodes[path] = replace(host.nodes[path], text=text)
    result = tune(host, state="absent")
    assert result.warnings == (f"{path}: the lines that we edited were changed since; the file is left as it is.",)
    assert host.snapshot.text(path) == text


def test_absent_goes_on_when_an_edited_file_cannot_be_read_any_more() -> None:
    host = fake("el6")
    path = "/etc/sysconfig/iptables-config"
    tune(host, **ALL)
    host.nodes[path] = replace(host.nodes[path], text=None, error="EIO")
    result = tune(host, state="absent")
    assert [
        warning.startswith(f"{path}: our edit of it stays. {path} cannot be read (EIO)") for warning in result.warnings
    ]
    assert host.snapshot.text(DROP_IN) is None


def test_absent_does_not_touch_common_files_without_a_block_of_ours() -> None:
    files = {"/etc/modules": {"link": "/etc/site/modules"}, "/etc/site/modules": "loop\n"}
    host = fake("debian12", files)
    tune(host, **ALL)
    assert tune(host, state="absent").error == ""


def test_absent_takes_nothing_away_where_nothing_was_done() -> None:
    result = tune(fake(), state="absent")
    assert (result.values["changed"], result.values["operations"], result.warnings) == (False, [], ())


def test_absent_with_backup_keeps_its_copies() -> None:
    host = fake("el6")
    tune(host, **ALL)
    planned = show_operations(run(host, {"state": "absent", "backup": True}, check_mode=True).values)
    result = tune(host, state="absent", backup=True)
    assert show_operations(result.values) == planned
    assert {item["status"] for item in result.values["operations"]} == {"done"}
    assert any("/backup/etc_sysctl.d_99-stateward-conntrack.conf." in path for path in host.nodes)


def test_two_changes_within_one_second_keep_the_first_copy() -> None:
    host = fake("el6")
    tune(host, **ALL)
    first = host.snapshot.text(DROP_IN)
    for size in (140000, 150000):
        tune(host, **{**ALL, "max": size}, backup=True)
    copies = [path for path in host.nodes if "/backup/etc_sysctl.d_99" in path]
    assert [host.snapshot.text(path) for path in copies] == [first]


def test_an_unknown_profile_is_refused_with_a_sentence() -> None:
    with pytest.raises(ConntrackError, match="profile"):
        tune(fake(), profile="webserver")
