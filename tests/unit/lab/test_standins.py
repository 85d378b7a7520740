# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-ins for old hosts, as far as they are made without a machine."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
import yaml
from ansible_collections.stateward.conntrack.tests.lab.standins.build import add_standin
from ansible_collections.stateward.conntrack.tests.lab.standins.packages import wanted
from ansible_collections.stateward.conntrack.tests.lab.standins.rows import STANDINS
from ansible_collections.stateward.conntrack.tests.lab.standins.tree import folders, members
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host
from ansible_collections.stateward.conntrack.tests.support.tree import real_nodes

ROWS = {row.name: row for row in STANDINS}
INVENTORY = Path(__file__).resolve().parents[3] / "extensions" / "molecule" / "old_hosts" / "inventory" / "hosts.yml"
LAB = "tree/lib/standin"


def made(name: str) -> dict[str, str]:
    """The texts of a stand-in by path; a link shows where it leads."""
    return {member.path: member.link or member.text for member in members(ROWS[name])}


@pytest.mark.parametrize("name", ROWS)
def test_the_described_files_are_there(name: str) -> None:
    texts = made(name)
    for path, entry in real_nodes(load_host(ROWS[name].host).entries).items():
        if path.startswith("/etc/") and entry.kind == "file":
            assert texts[f"tree{path}"] == (entry.text or ""), path


@pytest.mark.parametrize("name", ROWS)
def test_no_python_and_no_file_transfer(name: str) -> None:
    names = {path.rpartition("/")[2] for path in made(name)} | set(ROWS[name].programs)
    assert not {word for word in names if word.startswith(("python", "perl", "scp", "sftp"))}


@pytest.mark.parametrize("word", ["stat", "install", "base64", "od", "realpath", "timeout", "sha1sum", "diff", "su"])
def test_what_openwrt_lacks(word: str) -> None:
    assert word not in ROWS["openwrt"].applets + ROWS["openwrt"].programs


@pytest.mark.parametrize("word", ["realpath", "timeout", "nproc", "truncate"])
def test_what_came_after_centos(word: str) -> None:
    assert not {name for name in ("centos5", "centos6") if word in ROWS[name].programs}


@pytest.mark.parametrize("name", ROWS)
def test_the_kernel_starts_without_connection_tracking(name: str) -> None:
    texts = made(name)
    assert "conntrack" not in texts["proc/modules"]
    assert [path for path in texts if path.startswith(("proc/", "tree/sys/")) and "conntrack" in path] == []


@pytest.mark.parametrize(
    ("name", "key", "buckets"),
    [
        ("centos5", "ip_conntrack/files/proc/sys/net/ipv4/ip_conntrack_max", "444"),
        ("centos6", "nf_conntrack/files/proc/sys/net/nf_conntrack_max", "444"),
        ("alpine", "nf_conntrack/files/proc/sys/net/netfilter/nf_conntrack_buckets", "644"),
        ("openwrt", "nf_conntrack/files/proc/sys/net/netfilter/nf_conntrack_acct", "644"),
    ],
)
def test_what_comes_with_the_module(name: str, key: str, buckets: str) -> None:
    texts = made(name)
    assert texts[f"{LAB}/kernel/{key}"].strip().isdigit()
    assert texts[f"{LAB}/buckets"].split()[2] == buckets


def test_keys_that_a_build_lacks_never_come() -> None:
    assert [path for path in made("openwrt") if "dccp" in path or "nf_conntrack_timestamp" in path] == []


def test_modprobe_never_reaches_the_real_kernel() -> None:
    assert made("alpine")["tree/sbin/modprobe"] == "/bin/busybox"
    assert "modprobe) exec /lib/standin/modprobe" in made("alpine")["tree/bin/busybox"]
    for name, path in (("centos5", "modprobe"), ("centos6", "modprobe"), ("openwrt", "kmodloader")):
        assert "exec /lib/standin/modprobe" in made(name)[f"tree/sbin/{path}"]


@pytest.mark.parametrize(
    ("path", "dropbear", "sudo", "place"),
    [
        ("./bin/busybox", False, False, "/lib/standin/busybox"),
        ("./usr/sbin/dropbear", True, False, "/lib/standin/dropbear"),
        ("./usr/sbin/dropbear", False, False, ""),
        ("usr/lib/x86_64-linux-gnu/libtomcrypt.so.1", True, False, "/lib/standin/lib/libtomcrypt.so.1"),
        ("./usr/bin/sudo", False, True, "/usr/bin/sudo"),
        ("./usr/bin/sudo", False, False, ""),
        ("./usr/libexec/sudo/sudoers.so", False, True, "/usr/libexec/sudo/sudoers.so"),
        ("./bin/tar", True, True, ""),
    ],
)
def test_what_is_taken_from_the_packages(path: str, dropbear: bool, sudo: bool, place: str) -> None:
    assert wanted(path, dropbear=dropbear, sudo=sudo) == place


def test_folders_come_before_what_is_in_them() -> None:
    assert folders(["a/b/c", "a/d"]) == ["a", "a/b"]


@pytest.mark.parametrize("name", ROWS)
def test_the_archive_can_be_unpacked(tmp_path: Path, name: str) -> None:
    source = io.BytesIO(archive_of("./bin/busybox", "./usr/bin/sudo", "./usr/sbin/dropbear"))
    with tarfile.open(fileobj=source) as packages, tarfile.open(tmp_path / "all.tar", "w") as archive:
        add_standin(archive, ROWS[name], "the keys\n", packages)
    with tarfile.open(tmp_path / "all.tar") as archive:
        names = archive.getnames()
    assert len(names) == len(set(names))
    known = {name}
    for path in names:
        assert path.rpartition("/")[0] in known, path
        known.add(path)
    assert {f"{name}/{LAB}/busybox", f"{name}/tree/root/.ssh/authorized_keys"} <= set(names)


def archive_of(*paths: str) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for path in paths:
            archive.addfile(tarfile.TarInfo(path))
    return data.getvalue()


def ports(group: object) -> dict[str, int]:
    """Every host with a port, from an inventory."""
    found: dict[str, int] = {}
    for name, value in group.items() if isinstance(group, dict) else ():
        if isinstance(value, dict) and "ansible_port" in value:
            found[name] = value["ansible_port"]
        found.update(ports(value))
    return found


def test_the_inventory_knows_their_ports() -> None:
    assert ports(yaml.safe_load(INVENTORY.read_text(encoding="utf-8"))) == {row.name: row.port for row in STANDINS}
