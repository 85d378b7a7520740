# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._workflow import run
from ansible_collections.stateward.conntrack.tests.support.fakehost import FakeHost
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host

LATER = "/etc/sysctl.d/99-zz.conf"
LINE = "net.netfilter.nf_conntrack_max = 65536\n"


def tune(host: FakeHost, *ways: str, **options: Any) -> dict[str, Any]:
    result = run(host, {"max": 131072, "persist": list(ways), "takeover": True, **options}, check_mode=False)
    assert result.error == ""
    return result.values


def test_a_file_full_of_the_same_line() -> None:
    before = "# theirs\n" + LINE * 20 + "vm.swappiness = 1\n"
    host = FakeHost(load_host("debian12", {LATER: before}))
    assert tune(host, "sysctl", "preload")["survives"]["reboot"]["ok"]
    assert host.snapshot.text(LATER) == "# theirs\n" + f"# stateward.conntrack: {LINE}" * 20 + "vm.swappiness = 1\n"
    assert not tune(host, "sysctl", "preload")["changed"]
    run(host, {"state": "absent"}, check_mode=False)
    assert host.snapshot.text(LATER) == before


def test_a_copy_is_kept_without_being_asked_for() -> None:
    host = FakeHost(load_host("debian12", {LATER: LINE}))
    tune(host, "sysctl", "preload")
    copies = [path for path in host.nodes if "/backup/" in path]
    assert copies == ["/var/lib/stateward-conntrack/backup/etc_sysctl.d_99-zz.conf.20260101T000000Z"]
    assert (host.nodes[copies[0]].text, host.nodes[copies[0]].mode) == (LINE, 0o600)


@pytest.mark.parametrize(
    ("ways", "commented"), [((), False), (("iptables_unload",), False), (("preload",), True), (("sysctl",), True)]
)
def test_a_line_that_keeps_the_module_out_is_in_the_way_of_values_and_preload(
    ways: tuple[str, ...], commented: bool
) -> None:
    path = "/etc/modprobe.d/no.conf"
    host = FakeHost(load_host("debian12", {path: "install nf_conntrack /bin/true\n"}))
    tune(host, *ways, profile="none")
    assert (host.snapshot.text(path) or "").startswith("#") is commented


def test_lines_outside_of_etc_and_of_agents_are_only_reported() -> None:
    files = {
        "/run/sysctl.d/99-zz.conf": LINE,
        "/etc/ufw/ufw.conf": "ENABLED=yes\n",
        "/etc/ufw/sysctl.conf": "net/netfilter/nf_conntrack_max=65536\n",
    }
    host = FakeHost(load_host("ubuntu2204", files))
    values = tune(host, "sysctl", "preload")
    assert {path: host.snapshot.text(path) for path in files} == files
    assert {item["source"] for item in values["conflicts"] if item["wins"]} == {"/etc/ufw/sysctl.conf:1"}


def test_a_line_that_was_put_back_by_hand_is_taken_over_again() -> None:
    host = FakeHost(load_host("debian12", {LATER: LINE}))
    assert tune(host, "sysctl", "preload")["changed"]
    host.nodes[LATER] = load_host("debian12", {LATER: LINE}).entries[LATER]
    assert tune(host, "sysctl", "preload")["changed"]
    result = run(host, {"state": "absent"}, check_mode=False)
    assert (host.snapshot.text(LATER), result.warnings) == (LINE, ())
