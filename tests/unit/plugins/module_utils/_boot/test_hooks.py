# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands do that run when the module is loaded: install lines and udev rules."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.hooks import Hook, classify_hook
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.udev import sees_keys, udev_hooks
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.modprobe import parse_modprobe
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host

LOAD = "/sbin/modprobe --ignore-install nf_conntrack $CMDLINE_OPTS"
FIREWALLD = (
    "/usr/sbin/modprobe --ignore-install nf_conntrack $CMDLINE_OPTS && "
    "/usr/sbin/sysctl --quiet --pattern 'net[.]netfilter[.]nf_conntrack.*' --system"
)


def hook(command: str) -> Hook:
    return classify_hook(parse_modprobe(f"install nf_conntrack {command}\n", "/etc/modprobe.d/x.conf")[0])


COMMANDS: list[tuple[str, str, dict[str, Any]]] = [
    ("/bin/true", "blocked", {}),
    ("/bin/false", "blocked", {}),
    ("/sbin/modprobe floppy", "blocked", {}),
    (LOAD, "nothing", {"passes_options": True}),
    ("/sbin/insmod /opt/nf_conntrack.ko", "nothing", {"passes_options": False}),
    (FIREWALLD, "system", {"pattern": "net[.]netfilter[.]nf_conntrack.*", "passes_options": True}),
    (f"{LOAD}; sysctl --pattern=nf_conntrack --system", "system", {"pattern": "nf_conntrack"}),
    (f"{LOAD}; sysctl --system", "system", {"pattern": ""}),
    (f"{LOAD}; sysctl -e -p /etc/sysctl.d/x.conf", "files", {"files": ("/etc/sysctl.d/x.conf",)}),
    (f"{LOAD}; sysctl -qp", "files", {"files": ("/etc/sysctl.conf",)}),
    (f"{LOAD} && {{ /sbin/sysctl -q -p; /bin/true; }}", "files", {"files": ("/etc/sysctl.conf",)}),
    (f"{LOAD}; sysctl -p - </dev/null", "nothing", {"files": ()}),
    (
        f"{LOAD}; sed -n '/BEGIN stateward.conntrack/,/END/p' /etc/sysctl.conf | sysctl -p -",
        "files",
        {"files": ("/etc/sysctl.conf",), "only_block": True},
    ),
    (
        f"{LOAD}; /lib/systemd/systemd-sysctl --prefix=/net/netfilter --prefix=/net/nf_conntrack_max",
        "systemd",
        {"prefixes": ("/net/netfilter", "/net/nf_conntrack_max")},
    ),
    (
        f"{LOAD}; sysctl -w net.netfilter.nf_conntrack_max=5",
        "nothing",
        {"values": (("net.netfilter.nf_conntrack_max", "5"),)},
    ),
    (f"{LOAD}; sysctl net/nf_conntrack_max='7'", "nothing", {"values": (("net.nf_conntrack_max", "7"),)}),
    (f"{LOAD}; echo 9 > /proc/sys/net/nf_conntrack_max", "nothing", {"values": (("net.nf_conntrack_max", "9"),)}),
    (f"{LOAD}; echo 16 >/sys/module/nf_conntrack/parameters/hashsize", "nothing", {"values": (("hashsize", "16"),)}),
    (f"{LOAD} hashsize=0x100", "nothing", {"hashsize": 256}),
    (f"{LOAD} hashsize=x", "nothing", {"hashsize": None}),
]


@pytest.mark.parametrize(("command", "effect", "fields"), COMMANDS)
def test_install_lines(command: str, effect: str, fields: dict[str, Any]) -> None:
    found = hook(command)
    assert found.effect == effect
    assert {name: getattr(found, name) for name in fields} == fields
    assert found.where == "/etc/modprobe.d/x.conf:1"


PROGRAM = "/lib/systemd/systemd-sysctl --prefix=/net/netfilter"
RULE = f'ACTION=="add", SUBSYSTEM=="module", KERNEL=="nf_conntrack", RUN+="{PROGRAM}"\n'
RULES = [
    (RULE, 1),
    ("# " + RULE, 0),
    (RULE.replace('ACTION=="add", ', ""), 1),
    (RULE.replace('"add"', '"remove"'), 0),
    (RULE.replace('ACTION=="add"', 'ACTION!="remove"'), 1),
    (RULE.replace('"nf_conntrack"', '"br_netfilter|nf_conntrack"'), 1),
    (RULE.replace('"nf_conntrack"', '"nf_*"'), 1),
    (RULE.replace('"nf_conntrack"', '"[z-a]|br_netfilter"'), 0),
    (RULE.replace('KERNEL=="nf_conntrack", ', ""), 0),
    (RULE.replace("RUN+=", "RUN{program}+="), 1),
    (RULE.replace("RUN+=", "ENV{x}="), 0),
    ("", 0),
]


@pytest.mark.parametrize(("text", "count"), RULES)
def test_udev_rules(text: str, count: int) -> None:
    found = udev_hooks(load_host("debian12", {"/etc/udev/rules.d/50-ct.rules": text}), "nf_conntrack")
    assert len(found) == count
    assert all((item.effect, item.where) == ("systemd", "/etc/udev/rules.d/50-ct.rules") for item in found)


def test_udev_rules_are_hidden_by_name() -> None:
    files = {"/etc/udev/rules.d/50-ct.rules": "", "/usr/lib/udev/rules.d/50-ct.rules": RULE}
    assert udev_hooks(load_host("debian12", files), "nf_conntrack") == ()


@pytest.mark.parametrize(("version", "seen"), [((5, 10, 223), False), ((5, 11), True), ((6, 1, 0), True)])
def test_udev_and_the_module_race_before_5_11(version: tuple[int, ...], seen: bool) -> None:
    assert sees_keys(version) == seen
