# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""state=absent with persist: every way of persisting can be taken back by itself, and the rest stays."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._workflow import run
from ansible_collections.stateward.conntrack.tests.support.fakehost import FakeHost
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host

WAYS = ("preload", "modprobe", "sysctl", "late_load", "iptables_unload")
HOSTS = ("el5", "el6", "el7-iptables-services", "debian7", "debian12", "sles11", "gentoo", "openwrt", "alpine")
ORIGINALS = ("/var/lib/stateward-conntrack", "/etc/stateward-conntrack")


def tune(host: FakeHost, **params: Any) -> dict[str, Any]:
    result = run(host, {"state": "present", **params}, check_mode=False)
    assert result.error == ""
    return result.values


def texts(host: FakeHost) -> dict[str, str | None]:
    """Every file below /etc but the originals: what a boot would read."""
    entries = host.snapshot.entries
    return {path: entry.text for path, entry in entries.items() if path.startswith("/etc") and path not in ORIGINALS}


def without_originals(files: dict[str, str | None]) -> dict[str, str | None]:
    return {path: text for path, text in files.items() if not path.startswith(ORIGINALS)}


@pytest.mark.parametrize("name", HOSTS)
@pytest.mark.parametrize("way", WAYS)
def test_one_way_alone_goes_and_comes_again(name: str, way: str) -> None:
    host = FakeHost(load_host(name))
    tune(host, profile="web_lb", persist=["all"])
    full = without_originals(texts(host))
    values = tune(host, state="absent", persist=[way])["after"]
    assert not tune(host, state="absent", persist=[way])["changed"]
    assert values == tune(host, profile="none", persist=[])["after"]
    tune(host, profile="web_lb", persist=["all"])
    assert without_originals(texts(host)) == full


@pytest.mark.parametrize("name", HOSTS)
def test_part_after_part_gives_the_first_files_back(name: str) -> None:
    host = FakeHost(load_host(name))
    before = without_originals(texts(host))
    tune(host, profile="web_lb", persist=["all"])
    for way in WAYS:
        tune(host, state="absent", persist=[way])
    assert without_originals(texts(host)) == before
    tune(host, state="absent")
    assert not tune(host, state="absent")["changed"]


@pytest.mark.parametrize("way", ["preload", "iptables_unload"])
@pytest.mark.parametrize("name", HOSTS)
def test_what_set_no_value_leaves_nothing_behind(name: str, way: str) -> None:
    host = FakeHost(load_host(name))
    before = set(host.snapshot.entries)
    tune(host, profile="none", runtime=False, persist=[way])
    tune(host, state="absent", runtime=False, persist=[way])
    assert set(host.snapshot.entries) == before


def test_only_the_named_way_goes() -> None:
    host = FakeHost(load_host("debian12"))
    tune(host, max=100000, persist=["all"])
    result = tune(host, state="absent", persist=["preload"])
    assert [item["target"] for item in result["operations"] if item["after"] is None] == [
        "/etc/modules-load.d/stateward-conntrack.conf"
    ]
    assert (result["survives"]["late_load"]["ok"], result["after"]["max"]) == (True, 100000)
