# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who wins when several files set a key: the order and the syntax of every program that applies them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._boot import readers
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.readers import READERS
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import observe
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host

KEY = "net.netfilter.nf_conntrack_max"
NAMES = {KEY: "max", "net.nf_conntrack_max": "max", "net.netfilter.nf_conntrack_buckets": "hashsize"}
CONF, ETC, RUN = "/etc/sysctl.conf", "/etc/sysctl.d", "/run/sysctl.d"
LOCAL, USR, LIB = "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d"


def winner(host: str, files: dict[str, Any], reader: str = "") -> str | None:
    """The value that stands after one run of the host's boot reader, or of a named one."""
    texts = {path: f"{KEY} = {text}\n" if isinstance(text, int) else text for path, text in files.items()}
    snapshot = load_host(host, texts)
    row = READERS[reader or observe(snapshot).platform.boot.reader]
    found = readers.effective(readers.assignments(row, snapshot), NAMES, refused=row.refused)
    return found["max"].value if "max" in found else None


SYSTEMD = ["arch", "coreos", "debian8", "debian12", "debian13", "el8-firewalld", "el9", "el10", "sles15", "ubuntu1604"]


@pytest.mark.parametrize("host", [*SYSTEMD, "el7", "amazon2", "void", "debian12-sysvinit", "gentoo"])
def test_name_order_beats_directory(host: str) -> None:
    assert winner(host, {f"{ETC}/10-a.conf": 1, f"{USR}/20-b.conf": 2}) == "2"


@pytest.mark.parametrize("host", [*SYSTEMD, "el7", "amazon2", "void", "debian12-sysvinit", "gentoo", "alpine"])
def test_equal_name_in_etc_hides_the_other(host: str) -> None:
    assert winner(host, {f"{ETC}/20-b.conf": 1, f"{USR}/20-b.conf": 2}) == "1"


ORDERS = [
    # sysctl.d after sysctl.conf at boot
    *[(host, "1") for host in ("el5", "el6")],
    # /etc/sysctl.conf last
    *[(host, "2") for host in ("el7", "amazon2", "ubuntu1404", "void", "alpine", "alpine-old", "openwrt", "debian7")],
    *[(host, "2") for host in ("debian12-sysvinit", "debian12-openrc", "gentoo")],
    # through the link 99-sysctl.conf, or not at all
    *[(host, "1") for host in ("el8-firewalld", "el9", "debian11", "debian12", "ubuntu1604", "ubuntu2404", "sles15")],
    *[(host, "1") for host in ("debian13", "ubuntu2604", "arch")],
    # nothing but /etc/sysctl.conf
    *[(host, "2") for host in ("el5-early", "el6-early", "sles11")],
    ("minimal", None),
]


@pytest.mark.parametrize(("host", "value"), ORDERS)
def test_zz_drop_in_against_sysctl_conf(host: str, value: str | None) -> None:
    assert winner(host, {f"{ETC}/zz.conf": 1, CONF: 2}) == value


@pytest.mark.parametrize("host", ["el6", "el8-firewalld", "debian12", "debian13", "ubuntu2604"])
def test_sysctl_system_reads_sysctl_conf_last(host: str) -> None:
    assert winner(host, {f"{ETC}/zz.conf": 1, CONF: 2}, "procps") == "2"


@pytest.mark.parametrize(
    ("host", "value"),
    [
        ("debian12", "2"),
        ("el8-firewalld", "2"),
        ("sles15", "2"),
        ("debian13", None),
        ("ubuntu2604", None),
        ("el7", "2"),
    ],
)
def test_sysctl_conf_alone(host: str, value: str | None) -> None:
    assert winner(host, {CONF: 2}) == value


@pytest.mark.parametrize("name", ["98-x", "99-s", "99-sysctk"])
def test_names_before_the_link_lose(name: str) -> None:
    assert winner("debian12", {f"{ETC}/{name}.conf": 1, CONF: 2}) == "2"


@pytest.mark.parametrize("name", ["99-x", "999-sysctl-aks", "99-sysctm", "a", "zz", "99_x"])
def test_names_after_the_link_win(name: str) -> None:
    assert winner("debian12", {f"{ETC}/{name}.conf": 1, CONF: 2}) == "1"


OTHER_NAMES = [
    ("x.cfg", {"el5", "el6"}),
    ("x", {"el5", "el6"}),
    ("x.conf~", set()),
    ("x.rpmsave", set()),
    (".x.conf", set()),
]


@pytest.mark.parametrize(("name", "hosts"), OTHER_NAMES)
@pytest.mark.parametrize("host", ["el5", "el6", "el7", "el9", "debian12", "debian12-sysvinit", "alpine", "openwrt"])
def test_names_that_are_no_conf(host: str, name: str, hosts: set[str]) -> None:
    assert winner(host, {f"{ETC}/{name}": 1}) == ("1" if host in hosts else None)


MASKS: list[tuple[str, dict[str, Any], str | None]] = [
    ("debian12", {f"{ETC}/50-x.conf": {"link": "/dev/null"}, "/dev/null": ""}, None),
    ("debian12", {f"{ETC}/50-x.conf": ""}, None),
    ("debian12", {f"{ETC}/50-x.conf": {"link": "/nowhere"}}, "5"),
    ("alpine", {f"{RUN}/50-x.conf": ""}, None),
    ("alpine-old", {f"{ETC}/50-x.conf": ""}, "5"),
]


@pytest.mark.parametrize(("host", "files", "value"), MASKS)
def test_masks(host: str, files: dict[str, Any], value: str | None) -> None:
    assert winner(host, {f"{USR}/50-x.conf": 5, **files}) == value


DIRECTORIES = [
    # systemd: /etc, /run, /usr/local/lib, /usr/lib by name
    ("debian12", {f"{RUN}/x.conf": 1, f"{USR}/x.conf": 2}, "1"),
    ("debian12", {f"{LOCAL}/x.conf": 1, f"{USR}/x.conf": 2}, "1"),
    ("debian12", {f"{ETC}/x.conf": 1, f"{RUN}/x.conf": 2}, "1"),
    # Void: /run before /etc
    ("void", {f"{ETC}/x.conf": 1, f"{RUN}/x.conf": 2}, "2"),
    # Alpine: /lib, /usr/lib, /etc, sysctl.conf, /run
    ("alpine", {f"{LIB}/9.conf": 1, f"{USR}/1.conf": 2}, "2"),
    ("alpine", {f"{USR}/9.conf": 1, f"{ETC}/1.conf": 2}, "2"),
    ("alpine", {CONF: 1, f"{RUN}/1.conf": 2}, "2"),
    ("alpine", {f"{LOCAL}/9.conf": 1}, None),
    # Alpine 3.9: vendor files after /etc
    ("alpine-old", {f"{ETC}/9.conf": 1, f"{USR}/1.conf": 2}, "2"),
    ("alpine-old", {f"{RUN}/9.conf": 2, f"{ETC}/1.conf": 1}, "1"),
    # OpenWrt, Upstart, Debian 7: /etc only
    ("openwrt", {f"{USR}/9.conf": 1}, None),
    ("ubuntu1404", {f"{USR}/9.conf": 1}, None),
    ("debian7", {f"{RUN}/9.conf": 1}, None),
]


@pytest.mark.parametrize(("host", "files", "value"), DIRECTORIES)
def test_directories(host: str, files: dict[str, Any], value: str | None) -> None:
    assert winner(host, files) == value


@pytest.mark.parametrize(
    ("files", "value"),
    [
        ({f"{ETC}/9.conf": 1, CONF: 2}, "2"),
        ({f"{RUN}/x.conf": 1, f"{ETC}/x.conf": 2}, "1"),
        ({f"{RUN}/1.conf": 1, f"{ETC}/2.conf": 2}, "2"),
        ({f"{USR}/9.conf": 1}, None),
    ],
)
def test_tuned_reads_neither_usr_nor_lib(files: dict[str, Any], value: str | None) -> None:
    assert winner("el7", files, "tuned") == value


# A value that the kernel refuses: systemd writes only the last one, procps leaves the one before, busybox stops.
BAD_FIRST, BAD_LAST = f"{KEY} = x\n{KEY} = 2\n", f"{KEY} = 2\n{KEY} = x\n"
REFUSED = [
    ("debian12", BAD_FIRST, "2"),
    ("debian12", BAD_LAST, "x"),
    ("debian12-sysvinit", BAD_FIRST, "2"),
    ("debian12-sysvinit", BAD_LAST, "2"),
    ("el6", BAD_LAST, "2"),
    ("alpine", BAD_FIRST, None),
    ("alpine", BAD_LAST, "2"),
    ("openwrt", "net.netfilter.nf_conntrack_buckets = 0\n" + BAD_LAST, None),
    ("openwrt", "kernel.panic = x\n" + BAD_LAST, "2"),
]


@pytest.mark.parametrize(("host", "text", "value"), REFUSED)
def test_refused_values(host: str, text: str, value: str | None) -> None:
    assert winner(host, {f"{ETC}/x.conf": text}) == value


def test_busybox_goes_on_with_the_next_file() -> None:
    assert winner("alpine", {f"{ETC}/1.conf": BAD_FIRST, f"{ETC}/2.conf": 7}) == "7"


DASH, GLOB = f"-{KEY} = 5\n", "net.netfilter.nf_conntrack_ma* = 5\n"
SYNTAX = [
    ("el7", None, None),
    ("ubuntu1604", None, None),
    ("debian8", None, None),
    ("el8-firewalld", "5", None),
    ("debian11", "5", "5"),
    ("debian12", "5", "5"),
    ("alpine", None, None),
    ("openwrt", None, None),
    ("debian7", None, None),
    ("ubuntu1404", None, None),
    ("el6", None, None),
    ("debian12-sysvinit", "5", "5"),
]


@pytest.mark.parametrize(("host", "dash", "glob"), SYNTAX)
def test_dash_and_glob(host: str, dash: str | None, glob: str | None) -> None:
    assert winner(host, {f"{ETC}/x.conf": DASH}) == dash
    assert winner(host, {f"{ETC}/x.conf": GLOB}) == glob


@pytest.mark.parametrize("host", ["el5", "el6", "debian7", "ubuntu1404", "sles11"])
def test_the_tail_of_a_long_comment_is_a_setting(host: str) -> None:
    text = "#" + "x" * 254 + f"{KEY}=5\n"
    assert winner(host, {CONF: text}) == "5"
    assert winner("debian12", {CONF: text}) is None


def test_both_names_are_one_key() -> None:
    text = f"{KEY} = 1\nnet/nf_conntrack_max = 2\n"
    assert winner("debian12", {f"{ETC}/x.conf": text}) == "2"


def test_a_link_is_named_by_its_file() -> None:
    snapshot = load_host("debian12", {CONF: f"{KEY} = 1\n"})
    sources = {line.source for line in readers.assignments(READERS["systemd"], snapshot) if line.key == KEY}
    assert sources == {CONF}


# -------------------------------------------------------------------------------------------------- single files


BLOCK = "a = 1\n# BEGIN stateward.conntrack\nb = 2\n# END stateward.conntrack\nc = 3\n"


@pytest.mark.parametrize(
    ("path", "text", "owned"),
    [
        ("/etc/sysctl.d/99-stateward-conntrack.conf", "a = 1\n", {1, 2}),
        (CONF, BLOCK, {2, 3, 4}),
        (CONF, BLOCK.replace("conntrack\nb", "conntrack (the file had no newline at its end)\nb"), {2, 3, 4}),
        (CONF, BLOCK + BLOCK, {2, 3, 4, 7, 8, 9}),
        (CONF, "# BEGIN stateward.conntrack\na = 1\n", set()),
        (CONF, "# END stateward.conntrack\na = 1\n# BEGIN stateward.conntrack\n", set()),
        (CONF, "", set()),
    ],
)
def test_owned_lines(path: str, text: str, owned: set[int]) -> None:
    assert readers.owned_lines(path, text) == owned


def test_file_assignments() -> None:
    snapshot = load_host("debian12", {CONF: BLOCK})
    assert [line.key for line in readers.file_assignments(CONF, snapshot)] == ["a", "b", "c"]
    assert [line.key for line in readers.file_assignments(CONF, snapshot, only_block=True)] == ["b"]
    assert readers.file_assignments("/etc/nothing.conf", snapshot) == ()


def test_kernel_arguments() -> None:
    text = "quiet sysctl.net.netfilter.nf_conntrack_max=5 sysctl/vm/swappiness=1 sysctlx=2 -- sysctl.a=3"
    lines = readers.cmdline_assignments(text)
    assert [(line.key, line.value) for line in lines] == [(KEY, "5"), ("vm.swappiness", "1")]
    assert {readers.where(line) for line in lines} == {"kernel command line"}
