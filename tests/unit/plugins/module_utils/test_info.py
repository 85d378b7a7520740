# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""conntrack_info from a host's texts to its result, on every host of the case files and on hosts in trouble."""

from __future__ import annotations

import json
from typing import Any, Mapping

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._flow_model import FlowCounts, FlowQuery, Ranking
from ansible_collections.stateward.conntrack.plugins.module_utils._info import Info, run_info
from ansible_collections.stateward.conntrack.plugins.module_utils._manifest import INFO, MANIFEST
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Host, Read, Snapshot
from ansible_collections.stateward.conntrack.tests.support.hosts import host_names, load_host, with_files

STAT = "/proc/net/stat/nf_conntrack"
LISTING = "/proc/net/nf_conntrack"
FULL = "[9.0] nf_conntrack: nf_conntrack: table full, dropping packet\n"
TOP_LEVEL = (
    "changed host max hashsize count timeouts settings usage_percent load_factor memory counters kernel_log persisted "
    "conflicts survives verdict flows transport"
)


class Seen(Host):
    """A host that can only be read. flows: what each source answers, by its name."""

    def __init__(self, snapshot: Snapshot, flows: Mapping[str, FlowCounts] | None = None) -> None:
        self.snapshot = snapshot
        self.flows = flows or {}
        self.reads: list[tuple[Read, ...]] = []
        self.queries: list[FlowQuery] = []

    def read(self, reads: tuple[Read, ...]) -> Snapshot:
        self.reads.append(reads)
        return self.snapshot

    def count_flows(self, query: FlowQuery) -> FlowCounts:
        self.queries.append(query)
        return self.flows[query.source.name]


def look(name: str = "debian12", files: Mapping[str, Any] | None = None, **params: Any) -> dict[str, Any]:
    return run_info(Seen(load_host(name, files)), params).values


def rules(values: Mapping[str, Any]) -> list[str]:
    return [item["rule"] for item in values["verdict"]["findings"]]


def printed(snapshot: Snapshot, **texts: str) -> Snapshot:
    entries = {f"command:{name}": Entry(f"command:{name}", "command", text=text) for name, text in texts.items()}
    return Snapshot(entries={**snapshot.entries, **entries}, facts=snapshot.facts)


@pytest.mark.parametrize("name", host_names())
def test_every_host_has_every_key(name: str) -> None:
    host = Seen(load_host(name))
    result = run_info(host, {"flows": False})
    assert list(result.values) == TOP_LEVEL.split()
    assert json.loads(json.dumps(result.values)) == result.values
    assert result.values["verdict"]["reasons"] == [item["reason"] for item in result.values["verdict"]["findings"]]
    assert (host.reads, host.queries) == ([(*MANIFEST, *INFO)], [])


@pytest.mark.parametrize("name", host_names())
def test_no_host_fails_when_nothing_can_be_read(name: str) -> None:
    facts = {**load_host(name).facts, "euid": "1000"}
    result = run_info(Seen(Snapshot(entries={}, facts=facts)), {"flows": True})
    assert (result.values["verdict"]["level"], rules(result.values)) == ("ok", ["not_tracking"])
    assert result.values["flows"]["note"] == "connection tracking is not active on this host"
    assert "Not root" in result.warnings[0]


def test_a_host_in_trouble() -> None:
    files = {
        STAT: "entries drop early_drop insert_failed\n"
        "0000000a 00000002 00000001 00000000\n"
        "0000000a 00000003 00000000 00000000\n",
        "/proc/sys/net/netfilter/nf_conntrack_max": "100\n",
        "/proc/sys/net/netfilter/nf_conntrack_count": "95\n",
        "/var/log/kern.log": FULL * 3,
        "/etc/sysctl.d/z.conf": "net.netfilter.nf_conntrack_max = 50\n",
        "/etc/modules-load.d/x.conf": "nf_conntrack\n",
    }
    values = run_info(Seen(printed(load_host("debian12", files), dmesg=FULL * 2)), {}).values
    assert (values["usage_percent"], values["verdict"]["level"]) == (95.0, "critical")
    assert values["counters"] == {"drop": 5, "early_drop": 1, "insert_failed": 0}
    assert (values["kernel_log"]["count"], values["kernel_log"]["source"]) == (3, "/var/log/kern.log")
    assert rules(values) == ["usage", "drops", "table_full", "early_drops", "reboot", "conflicts", "timeouts"]
    where = "/etc/sysctl.d/z.conf:1"
    saying = {"key": "max", "value": "50", "source": where, "when": "boot", "ours": False}
    preload = {
        "key": "preload",
        "value": "nf_conntrack",
        "source": "/etc/modules-load.d/x.conf:1",
        "when": "boot",
        "ours": False,
    }
    assert values["persisted"] == [saying, preload]
    assert [(item["source"], item["wins"]) for item in values["conflicts"]] == [(where, True)]
    assert (values["survives"]["reboot"]["ok"], values["survives"]["reboot"]["max"]) == (False, 50)


def test_values_that_nobody_persisted() -> None:
    values = look(files={"/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established": "600\n"})
    assert rules(values) == ["reboot", "late_load"]
    assert "tcp_established will be 432000 instead of 600" in values["verdict"]["reasons"][0]


def test_defaults_survive() -> None:
    values = look()
    assert ([event["ok"] for event in values["survives"].values()], rules(values)) == ([True] * 3, [])


def test_files_that_a_module_not_yet_loaded_will_not_see() -> None:
    values = look("debian13", {"/etc/sysctl.d/a.conf": "net.netfilter.nf_conntrack_max = 500000\n"})
    assert rules(values) == ["not_tracking", "reboot", "late_load"]
    assert not values["survives"]["late_load"]["ok"]
    assert "instead of 500000" in values["verdict"]["reasons"][1]


def test_a_vendor_kernel_has_its_own_default_size() -> None:
    assert look("openwrt")["survives"]["reboot"]["ok"]


def test_counters_from_the_tool() -> None:
    snapshot = printed(load_host("ubuntu2204"), **{"conntrack -S": "cpu=0 found=1 drop=2\ncpu=1 found=1 drop=3\n"})
    assert run_info(Seen(snapshot), {}).values["counters"] == {"found": 2, "drop": 5}


def test_without_any_counters_there_are_none() -> None:
    assert look("ubuntu2204")["counters"] == {}


def test_memory_adds_up() -> None:
    values = look(memory_limit="1M")
    memory = values["memory"]
    assert memory["full_bytes"] == values["max"] * memory["entry_bytes"] + values["hashsize"] * 8
    assert memory["now_bytes"] == values["count"] * memory["entry_bytes"] + values["hashsize"] * 8
    assert memory["limit_bytes"] == 1 << 20
    assert "memory" in rules(values)


@pytest.mark.parametrize("name", ["container", "container-ro"])
def test_a_container_is_told_whose_table_it_is(name: str) -> None:
    values = look(name)
    assert ("namespace" in rules(values)) == (values["host"]["netns"] == "other")


def test_a_user_is_no_container() -> None:
    snapshot = load_host("debian12")
    entries = {
        path: Entry(path, item.kind, mode=item.mode, text=item.text, writable=False)
        for path, item in snapshot.entries.items()
    }
    result = run_info(Seen(Snapshot(entries, {**snapshot.facts, "euid": "1000"})), {})
    assert (result.values["host"]["container"], result.values["max"] is None) == (False, False)


# ---------------------------------------------------------------------------------------------- flows

COUNTS = FlowCounts(
    entries=3,
    l3={"ipv4": 3},
    l4={"tcp": 3},
    sources=Ranking((("192.0.2.1", 3),)),
    ports=Ranking((("tcp/443", 3),), error=2),
)
BROKEN = FlowCounts(error="conntrack failed")


def look_at_flows(answers: dict[str, FlowCounts], *, tool: bool = True, listing: bool = True, **params: Any) -> Info:
    snapshot = load_host("debian12")
    snapshot = with_files(snapshot, {LISTING: "" if listing else None})
    facts = {**snapshot.facts, **({"tool:conntrack": "/usr/sbin/conntrack"} if tool else {})}
    return run_info(Seen(Snapshot(snapshot.entries, facts), answers), {"flows": True, **params})


def test_flows_from_the_tool() -> None:
    flows = look_at_flows({"conntrack -L": COUNTS}).values["flows"]
    assert (flows["available"], flows["source"], flows["entries"], flows["note"]) == (True, "conntrack -L", 3, "")
    assert flows["top_sources"] == [{"address": "192.0.2.1", "count": 3}]
    assert flows["top_ports"] == [{"protocol": "tcp", "port": 443, "count": 3}]
    assert (flows["top_error"], flows["truncated"]) == (2, False)


def test_the_listing_stands_in_for_a_broken_tool() -> None:
    flows = look_at_flows({"conntrack -L": BROKEN, LISTING: COUNTS}).values["flows"]
    assert flows["source"] == LISTING
    assert flows["note"].startswith("conntrack failed; before Linux 6.16")


@pytest.mark.parametrize(
    ("tool", "words"), [(True, "conntrack failed"), (False, "not available on this kernel: it was built without")]
)
def test_flows_that_cannot_be_had(tool: bool, words: str) -> None:
    flows = look_at_flows({"conntrack -L": BROKEN}, tool=tool, listing=False).values["flows"]
    assert (flows["available"], flows["entries"]) == (False, 0)
    assert flows["note"].startswith(words)


def test_truncation_is_said() -> None:
    cut = FlowCounts(entries=7, truncated="time_limit")
    flows = look_at_flows({"conntrack -L": cut}).values["flows"]
    assert (flows["truncated"], flows["note"]) == (True, "time_limit ended the reading after 7 flows")


@pytest.mark.parametrize(
    ("tool", "params", "limit"), [(True, {}, 5_000_000), (False, {}, 50_000), (False, {"flow_limit": 70_000}, 70_000)]
)
def test_limits_reach_the_host(tool: bool, params: dict[str, Any], limit: int) -> None:
    snapshot = with_files(load_host("debian12"), {LISTING: ""})
    facts = {**snapshot.facts, **({"tool:conntrack": "/c"} if tool else {})}
    host = Seen(Snapshot(snapshot.entries, facts), {"conntrack -L": COUNTS, LISTING: COUNTS})
    run_info(host, {"flows": True, "top": 3, "time_limit": 5, **params})
    assert [(query.limit, query.top, query.seconds) for query in host.queries] == [(limit, 3, 5)]
