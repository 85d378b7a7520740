# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""conntrack_tune on this machine's real kernel: applies, is idempotent, predicts exactly, restores."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from .conftest import DROP_IN, STATE, read_key

Tune = Callable[..., "dict[str, Any]"]


def without_status(result: dict[str, Any]) -> dict[str, Any]:
    """What check mode and the real run must agree on: everything but the status of the operations."""
    operations = [{**item, "status": ""} for item in result["operations"]]
    # The facts are those of one run: they remember its transport.
    left_out = ("diff", "printed", "ansible_facts")
    return {key: value for key, value in {**result, "operations": operations}.items() if key not in left_out}


@pytest.mark.usefixtures("back")
def test_example_of_the_readme(tune: Tune) -> None:
    options = {"max": 300000, "hashsize": 70000}
    check = tune(options, check=True)
    assert (check["changed"], check["after"]["hashsize"], read_key("buckets")) == (True, 70144, 262144)
    real = tune(options)
    assert (real["changed"], read_key("max"), read_key("buckets")) == (True, 300000, 70144)
    assert real["transport"] == "python"
    assert without_status(check) == without_status(real)
    again = tune(options)
    assert (again["changed"], again["operations"]) == (False, [])


@pytest.mark.usefixtures("back")
@pytest.mark.parametrize(
    ("asked", "buckets"), [(1, 512), (100, 512), (1000, 1024), (5000, 5120), (70000, 70144), (65537, 66048)]
)
def test_odd_bucket_counts(tune: Tune, asked: int, buckets: int) -> None:
    options = {"profile": "none", "hashsize": asked}
    assert tune(options, check=True)["after"]["hashsize"] == buckets
    assert tune(options)["after"]["hashsize"] == buckets == read_key("buckets")
    assert not tune(options)["changed"]


def test_absent_restores_values_and_files(tune: Tune) -> None:
    first = {name: read_key(name) for name in ("max", "buckets", "tcp_timeout_established", "udp_timeout")}
    tune({"max": 500000, "timeouts": {"udp": 45}, "persist": ["sysctl"]})
    assert DROP_IN.exists()
    assert "nf_conntrack_max = 500000\n" in DROP_IN.read_text()
    tune({"max": 400000, "timeouts": {"udp": 50}, "persist": ["sysctl"]})
    check = tune({"state": "absent"}, check=True)
    real = tune({"state": "absent"})
    assert without_status(check) == without_status(real)
    assert {name: read_key(name) for name in first} == first
    assert not tune({"state": "absent"})["changed"]


@pytest.mark.usefixtures("back")
def test_harden_everything_survives(tune: Tune) -> None:
    result = tune({"profile": "web_lb", "persist": ["all"]})
    assert {name: event["ok"] for name, event in result["survives"].items()} == {
        "reboot": True,
        "late_load": True,
        "firewall_restart": True,
    }
    assert read_key("tcp_timeout_time_wait") == 65
    assert not tune({"profile": "web_lb", "persist": ["all"]})["changed"]


@pytest.mark.usefixtures("back")
@pytest.mark.parametrize("transport", ["python", "shell"])
def test_what_leaves_the_policy_leaves_the_kernel(tune: Tune, transport: str) -> None:
    before = read_key("udp_timeout")
    later = {"profile": "none", "timeouts": {"generic": 20}, "persist": ["all"], "transport": transport}
    tune({**later, "timeouts": {"udp": before + 7, "generic": 20}})
    assert read_key("udp_timeout") == before + 7
    check = tune(later, check=True)
    assert without_status(check) == without_status(tune(later))
    assert (read_key("udp_timeout"), read_key("generic_timeout")) == (before, 20)
    assert "udp" not in DROP_IN.read_text()
    assert not tune(later)["changed"]


@pytest.mark.usefixtures("back")
def test_network_namespace_says_whose_table_it_is(tune: Tune) -> None:
    options = {"max": 300000, "profile": "none", "timeouts": {"udp": 77}}
    host_udp = read_key("udp_timeout")
    # /proc/sys/net shows the namespace of the reader; the state directory is shared with the host and taken away again.
    result = tune(options, prefix=("unshare", "-n"))
    skipped = {item["name"]: item["reason"] for item in result["not_applied"]}
    assert "not the initial network namespace" in skipped["max"]
    assert (result["host"]["netns"], result["after"]["timeouts"]["udp"]) == ("other", 77)
    assert "max is left as it is" in " ".join(result["printed"].split())
    assert read_key("udp_timeout") == host_udp


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"max": 0}, "max"),
        ({"max": 2**31}, "max"),
        ({"max": 100_000_000}, "force"),
        ({"max": 1_000_000, "memory_limit": "64M"}, "force"),
        ({"timeouts": {"tcp_estabished": 60}}, "tcp_established"),
        ({"profile": "web"}, "web_lb"),
        ({"max": 1000, "connections": 10}, "connections"),
    ],
)
def test_bad_input_changes_nothing(tune: Tune, options: dict[str, Any], sentence: str) -> None:
    result = tune(options)
    assert "FAILED!" in result["printed"]
    assert sentence in result["msg"]
    assert not STATE.exists()
