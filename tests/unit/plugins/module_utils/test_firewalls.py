# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which firewall takes the module out, when, and what it applies again."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._firewalls import (
    Firewall,
    find_firewalls,
    firewalld_version,
)
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host

CONFIG = "/etc/sysconfig/iptables-config"
EL7_SCRIPT = "/usr/libexec/iptables/iptables.init"


def firewalls(host: str, files: dict[str, Any] | None = None) -> dict[str, Firewall]:
    snapshot = load_host(host, files)
    old = snapshot.facts["release"].startswith("2.6.18-")
    return {item.service: item for item in find_firewalls(snapshot, old_dialect=old)}


@pytest.mark.parametrize(
    ("host", "unload", "start"),
    [("el5", True, True), ("el5-early", True, True), ("el6", True, False), ("el7-iptables-services", True, False)],
)
def test_scripts(host: str, unload: bool, start: bool) -> None:
    found = firewalls(host)
    assert set(found) == {"iptables", "ip6tables"}
    assert {(item.unloads, item.start_unloads, item.enabled) for item in found.values()} == {(unload, start, True)}


@pytest.mark.parametrize(
    ("config", "unloads", "why"),
    [
        ("", True, "/etc/rc.d/init.d/iptables (its default)"),
        ("#IPTABLES_MODULES_UNLOAD=no\n", True, "its default"),
        ("IPTABLES_MODULES_UNLOAD=no\n", False, f"{CONFIG}:1"),
        ("X=1\nIPTABLES_MODULES_UNLOAD='no'\n", False, f"{CONFIG}:2"),
        ("IPTABLES_MODULES_UNLOAD=YES\n", False, "'YES'"),  # the script compares with "yes"
        ("IPTABLES_MODULES_UNLOAD=no\nIPTABLES_MODULES_UNLOAD=yes\n", True, f"{CONFIG}:2"),
    ],
)
def test_unload_variable(config: str, unloads: bool, why: str) -> None:
    found = firewalls("el6", {CONFIG: config})["iptables"]
    assert found.unloads == unloads
    assert why in found.why


@pytest.mark.parametrize(
    ("host", "rereads"),
    [
        ("el5", ("/etc/sysctl.conf",)),
        ("el6", ("/etc/sysctl.d/*.conf", "/etc/sysctl.conf")),
        ("el7-iptables-services", ("/etc/sysctl.d/*", "/etc/sysctl.conf")),
    ],
)
def test_reread_files_are_those_of_the_script(host: str, rereads: tuple[str, ...]) -> None:
    assert firewalls(host)["iptables"].rereads == rereads


def test_load_list() -> None:
    found = firewalls("el6", {CONFIG: 'IPTABLES_SYSCTL_LOAD_LIST=".nf_conntrack .bridge-nf"\n'})
    assert found["iptables"].load_list == (".nf_conntrack", ".bridge-nf")
    assert found["ip6tables"].load_list == ()


def test_load_list_of_a_script_that_does_not_know_it() -> None:
    found = firewalls("el6-early", {CONFIG: 'IPTABLES_SYSCTL_LOAD_LIST=".nf_conntrack"\n'})
    assert found["iptables"].load_list == ()


def test_script_that_no_longer_unloads() -> None:
    """iptables-services since 1.4.21-29 (EL7.7): the list is still there, the variable means nothing."""
    script = 'IPTABLES_SYSCTL_LOAD_LIST=""\nfgrep -hs $item /etc/sysctl.d/*.conf | sysctl -p -\n'
    config = 'IPTABLES_MODULES_UNLOAD=yes\nIPTABLES_SYSCTL_LOAD_LIST=".nf_conntrack"\n'
    found = firewalls("el7-iptables-services", {EL7_SCRIPT: script, CONFIG: config})["iptables"]
    assert (found.unloads, found.variable, found.config) == (False, "", "")
    assert (found.load_list, found.rereads) == ((".nf_conntrack",), ("/etc/sysctl.d/*.conf",))


def test_script_that_has_neither() -> None:
    assert "iptables" not in firewalls("el7-iptables-services", {EL7_SCRIPT: "#!/bin/sh\n"})


def test_service_that_is_not_enabled() -> None:
    found = firewalls("el6", {"/etc/rc.d/rc3.d/S08iptables": None})
    assert (found["iptables"].enabled, found["ip6tables"].enabled) == (False, True)


FIREWALLD = "/etc/firewalld/firewalld.conf"
VERSION = "/usr/lib/python3.6/site-packages/firewall/config/__init__.py"
FIREWALLD_CASES: list[tuple[str, dict[str, Any], bool]] = [
    ("el7", {}, True),
    ("el7", {FIREWALLD: "CleanupOnExit=no\n"}, False),
    ("el7", {FIREWALLD: "CleanupModulesOnExit=no\n"}, True),  # 0.6 does not know it
    ("el8-firewalld", {}, True),
    ("el8-firewalld", {FIREWALLD: ""}, True),  # the default of EL8
    ("el8-firewalld", {FIREWALLD: "CleanupModulesOnExit=no\n"}, False),
    ("el8-firewalld", {FIREWALLD: "CleanupModulesOnExit=perhaps\n"}, True),
    ("debian11", {FIREWALLD: "CleanupModulesOnExit=no\n"}, True),  # nor does Debian's 0.9.3
    ("debian11", {FIREWALLD: "CleanupOnExit=False\n"}, False),
    ("sles15", {}, False),
    ("sles15", {FIREWALLD: "CleanupModulesOnExit=yes\n"}, True),
    ("el10", {FIREWALLD: None}, False),
]


@pytest.mark.parametrize(("host", "files", "unloads"), FIREWALLD_CASES)
def test_firewalld(host: str, files: dict[str, Any], unloads: bool) -> None:
    found = firewalls(host, files)["firewalld"]
    assert found.unloads == unloads
    assert "firewalld" in found.why


def test_firewalld_that_runs_without_being_enabled() -> None:
    unit = "/etc/systemd/system/multi-user.target.wants/firewalld.service"
    assert not firewalls("el8-firewalld", {unit: None})["firewalld"].enabled
    assert firewalls("el8-firewalld", {unit: None, "/proc/812/comm": None}) == {}


@pytest.mark.parametrize(
    ("text", "version"), [("VERSION = '0.9.11'\n", (0, 9)), ('VERSION="2.3.1"\n', (2, 3)), ("VERSION = x\n", None)]
)
def test_firewalld_version(text: str, version: tuple[int, int] | None) -> None:
    assert firewalld_version(load_host("el8-firewalld", {VERSION: text})) == version


def test_hosts_without_such_a_firewall() -> None:
    assert firewalls("debian12") == {}
