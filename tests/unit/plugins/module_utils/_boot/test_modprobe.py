# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each kind of modprobe makes of its files: options, hooks, blocks."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.modprobe import (
    BLOCKED,
    LoadConfig,
    blacklisted,
    hashsize_values,
    load_config,
    modprobe_files,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import observe
from ansible_collections.stateward.conntrack.plugins.module_utils._platform import find_platform
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host

ETC, USR = "/etc/modprobe.d", "/usr/lib/modprobe.d"
CONF, CMDLINE = "/etc/modprobe.conf", "/proc/cmdline"


def config(host: str, files: dict[str, Any], module: str = "") -> LoadConfig:
    snapshot = load_host(host, files)
    observed = observe(snapshot)
    return load_config(observed.platform.modprobe, snapshot, module or observed.dialect, observed.version)


def options(*values: object, module: str = "nf_conntrack") -> str:
    return "".join(f"options {module} hashsize={value}\n" for value in values)


OLD = options(1, 2, module="ip_conntrack")
WINNERS: list[tuple[str, dict[str, Any], int | None, str]] = [
    # kmod: the last file, the last line, then the kernel command line
    ("debian12", {f"{ETC}/a.conf": options(1), f"{ETC}/b.conf": options(2)}, 2, f"{ETC}/b.conf:1"),
    ("debian12", {f"{ETC}/a.conf": options(1, 2)}, 2, f"{ETC}/a.conf:2"),
    ("debian12", {f"{ETC}/b.conf": options(1), f"{USR}/a.conf": options(2)}, 1, f"{ETC}/b.conf:1"),
    ("debian12", {f"{ETC}/a.conf": options(1), CMDLINE: "ro nf_conntrack.hashsize=3\n"}, 3, "kernel command line"),
    ("debian12", {f"{ETC}/a.conf": "options nf-conntrack acct=1 hashsize=0x10\n"}, 16, f"{ETC}/a.conf:1"),
    ("debian12", {f"{ETC}/a.conf": options(1), f"{USR}/a.conf": options(2)}, 1, f"{ETC}/a.conf:1"),
    ("debian12", {f"{ETC}/a.conf": "", f"{USR}/a.conf": options(2)}, None, ""),
    ("debian12", {f"{ETC}/a": options(1), CONF: options(2)}, None, ""),
    # module-init-tools 3.3: the first definition, over the command line
    ("el5", {CONF: OLD}, 1, f"{CONF}:1"),
    ("el5", {CONF: "", f"{ETC}/any.name": OLD, CMDLINE: "ip_conntrack.hashsize=3\n"}, 1, f"{ETC}/any.name:1"),
    ("el5", {CONF: OLD, f"{ETC}/a": options(9, module="ip_conntrack")}, 1, f"{CONF}:1"),
    # EL6: the last one, any name but leftovers
    ("el6", {f"{ETC}/a": options(1), f"{ETC}/b": options(2)}, 2, f"{ETC}/b:1"),
    ("el6", {f"{ETC}/a.conf": options(1), f"{ETC}/b.rpmsave": options(2)}, 1, f"{ETC}/a.conf:1"),
    ("sles11", {"/etc/modprobe.conf.local": options(5)}, 5, "/etc/modprobe.conf.local:1"),
    # busybox: any name; no kernel command line
    ("alpine", {f"{ETC}/a": options(1), CMDLINE: "nf_conntrack.hashsize=3\n"}, 1, f"{ETC}/a:1"),
    # kmodloader: arguments in the first line that names the module
    ("openwrt", {f"{ETC}/a.conf": options(1)}, None, ""),
    ("openwrt", {"/etc/modules.d/01-x": "nf_conntrack hashsize=7 acct=1\n"}, 7, "/etc/modules.d/01-x:1"),
    ("openwrt", {"/etc/modules.d/zz": "nf_conntrack hashsize=7\n"}, None, ""),
]


@pytest.mark.parametrize(("host", "files", "hashsize", "source"), WINNERS)
def test_which_option_wins(host: str, files: dict[str, Any], hashsize: int | None, source: str) -> None:
    found = config(host, files)
    assert (found.hashsize, found.source) == (hashsize, source)


def test_all_competitors_are_kept_the_winner_last() -> None:
    found = config("el5", {CONF: OLD})
    assert [(item.value, item.where) for item in found.options] == [(2, f"{CONF}:2"), (1, f"{CONF}:1")]


INSTALL = "install nf_conntrack /sbin/modprobe --ignore-install nf_conntrack $CMDLINE_OPTS {}\n"


@pytest.mark.parametrize("host", ["debian12", "el6", "el7"])
def test_the_first_install_line_wins(host: str) -> None:
    files = {f"{ETC}/a.conf": INSTALL.format("; :"), f"{ETC}/b.conf": "install nf_conntrack /bin/true\n"}
    hook = config(host, files).hook
    assert hook is not None
    assert (hook.effect, hook.where, hook.passes_options) == ("nothing", f"{ETC}/a.conf:1", True)


@pytest.mark.parametrize("host", ["alpine", "openwrt"])
def test_install_lines_that_nobody_obeys(host: str) -> None:
    assert config(host, {f"{ETC}/a.conf": "install nf_conntrack /bin/true\n"}).hook is None


def test_the_option_of_a_hook_beats_all_others() -> None:
    files = {f"{ETC}/a.conf": options(1) + INSTALL.format("hashsize=5"), CMDLINE: "nf_conntrack.hashsize=3\n"}
    assert config("debian12", files).hashsize == 5


def test_a_hook_that_blocks() -> None:
    hook = config("debian12", {f"{ETC}/a.conf": "install nf_conntrack /bin/true\n"}).hook
    assert hook is not None
    assert hook.effect == BLOCKED


PROBLEMS: list[tuple[str, dict[str, Any], str]] = [
    ("debian12", {f"{ETC}/a.conf": "options nf_conntrack hashsize = 262144\n"}, f"{ETC}/a.conf:1: Blanks around '='"),
    ("debian12", {f"{ETC}/a.conf": "options nf_conntrack hashsize=many\n"}, "is not a number"),
    ("debian12", {f"{ETC}/a.conf": "options nf_conntrack nf_conntrack_max=5\n"}, ""),
    ("el6", {f"{ETC}/a.conf": "options nf_conntrack nf_conntrack_max=5\n"}, "refuse to load"),
    ("debian12", {f"{ETC}/a.conf": options(5)}, ""),
    ("debian12", {CMDLINE: "module_blacklist=foo,nf-conntrack\n"}, "kernel command line: module_blacklist"),
    ("debian12", {CMDLINE: "module_blacklist=foo\n"}, ""),
]


@pytest.mark.parametrize(("host", "files", "words"), PROBLEMS)
def test_what_breaks_the_load(host: str, files: dict[str, Any], words: str) -> None:
    found = config(host, files).broken
    assert words in found
    assert bool(found) == bool(words)


@pytest.mark.parametrize(
    ("host", "files", "names"),
    [
        ("debian12", {f"{ETC}/a.conf": "blacklist nf-conntrack\n"}, {"nf_conntrack"}),
        ("debian12", {CMDLINE: "modprobe.blacklist=nf_conntrack,floppy\n"}, {"nf_conntrack", "floppy"}),
        ("alpine", {CMDLINE: "modprobe.blacklist=nf_conntrack\n"}, {"pcspkr"}),
        ("openwrt", {f"{ETC}/a.conf": "blacklist nf_conntrack\n"}, set()),
    ],
)
def test_blacklist(host: str, files: dict[str, Any], names: set[str]) -> None:
    snapshot = load_host(host, files)
    assert blacklisted(find_platform(snapshot).modprobe, snapshot) == names


def test_files_are_named_by_where_links_lead() -> None:
    files = {f"{ETC}/a.conf": {"link": "/srv/real.conf"}, "/srv/real.conf": options(4)}
    assert config("debian12", files).source == "/srv/real.conf:1"


def test_order_of_files() -> None:
    names = (f"{ETC}/9.conf", f"{USR}/1.conf", f"{ETC}/a.conf", f"{ETC}/.x.conf", f"{ETC}/x.conf~")
    snapshot = load_host("debian12", dict.fromkeys(names, ""))
    found = [entry.path for entry in modprobe_files(find_platform(snapshot).modprobe, snapshot)]
    assert found == [f"{USR}/1.conf", f"{ETC}/9.conf", f"{ETC}/a.conf", f"{USR}/aliases.conf"]


def test_values_of_one_line() -> None:
    line = config("debian12", {f"{ETC}/a.conf": "options nf_conntrack hashsize=1 hashsize=2\n"}).directives[0]
    assert [text for text, _line in hashsize_values(line)] == ["1", "2"]
