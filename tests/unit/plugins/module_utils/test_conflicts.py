# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What else sets our values: every place is named, and whether it wins is what the events say."""

from __future__ import annotations

from typing import Any, Tuple

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.simulate import Simulator
from ansible_collections.stateward.conntrack.plugins.module_utils._conflicts import (
    Conflict,
    find_conflicts,
    simulate_events,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import observe
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host

MAX, CONF, DROP_IN = "net.netfilter.nf_conntrack_max", "/etc/sysctl.conf", "/etc/sysctl.d/50-x.conf"
LIST = "/etc/modules-load.d/stateward-conntrack.conf"
OURS = {
    "/etc/sysctl.d/99-stateward-conntrack.conf": f"{MAX} = 131072\n",
    LIST: "nf_conntrack\nnf_conntrack_ipv4\n",
    "/etc/modprobe.d/stateward-conntrack.conf": "options nf_conntrack hashsize=131072\n",
}
DESIRED = {"max": 131072, "hashsize": 131072, "timeout:udp": 30}

Shown = Tuple[str, str, str, bool]


def conflicts(host: str, files: dict[str, Any], desired: dict[str, int] | None = None) -> list[Conflict]:
    wanted = DESIRED if desired is None else desired
    snapshot = load_host(host, {**OURS, **files})
    simulator = Simulator(observe(snapshot), snapshot)
    return list(find_conflicts(simulator, simulate_events(simulator, wanted), wanted))


def shown(host: str, files: dict[str, Any], desired: dict[str, int] | None = None) -> list[Shown]:
    return [(item.key, item.value, item.source, item.wins) for item in conflicts(host, files, desired)]


SET = f"{MAX} = 65536\n"
FILES: list[tuple[str, dict[str, Any], list[Shown]]] = [
    ("debian12", {}, []),
    ("debian12", {DROP_IN: f"{MAX} = 131072\n"}, []),
    ("debian12", {DROP_IN: "vm.swappiness = 1\n"}, []),
    ("debian12", {DROP_IN: SET}, [("max", "65536", f"{DROP_IN}:1", False)]),
    ("debian12", {"/etc/sysctl.d/zz.conf": SET}, [("max", "65536", "/etc/sysctl.d/zz.conf:1", True)]),
    ("debian12", {DROP_IN: "net/nf_conntrack_max = many\n"}, [("max", "many", f"{DROP_IN}:1", False)]),
    # 99-stateward sorts before the link 99-sysctl
    ("debian12", {CONF: "#\n" + SET}, [("max", "65536", f"{CONF}:2", True)]),
    ("sles15", {CONF: SET}, [("max", "65536", f"{CONF}:1", True)]),
    ("el7", {CONF: SET}, [("max", "65536", f"{CONF}:1", True)]),
    ("debian13", {CONF: SET}, [("max", "65536", f"{CONF}:1", False)]),
    # rounded to the same number of buckets
    ("debian12", {DROP_IN: "net.netfilter.nf_conntrack_buckets = 131000\n"}, []),
    ("ubuntu1404", {CONF: "net.ipv4.netfilter.ip_conntrack_max = 1\n"}, [("max", "1", f"{CONF}:1", True)]),
]


@pytest.mark.parametrize(("host", "files", "expected"), FILES)
def test_sysctl_files(host: str, files: dict[str, Any], expected: list[Shown]) -> None:
    assert shown(host, files) == expected


def test_kernel_argument() -> None:
    arguments = {"/proc/cmdline": f"sysctl.{MAX}=7\n"}
    assert shown("builtin", arguments, {"max": 131072}) == [("max", "7", "kernel command line", False)]
    assert shown("debian12", arguments, {"max": 131072}) == []  # the key is not there yet


STRANDED = [("debian13", True), ("ubuntu2604", True), ("debian12", False), ("sles15", False)]


@pytest.mark.parametrize(("host", "stranded"), STRANDED)
def test_a_file_that_only_people_read(host: str, stranded: bool) -> None:
    (found,) = conflicts(host, {CONF: SET})
    assert ("not read at boot" in found.note) == stranded
    assert (found.path, found.line) == (CONF, 1)


def test_our_own_block_is_none() -> None:
    text = f"# BEGIN stateward.conntrack\n{MAX} = 5\n# END stateward.conntrack\n"
    assert shown("debian12", {CONF: text}) == []


A, B, CMDLINE = "/etc/modprobe.d/a.conf", "/etc/modprobe.d/z.conf", "/proc/cmdline"
OPTION, ARGUMENT = "options nf_conntrack hashsize=", {CMDLINE: "nf_conntrack.hashsize=1\n"}
OPTIONS: list[tuple[str, dict[str, Any], list[Shown]]] = [
    ("debian12", {A: f"{OPTION}131072\n"}, []),
    ("debian12", {A: f"{OPTION}131000\n"}, []),
    ("debian12", {A: f"{OPTION}1\n"}, [("hashsize", "1", f"{A}:1", False)]),
    ("debian12", {B: f"{OPTION}1\n"}, [("hashsize", "1", f"{B}:1", True)]),
    # line 1 does not win because line 12 does
    (
        "debian12",
        {B: f"{OPTION}1\n" + "\n" * 10 + f"{OPTION}2\n"},
        [("hashsize", "1", f"{B}:1", False), ("hashsize", "2", f"{B}:12", True)],
    ),
    ("debian12", ARGUMENT, [("hashsize", "1", "kernel command line", True)]),
    ("builtin", ARGUMENT, [("hashsize", "1", "kernel command line", True)]),
    ("builtin", {B: f"{OPTION}1\n"}, []),
    (
        "openwrt",
        {"/etc/modules.d/01-x": "nf_conntrack hashsize=1\n"},
        [("hashsize", "1", "/etc/modules.d/01-x:1", True)],
    ),
    ("alpine", {"/etc/modules": "nf_conntrack hashsize=1\n", LIST: None}, [("hashsize", "1", "/etc/modules:1", True)]),
]


@pytest.mark.parametrize(("host", "files", "expected"), OPTIONS)
def test_options(host: str, files: dict[str, Any], expected: list[Shown]) -> None:
    assert shown(host, files, {"max": 131072, "hashsize": 131072}) == expected


MODULE: list[tuple[dict[str, Any], str, str]] = [
    ({A: "install nf_conntrack /bin/true\n"}, f"{A}:1", "instead of loading"),
    ({A: "options nf_conntrack hashsize = 5\n"}, f"{A}:1", "Blanks around"),
    ({A: "blacklist nf_conntrack\n"}, f"{A}:1", "as a dependency"),
]


@pytest.mark.parametrize("desired", [DESIRED, {"timeout:udp": 30}])
@pytest.mark.parametrize(("files", "source", "note"), MODULE)
def test_what_keeps_the_module_out(files: dict[str, Any], source: str, note: str, desired: dict[str, int]) -> None:
    """Said even where no size is wanted: nothing of ours is there without the module."""
    (found,) = (item for item in conflicts("debian12", files, desired) if item.key == "module")
    assert (found.source, found.wins) == (source, True)
    assert note in found.note


def test_a_blacklist_that_does_no_harm() -> None:
    (found,) = conflicts("el7", {A: "blacklist nf_conntrack\n"})
    assert (found.key, found.wins) == ("module", False)  # nf_conntrack_ipv4 is in our list, too


def test_hook_of_a_family() -> None:
    (found,) = conflicts("el7", {A: "install nf_conntrack_ipv4 /bin/true\n"})
    assert (found.key, found.source) == ("module", f"{A}:1")


HOOK = "install nf_conntrack /sbin/modprobe --ignore-install nf_conntrack; "


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (f"sysctl -w {MAX}=7", [("max", "7", f"{A}:1", True)]),
        (f"sysctl -w {MAX}=131072 x.y=1", []),
        ("echo 512 > /sys/module/nf_conntrack/parameters/hashsize", [("hashsize", "512", f"{A}:1", True)]),
        ("sysctl -w net.ipv4.ip_forward=1", []),
    ],
)
def test_hooks(command: str, expected: list[Shown]) -> None:
    assert shown("debian12", {A: f"{HOOK}{command}\n"}) == expected


UFW = {"/etc/ufw/ufw.conf": "ENABLED=yes\n", "/etc/ufw/sysctl.conf": SET}
KUBE = {"/proc/4711/comm": "kube-proxy\n"}


def test_other_programs() -> None:
    assert shown("debian12", UFW, {"max": 131072}) == [("max", "65536", "/etc/ufw/sysctl.conf:1", True)]
    (found,) = conflicts("debian12", KUBE, {"max": 262144, "hashsize": 131072})
    assert (found.key, found.value, found.wins, found.note) == ("max", "131072", True, "")


def test_a_program_is_named_where_its_file_does_not_tell() -> None:
    (found,) = conflicts("debian12", {"/etc/apf/conf.apf": "SYSCTL_CONNTRACK=5\n"})
    assert (found.source, found.note, found.line) == ("/etc/apf/conf.apf:1", "written by APF", 0)


PVE = {"/proc/900/comm": "pve-firewall\n", "/etc/pve/firewall/cluster.fw": "[OPTIONS]\nenable: 1\n"}


def test_writes_that_depend_on_what_is_there() -> None:
    bare = {**PVE, **dict.fromkeys(OURS)}
    assert conflicts("debian12", bare, {"max": 262144, "hashsize": 262144}) == []
    other = conflicts("debian12", bare, {"max": 1, "hashsize": 262144})
    assert [item.key for item in other] == ["hashsize", "max"]
