# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab tool's pure parts. What it does to a machine is tested by tests/lab/test_smoke.py."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.stateward.conntrack.tests.lab.lablib import cli, image, inventory, network, process, state, uml
from ansible_collections.stateward.conntrack.tests.lab.lablib.errors import LabError
from ansible_collections.stateward.conntrack.tests.lab.lablib.options import build_parser
from ansible_collections.stateward.conntrack.tests.lab.lablib.roots import KINDS, ROOTS, find_root
from ansible_collections.stateward.conntrack.tests.lab.lablib.settings import Settings, read_settings
from ansible_collections.stateward.conntrack.tests.lab.lablib.state import HostRecord, LabState

SETTINGS = Settings(cache=Path("/cache"), state=Path("/run/some-lab"), mirror="http://mirror")
HOST = HostRecord("one", "bookworm-sysvinit", "uml", 3, 384, "quiet a.b=1", "/cache/images/x", pid=77, start_ticks=5)
STAT = "4711 (a) b ((c) S 1 4711 4700 0 -1 4194560 1 2 0 0 5 6 0 0 20 0 1 0 379293 1000 50"


def requests(*words: str) -> list[tuple[str, str, str, str]]:
    arguments = build_parser().parse_args(["up", *words])
    return [(row.name, row.root, row.kind, row.append) for row in cli.host_requests(arguments)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], [("host1", "bookworm", "uml", "")]),
        (["--hosts", "0"], []),
        (
            ["--hosts", "2", "--root", "trixie"],
            [("host1", "trixie", "uml", ""), ("host2", "trixie", "uml", "")],
        ),
        (
            ["--host", "a:bullseye", "--host", "b:trixie:qemu", "--append", "x", "--append-to", "b", "y=1 z"],
            [("a", "bullseye", "uml", "x"), ("b", "trixie", "qemu", "x y=1 z")],
        ),
        (["--name", "web", "--kind", "qemu"], [("web", "bookworm", "qemu", "")]),
    ],
)
def test_options_become_requests(words: list[str], expected: list[tuple[str, str, str, str]]) -> None:
    assert requests(*words) == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--host", "a"], "NAME:ROOT"),
        (["--host", "a:bookworm:xen"], "NAME:ROOT"),
        (["--host", "a:etch"], "no root 'etch'"),
        (["--host", "a:bookworm-openrc:qemu"], "no kernel of kind 'qemu'"),
        (["--name", "../a"], "not the name of a host"),
        (["--hosts", "1", "--append-to", "other", "x"], "'other' is not the name"),
    ],
)
def test_wrong_options_are_named(words: list[str], message: str) -> None:
    with pytest.raises(LabError, match=message):
        requests(*words)


@pytest.mark.parametrize(
    ("environ", "cache", "namespace"),
    [
        ({}, "/home/u/.cache/stateward-lab", "stateward-lab"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/stateward-lab", "stateward-lab"),
        ({"XDG_CACHE_HOME": "/x", "LAB_CACHE": "/y", "LAB_STATE": "/run/two"}, "/y", "two"),
    ],
)
def test_settings_come_from_the_environment(environ: dict[str, str], cache: str, namespace: str) -> None:
    found = read_settings(environ, Path("/home/u"))
    assert (str(found.cache), found.namespace) == (cache, namespace)


@pytest.mark.parametrize("path", ["/", "/run/Lab", "/run/a b", "/run/a/.."])
def test_a_state_folder_that_names_no_namespace_is_refused(path: str) -> None:
    with pytest.raises(LabError, match="LAB_STATE"):
        read_settings({"LAB_STATE": path}, Path("/home/u"))


def test_the_state_survives_its_file() -> None:
    lab_state = LabState("boot", namespace_inode=9).with_host(HOST)
    assert state.parse_state(state.dump_state(lab_state)) == lab_state
    assert lab_state.without_host("one").hosts == {}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 0}', '{"format": 1, "hosts": {"a": {}}}'])
def test_a_foreign_state_file_is_refused(text: str) -> None:
    with pytest.raises(LabError, match="state"):
        state.parse_state(text)


@pytest.mark.parametrize(("used", "free"), [([], 1), ([1, 2], 3), ([2, 3], 1), ([1, 3], 2)])
def test_numbers_are_used_again(used: list[int], free: int) -> None:
    hosts = {str(index): dataclasses.replace(HOST, index=index) for index in used}
    assert LabState("boot", hosts=hosts).free_index() == free


def test_a_process_name_with_brackets_does_not_shift_its_fields() -> None:
    assert process.parse_stat(STAT) == process.ProcessStat(state="S", session=4700, start_ticks=379293)


def test_a_process_is_itself_only_with_its_start_time() -> None:
    stat = process.read_stat(os.getpid())
    assert stat is not None
    assert process.is_alive(os.getpid(), stat.start_ticks)
    assert not process.is_alive(os.getpid(), stat.start_ticks + 1)
    assert not process.is_alive(0, 0)


def test_a_process_in_another_namespace_is_never_ours() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True) as child:
        own = process.namespace_inode_of(child.pid)
        assert list(process.own_processes(own, child.pid, "/run/x/y")) == [child.pid]
        assert list(process.own_processes(own + 1, child.pid, "/run/x/y")) == []
        assert list(process.own_processes(0, child.pid, "/run/x/y")) == []
        process.end_processes(own, child.pid, "/run/x/y")
        assert child.wait(timeout=5) == -9


@pytest.mark.parametrize("index", [0, network.MAX_HOSTS + 1])
def test_addresses_are_bounded(index: int) -> None:
    with pytest.raises(LabError, match="at most"):
        network.address_of(index)


def test_every_host_has_its_own_address_and_mac() -> None:
    indices = range(1, network.MAX_HOSTS + 1)
    assert len({network.address_of(index) for index in indices} - {network.GATEWAY}) == network.MAX_HOSTS
    assert len({network.mac_of(index) for index in indices}) == network.MAX_HOSTS


def test_the_inventory_is_yaml_with_groups() -> None:
    children = yaml.safe_load(inventory.render_inventory(SETTINGS, [HOST]))["all"]["children"]
    assert sorted(children) == ["kind_uml", "lab", "root_bookworm_sysvinit"]
    assert children["lab"]["hosts"]["one"]["ansible_host"] == "192.0.2.13"
    assert "UserKnownHostsFile=/run/some-lab/known_hosts" in children["lab"]["vars"]["ansible_ssh_common_args"]
    assert yaml.safe_load(inventory.render_inventory(SETTINGS, []))["all"]["children"]["lab"]["hosts"] == {}


def test_kernel_arguments_of_ones_own_come_last() -> None:
    words = uml.command(SETTINGS, HOST)
    assert words[-4:] == ["lab.host=one", "lab.address=192.0.2.13/24", "quiet", "a.b=1"]
    assert words[1] == "ubd0=/cache/disks/some-lab/one.cow,/cache/images/x/disk.ext4"


@pytest.mark.parametrize("change", [{"public_key": "other"}, {"module_version": "6.2"}, {"root": ROOTS["trixie"]}])
def test_an_image_is_named_after_its_description(change: dict[str, Any]) -> None:
    first = image.ImageRequest(root=ROOTS["bookworm"], kind="uml", public_key="key", module_version="6.1")
    assert first.name() == dataclasses.replace(first).name()
    assert first.name() != dataclasses.replace(first, **change).name()


@pytest.mark.parametrize("name", ROOTS)
def test_every_root_is_complete(name: str) -> None:
    row = ROOTS[name]
    assert row.name == name
    assert set(row.kernels) <= set(KINDS)
    assert all((image.GUEST / overlay).is_dir() for overlay in row.overlays)
    assert find_root(name, "uml") is row
    assert json.dumps(dataclasses.asdict(row))
