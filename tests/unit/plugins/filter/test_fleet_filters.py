# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters and the lookup of roles and playbooks, and what they say about results of the real workflow."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.stateward.conntrack.plugins.filter.conntrack_drift import conntrack_drift
from ansible_collections.stateward.conntrack.plugins.filter.conntrack_fleet import conntrack_fleet
from ansible_collections.stateward.conntrack.plugins.filter.conntrack_halt import conntrack_halt
from ansible_collections.stateward.conntrack.plugins.filter.conntrack_unhealthy import conntrack_unhealthy
from ansible_collections.stateward.conntrack.plugins.filter.conntrack_verdict import conntrack_verdict
from ansible_collections.stateward.conntrack.plugins.lookup.conntrack_policy import LookupModule
from ansible_collections.stateward.conntrack.plugins.module_utils._workflow import run
from ansible_collections.stateward.conntrack.tests.support.fakehost import FakeHost
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host
from ansible_collections.stateward.conntrack.tests.support.tasks import DROP_IN

POLICY = {"max": 300000, "force": True, "timeouts": {"tcp_established": 7200}}
UNLOAD = {"profile": "none", "runtime": False, "persist": ["iptables_unload"]}


def tune(host: FakeHost, *, check_mode: bool = False, **params: Any) -> dict[str, Any]:
    return run(host, params, check_mode=check_mode).values


def line(lines: list[str], start: str) -> str:
    return next(found for found in lines if found.startswith(start))


def test_sysctl_without_preload_does_not_survive_a_reboot_and_says_why() -> None:
    lines = conntrack_verdict(tune(FakeHost(load_host("el6")), **POLICY, persist=["sysctl"]))
    reboot = line(lines, "after a reboot")
    assert "NOT as wanted" in reboot
    assert re.search(r"before (the module|nf_conntrack) is loaded: .* lost", reboot)


def test_code_in_the_kernel_is_never_loaded_late() -> None:
    lines = conntrack_verdict(tune(FakeHost(load_host("builtin")), **POLICY, persist=["all"]))
    assert [found for found in lines if found.startswith("after a reboot")]
    assert not [found for found in lines if "late load" in found]


def test_everything_survives_everything() -> None:
    lines = conntrack_verdict(tune(FakeHost(load_host("el6")), **POLICY, persist=["all"]))
    assert [found.partition(":")[2].split(" (")[0] for found in lines if found.startswith("after ")] == [
        " as wanted"
    ] * 3
    assert "max: 65536 -> 300000" in lines
    assert "tcp_established: 432000 -> 7200" in lines


@pytest.mark.parametrize(
    ("name", "tuned", "words"),
    [
        ("el6", {}, "IPTABLES_SYSCTL_LOAD_LIST alone would do as well"),
        ("el6", POLICY, "IPTABLES_SYSCTL_LOAD_LIST alone would not do: "),
    ],
)
def test_iptables_unload_says_whether_the_list_alone_would_do(name: str, tuned: dict[str, Any], words: str) -> None:
    host = FakeHost(load_host(name))
    if tuned:
        tune(host, **tuned)
    assert words in line(conntrack_verdict(tune(host, **UNLOAD)), "/etc/sysconfig/iptables-config")


def test_a_script_without_a_list_is_not_asked() -> None:
    lines = conntrack_verdict(tune(FakeHost(load_host("el6-early")), **UNLOAD))
    assert "LOAD_LIST" not in line(lines, "/etc/sysconfig/iptables-config")


# ---------------------------------------------------------------------------------------------- drift


def test_no_drift_after_a_run() -> None:
    host = FakeHost(load_host("debian12"))
    tune(host, **POLICY, persist=["all"])
    assert conntrack_drift(tune(host, check_mode=True, **POLICY, persist=["all"])) == []


def test_drift_names_values_files_and_events() -> None:
    lines = conntrack_drift(tune(FakeHost(load_host("el6")), check_mode=True, **POLICY, persist=["sysctl"]))
    assert "max is 65536, not 300000" in lines
    assert f"{DROP_IN} is missing (wanted: the values for the boot's sysctl step)" in lines
    assert any(found.startswith("after a reboot: NOT as wanted") for found in lines)


def test_a_file_that_is_there_is_not_missing() -> None:
    host = FakeHost(load_host("el6"))
    tune(host, **POLICY, persist=["all"])
    lines = conntrack_drift(tune(host, check_mode=True, **{**POLICY, "max": 400000}, persist=["all"]))
    assert f"{DROP_IN} is not what it should be (wanted: the values for the boot's sysctl step)" in lines
    back = tune(host, check_mode=True, state="absent", force=True)
    assert f"{DROP_IN} should not be there" in conntrack_drift(back, persist=[])


@pytest.mark.parametrize(("name", "folder"), [("el5", "/var/lib"), ("debian12", "/var/lib"), ("openwrt", "/etc")])
def test_what_is_kept_for_the_way_back_is_no_drift(name: str, folder: str) -> None:
    host = FakeHost(load_host(name))
    asked = tune(host, check_mode=True, **POLICY, persist=["all"], backup=True)
    ours = f"{folder}/stateward-conntrack"
    kept = [item["target"] for item in asked["operations"] if item["target"].startswith(ours)]
    assert f"{ours}/originals.json" in kept
    lines = conntrack_drift(asked, persist=[])
    assert [found for found in lines if ours in found] == []
    assert len(lines) == len(asked["operations"]) - len(kept)


def test_what_is_not_there_yet_is_named_so() -> None:
    fresh = FakeHost(load_host("debian13"))
    asked = tune(fresh, check_mode=True, **POLICY, persist=["all"])
    lines = conntrack_drift(asked)
    assert "max is not there, not 300000" in lines
    why = "the kernel has no conntrack keys before its module is loaded"
    assert f"the module nf_conntrack is not loaded: {why}" in lines
    # The kernel brings forty more values along with the module; they are not ours to tell.
    told = [found for found in conntrack_verdict(asked) if ": - -> " in found]
    assert [found.partition(":")[0] for found in told] == ["max", "hashsize", "tcp_established"]


@pytest.mark.parametrize(
    ("arguments", "events"),
    [
        ({}, 3),
        ({"events": None, "persist": None}, 3),
        ({"events": ["reboot"]}, 1),
        ({"events": "reboot, late_load"}, 2),
        ({"persist": []}, 0),
    ],
)
def test_only_the_asked_events_count(arguments: dict[str, Any], events: int) -> None:
    asked = tune(FakeHost(load_host("el6")), check_mode=True, **POLICY)
    assert sum(found.startswith("after ") for found in conntrack_drift(asked, **arguments)) == events


# ---------------------------------------------------------------------------------------------- input


@pytest.mark.parametrize("value", [None, "text", {}, {"failed": True, "msg": "too large"}])
def test_anything_but_a_result_is_named(value: Any) -> None:
    for function in (conntrack_verdict, conntrack_drift):
        with pytest.raises(AnsibleFilterError, match="not what conntrack_tune returns"):
            function(value)


def test_an_unknown_event_is_named() -> None:
    asked = tune(FakeHost(load_host("el6")), check_mode=True, **POLICY)
    with pytest.raises(AnsibleFilterError, match="'flood' is no event"):
        conntrack_drift(asked, events=["flood"])


def test_the_fleet_of_a_first_run() -> None:
    fleet = conntrack_fleet({"a": {}, "b": {"__harden_seen": {"failed": True, "msg": "no root"}}}, ["a", "b"])
    assert fleet["states"] == {"a": "not started", "b": "refused"}
    assert (fleet["touched"], fleet["problems"]) == ([], {"b": "refused: no root"})
    assert len(fleet["table"]) == 3


@pytest.mark.parametrize("function", [conntrack_fleet, conntrack_halt, conntrack_unhealthy])
@pytest.mark.parametrize(("hostvars", "hosts"), [({}, ["a"]), ({"a": {}}, 5), ({"a": {}}, [5]), (None, ["a"])])
def test_bad_hosts_are_named(function: Any, hostvars: Any, hosts: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="conntrack_"):
        function(hostvars, hosts)


@pytest.mark.parametrize("percent", ["many", -1, 101, None])
def test_bad_percentages_are_named(percent: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="percent must be"):
        conntrack_halt({}, [], percent)


@pytest.mark.parametrize("percent", [30, "30", "30%", 30.0])
def test_percentages_as_people_write_them(percent: Any) -> None:
    assert conntrack_halt({"a": {}}, ["a"], percent) == conntrack_unhealthy({"a": {}}, ["a"], percent) == ""


# ---------------------------------------------------------------------------------------------- the policy


@pytest.mark.parametrize(
    ("terms", "variables", "policy"),
    [
        ([], {}, {}),
        ([], {"conntrack_max": 5, "conntrack_profile": None, "max": 6}, {"max": 5}),
        ([], {"conntrack_force": False, "conntrack_timeouts": {}}, {"force": False, "timeouts": {}}),
        ([], {"conntrack_persist": ["all"], "conntrack_state": "absent", "conntrack_serial": 1}, {}),
        (["backup"], {"conntrack_max": 5, "conntrack_backup": True}, {"backup": True}),
    ],
)
def test_policy(terms: list[str], variables: dict[str, Any], policy: dict[str, Any]) -> None:
    templar = Templar(loader=DataLoader(), variables=variables)
    assert LookupModule(loader=None, templar=templar).run(terms, variables) == [policy]
