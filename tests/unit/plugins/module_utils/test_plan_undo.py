# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One step back: after undo a host is, file by file and value by value, what it was before that one run."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import ConntrackError, OptionError
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._options import parse_options
from ansible_collections.stateward.conntrack.plugins.module_utils._workflow import run
from ansible_collections.stateward.conntrack.tests.support.fakehost import FakeHost
from ansible_collections.stateward.conntrack.tests.support.hosts import host_names, load_host

FIRST = {"profile": "web_lb", "max": 300000, "force": True, "persist": ["all"], "takeover": True}
SECOND = {"profile": "nat_gateway", "max": 500000, "force": True, "persist": ["all"], "takeover": True}
IPTABLES_CONFIG = "/etc/sysconfig/iptables-config"


def tune(host: FakeHost, **params: Any) -> dict[str, Any]:
    result = run(host, params, check_mode=False)
    assert result.error == ""
    return result.values


def contents(snapshot: Snapshot) -> dict[str, Any]:
    """Every file, but not the parameter: old kernels show there what was asked for, until the first write rounds it."""
    entries = snapshot.entries.items()
    return {
        path: (entry.kind, entry.text, entry.mode)
        for path, entry in entries
        if not path.endswith("parameters/hashsize")
    }


def changeable(name: str) -> bool:
    """Whether both policies change the host, and its module is there, which would stay loaded."""
    host = FakeHost(load_host(name))
    try:
        results = [tune(host, **policy) for policy in (FIRST, SECOND)]
        return all(result["changed"] and result["before"]["max"] is not None for result in results)
    except ConntrackError:
        return False


HOSTS = [name for name in host_names() if changeable(name)]


def test_most_hosts_are_compared() -> None:
    assert len(HOSTS) >= 15


@pytest.mark.parametrize("name", HOSTS)
def test_undo_goes_back_to_the_run_before(name: str) -> None:
    host = FakeHost(load_host(name))
    tune(host, **FIRST)
    between = contents(host.snapshot)
    done = tune(host, **SECOND)
    assert done["changed"]
    undone = tune(host, state="absent", undo=done["operations"], force=True)
    assert (undone["changed"], undone["not_applied"]) == (True, [])
    assert contents(host.snapshot) == between
    assert not tune(host, **FIRST)["changed"]


@pytest.mark.parametrize("name", HOSTS)
def test_undo_of_the_first_run_leaves_nothing(name: str) -> None:
    host = FakeHost(load_host(name))
    before = contents(host.snapshot)
    tune(host, state="absent", undo=tune(host, **FIRST)["operations"], force=True)
    assert contents(host.snapshot) == before


def test_undo_and_then_absent_is_the_first_state() -> None:
    host = FakeHost(load_host("el6"))
    before = contents(host.snapshot)
    tune(host, **FIRST)
    tune(host, state="absent", undo=tune(host, **SECOND)["operations"], force=True)
    tune(host, state="absent", force=True)
    assert contents(host.snapshot) == before


@pytest.mark.parametrize("operations", [[], [{"kind": "value", "target": "/x", "status": "planned"}]])
def test_what_was_not_done_is_not_undone(operations: list[dict[str, Any]]) -> None:
    host = FakeHost(load_host("debian12"))
    tune(host, **FIRST)
    assert not tune(host, state="absent", undo=operations)["changed"]


def test_lines_of_others_are_kept() -> None:
    host = FakeHost(load_host("el6", {IPTABLES_CONFIG: 'A="1"\nIPTABLES_MODULES_UNLOAD="yes"\nB="2"\n'}))
    done = tune(host, **FIRST)
    text = str(host.snapshot.text(IPTABLES_CONFIG))
    host.nodes[IPTABLES_CONFIG] = _entry(host, text.replace('B="2"', 'B="3"\n# \udce4'))
    assert tune(host, state="absent", undo=done["operations"], force=True)["not_applied"] == []
    assert host.snapshot.text(IPTABLES_CONFIG) == 'A="1"\nIPTABLES_MODULES_UNLOAD="yes"\nB="3"\n# \udce4\n'


def _entry(host: FakeHost, text: str) -> Any:
    node = host.nodes[IPTABLES_CONFIG]
    return type(node)(node.path, node.kind, mode=node.mode, text=text)


def test_bytes_that_a_result_cannot_show_are_kept() -> None:
    original = '# gr\udcfc\udcdfe\nIPTABLES_MODULES_UNLOAD="yes"\n'
    host = FakeHost(load_host("el6", {IPTABLES_CONFIG: original}))
    done = tune(host, **FIRST)
    assert tune(host, state="absent", undo=done["operations"], force=True)["not_applied"] == []
    assert host.snapshot.text(IPTABLES_CONFIG) == original


def test_edited_lines_that_others_changed_are_left() -> None:
    host = FakeHost(load_host("el6"))
    done = tune(host, **FIRST)
    host.nodes[IPTABLES_CONFIG] = _entry(host, 'IPTABLES_MODULES_UNLOAD="maybe"\n')
    left = tune(host, state="absent", undo=done["operations"], force=True)["not_applied"]
    assert [(item["name"], "changed since" in item["reason"]) for item in left] == [(IPTABLES_CONFIG, True)]
    assert host.snapshot.text(IPTABLES_CONFIG) == 'IPTABLES_MODULES_UNLOAD="maybe"\n'


DONE = {"kind": "value", "target": "/x", "status": "done"}


@pytest.mark.parametrize(
    ("value", "flaw"),
    [
        ("text", "'text' is not a list"),
        ({"operations": [DONE]}, "a dictionary is not a list"),
        ([5], "item 1 is no operation (it is 5)"),
        ([{"a": 1}], "item 1 is no operation (it has no kind, target, status)"),
        ([DONE, {"changed": True, "operations": [DONE]}], "item 2 is no operation (it has no kind, target, status)"),
        ([{**DONE, "target": ""}], "item 1 is no operation (it has no target)"),
        ([{**DONE, "status": None}], "item 1 is no operation (it has no status)"),
        ([{**DONE, "kind": "flush"}], "item 1 is no operation (its kind is 'flush')"),
        ([{**DONE, "kind": "flush", "status": "planned"}], "item 1 is no operation (its kind is 'flush')"),
    ],
)
def test_anything_else_than_operations_is_refused(value: Any, flaw: str) -> None:
    with pytest.raises(OptionError) as refusal:
        parse_options({"state": "absent", "undo": value})
    assert f"undo: {flaw}" in str(refusal.value)
    assert "give the operations of one result." in str(refusal.value)


def test_undo_wants_absent() -> None:
    with pytest.raises(OptionError, match="state=absent"):
        parse_options({"undo": []})
