# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.simulate import Kernel
from ansible_collections.stateward.conntrack.plugins.module_utils._conflicts import Conflict
from ansible_collections.stateward.conntrack.plugins.module_utils._manifest import MANIFEST
from ansible_collections.stateward.conntrack.plugins.module_utils._model import (
    DIRECTORY,
    DONE,
    FAILED,
    FILE,
    MODULE,
    ROLLED_BACK,
    VALUE,
    Operation,
    Outcome,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import observe
from ansible_collections.stateward.conntrack.plugins.module_utils._render import (
    planned,
    printable,
    render_conflicts,
    render_diff,
    render_event,
    render_operation,
    render_outcomes,
    render_values,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._workflow import run
from ansible_collections.stateward.conntrack.tests.support.fakehost import FakeHost
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host

MAKE = Operation(FILE, "/etc/new", None, "x\n", "why")
DROP = Operation(FILE, "/etc/old", "y\n", None, "why")
MKDIR = Operation(DIRECTORY, "/etc/d", None, "present", "why")
LOAD = Operation(MODULE, "nf_conntrack", None, "loaded", "why")
SET = Operation(VALUE, "/proc/max", "1", "2", "why", name="max")
ADD = Operation(VALUE, "/proc/udp", None, "30", "why", name="udp")


@pytest.mark.parametrize(
    ("text", "shown"), [("plain", "plain"), ("caf\udce9", "caf\ufffd"), ("\udcff\udcfe", "\ufffd\ufffd"), ("ü", "ü")]
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_values_in_their_groups() -> None:
    values = {"max": 5, "hashsize": 4, "timeout:udp": 30, "setting:acct": 1, "timeout:icmp": 10}
    assert render_values(values, 3) == {
        "max": 5,
        "hashsize": 4,
        "count": 3,
        "timeouts": {"icmp": 10, "udp": 30},
        "settings": {"acct": 1},
    }
    assert render_values({}, None) == {"max": None, "hashsize": None, "count": None, "timeouts": {}, "settings": {}}


def test_an_operation_says_why_and_an_outcome_says_what_happened() -> None:
    assert render_operation(SET, DONE) == {
        "kind": "value",
        "target": "/proc/max",
        "name": "max",
        "before": "1",
        "after": "2",
        "status": "done",
        "reason": "why",
    }
    outcomes = [Outcome(SET, ROLLED_BACK, "a later operation failed"), Outcome(ADD, FAILED, "EIO"), *planned([MAKE])]
    assert [(item["status"], item["reason"]) for item in render_outcomes(outcomes)] == [
        ("rolled_back", "a later operation failed"),
        ("failed", "EIO"),
        ("planned", "why"),
    ]


def test_diff_has_one_entry_for_each_file_and_one_for_the_kernel() -> None:
    observed = observe(FakeHost(load_host("debian12")).read(MANIFEST))
    diff = render_diff(observed, [MKDIR, MAKE, DROP, LOAD, SET, ADD])
    assert [(item["before_header"], item["after_header"]) for item in diff] == [
        ("/etc/new (absent)", "/etc/new"),
        ("/etc/old", "/etc/old (absent)"),
        ("kernel 6.1.0-18-amd64", "kernel 6.1.0-18-amd64"),
    ]
    assert (diff[2]["before"], diff[2]["after"]) == (
        "/proc/max = 1\n/proc/udp = not there\n",
        "/proc/max = 2\n/proc/udp = 30\n",
    )
    assert render_diff(observed, [MKDIR, LOAD]) == []


WANTED = {"max": 5, "timeout:udp": 30}


@pytest.mark.parametrize(
    ("kernel", "ok", "reasons"),
    [
        (Kernel(loaded=True, values={"max": 5, "timeout:udp": 30, "hashsize": 4}), True, []),
        (
            Kernel(loaded=True, values={"max": 5, "timeout:udp": 30}, loaded_by="/etc/m:1", notes=["a note"]),
            True,
            ["the module is loaded by /etc/m:1"],
        ),
        (
            Kernel(
                loaded=True,
                values={"max": 40},
                sources={"max": "/etc/x:1"},
                notes=["lost", "lost"],
                loaded_by="/etc/m:1",
            ),
            False,
            [
                "the module is loaded by /etc/m:1",
                "lost",
                "max will be 40, not 5: /etc/x:1",
                "udp will be None, not 30: unknown",
            ],
        ),
        (Kernel(notes=["blocked", "blocked"]), False, ["blocked", "conntrack will not be there"]),
    ],
)
def test_event(kernel: Kernel, ok: bool, reasons: list[str]) -> None:
    shown = render_event(kernel, WANTED)
    assert (shown["ok"], shown["reasons"]) == (ok, reasons)
    assert (shown["max"], shown["hashsize"]) == (kernel.values.get("max"), kernel.values.get("hashsize"))


def test_conflicts_keep_where_they_stand_to_themselves() -> None:
    (shown,) = render_conflicts([Conflict("max", "5", "/etc/x:1", True, "a note", "/etc/x", 1)])
    assert shown == {"key": "max", "value": "5", "source": "/etc/x:1", "wins": True, "note": "a note"}


def test_a_result_can_be_printed_whatever_others_have_written() -> None:
    files = {
        "/etc/sysctl.d/99-\udcff.conf": "net.netfilter.nf_conntrack_max = \udcfe7\nnet.nf_conntrack_max = 9\n",
        "/etc/modprobe.d/zz.conf": "install nf_conntrack /bin/\udcff\n",
        "/etc/os-release": "PRETTY_NAME=caf\udce9\n",
    }
    host = FakeHost(load_host("debian12", files))
    for takeover in (False, True):
        result = run(host, {"max": 70000, "persist": ["all"], "takeover": takeover}, check_mode=True)
        json.dumps(result.values, ensure_ascii=False).encode("utf-8")
        "".join(result.warnings).encode("utf-8")
    assert result.values["host"]["distribution"] == "caf\ufffd"
