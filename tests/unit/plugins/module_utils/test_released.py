# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A value that leaves the policy: the running kernel does not keep it longer than the files do."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._workflow import run
from ansible_collections.stateward.conntrack.tests.support.cases import value_of
from ansible_collections.stateward.conntrack.tests.support.kernel_model import same_variable, show
from ansible_collections.stateward.conntrack.tests.support.tasks import DROP_IN, fake, tune
from hypothesis import given, settings
from hypothesis import strategies as st

# Kernel defaults of 6.1: udp 30, generic 600 (include/net/netfilter, nf_conntrack_proto_*.c).
FIRST: dict[str, Any] = {"profile": "none", "timeouts": {"udp": 10, "generic": 20}, "persist": ["all"]}
SECOND: dict[str, Any] = {**FIRST, "timeouts": {"generic": 20}}


def written(item: dict[str, Any]) -> bool:
    return item["kind"] == "value"


def test_it_gets_back_what_it_was_before() -> None:
    host = fake()
    before = value_of(tune(host, **FIRST).values["before"], "udp")
    done = tune(host, **SECOND).values
    assert [(item["name"], item["reason"]) for item in done["operations"] if written(item)] == [
        ("udp", "no longer asked for: as before the first change")
    ]
    assert value_of(done["after"], "udp") == before == 30
    assert "udp_timeout =" not in (host.snapshot.text(DROP_IN) or "")
    assert not tune(host, **SECOND).values["changed"]


def test_check_mode_knows() -> None:
    host = fake()
    tune(host, **FIRST)
    planned = run(host, SECOND, check_mode=True).values
    done = tune(host, **SECOND).values
    assert planned["after"] == done["after"]
    assert [item["target"] for item in planned["operations"]] == [item["target"] for item in done["operations"]]


@pytest.mark.parametrize("name", ["el5", "el6", "el7", "debian12", "alpine", "openwrt"])
def test_where_the_module_was_loaded_by_us_it_is_the_default_of_the_kernel(name: str) -> None:
    host = fake(name)
    before = tune(host, **FIRST).values["before"]["timeouts"].get("udp", 30)
    done = tune(host, **SECOND).values
    assert value_of(done["after"], "udp") == before
    assert not tune(host, **SECOND).values["changed"]


@pytest.mark.parametrize(
    "change", [{"persist": []}, {"persist": ["preload"]}, {"runtime": False}, {"timeouts": {}, "persist": ["all"]}]
)
def test_what_stays_in_the_file_or_is_not_to_be_touched_stays(change: dict[str, Any]) -> None:
    host = fake()
    tune(host, **FIRST)
    assert value_of(tune(host, **{**SECOND, **change}).values["after"], "udp") == 10


def test_what_somebody_else_has_changed_since_is_his() -> None:
    host = fake()
    tune(host, **FIRST)
    show(host.nodes, same_variable(host.nodes, "udp_timeout"), 77)
    assert value_of(tune(host, **SECOND).values["after"], "udp") == 77


def test_the_way_back_is_the_same_afterwards() -> None:
    host = fake()
    before = tune(host, **FIRST).values["before"]
    tune(host, **SECOND)
    assert tune(host, state="absent").values["after"] == before


POLICIES = st.fixed_dictionaries(
    {
        "profile": st.sampled_from(["none", "general", "web_lb", "k8s_node", "nat_gateway"]),
        "timeouts": st.dictionaries(st.sampled_from(["udp", "generic", "tcp_fin_wait", "icmp"]), st.integers(5, 90)),
    }
)


@settings(max_examples=25, deadline=None)
@given(policies=st.lists(POLICIES, min_size=2, max_size=4))
def test_only_the_last_policy_counts(policies: list[dict[str, Any]]) -> None:
    """Whatever came before it, the timeouts are those of a host that has only ever had this one."""
    host, fresh = fake(), fake()
    common = {"max": 131072, "hashsize": 131072, "persist": ["all"], "force": True}
    for policy in policies:
        done = tune(host, **policy, **common).values
    assert done["after"]["timeouts"] == tune(fresh, **policies[-1], **common).values["after"]["timeouts"]
    assert not tune(host, **policies[-1], **common).values["changed"]
