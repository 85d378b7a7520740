# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract of conntrack_info: on the same host, the same result from both transports."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._host_local import LocalHost
from ansible_collections.stateward.conntrack.plugins.module_utils._info import run_info
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Host
from ansible_collections.stateward.conntrack.plugins.plugin_utils._host_sh import ShellHost
from ansible_collections.stateward.conntrack.tests.support.hosts import host_names
from ansible_collections.stateward.conntrack.tests.support.shells import SHELLS, make_execute, make_tree, shell_host

# As in the contract of conntrack_tune: a few hosts of different kinds go through every shell.
EVERY_SHELL = ("alpine", "debian12", "el5", "openwrt")

FULL = "kernel: [9.0] nf_conntrack: nf_conntrack: table full, dropping packet\n"
TCP = "tcp      6 431990 ESTABLISHED src=192.0.2.10 dst=198.51.100.5 sport=40001 dport=22 src=198.51.100.5 use=1"
UDP = "ipv6     10 udp      17 29 src=2001:db8::1 dst=2001:db8::2 sport=5 dport=53 [UNREPLIED] src=2001:db8::2 use=2"
STAT = "entries drop early_drop insert_failed\n0000000a 00000002 00000001 00000000\n"

TROUBLE = {
    "/proc/net/stat/nf_conntrack": STAT,
    "/proc/net/nf_conntrack": f"{UDP}\n{UDP}\n",
    "/proc/net/ip_conntrack": f"{TCP}\n",
    "/var/log/messages": f"one\n{FULL}two\n{FULL}",
    "/var/log/syslog": "",
}
PROGRAMS = {
    "/bin/dmesg": f"echo '{FULL.strip()}'; echo something else",
    "/usr/bin/journalctl": f"for n in 1 2 3; do echo '{FULL.strip()}'; done",
    "/usr/sbin/conntrack": f"[ $1 = -S ] && echo 'cpu=0 found=1 drop=2' || echo '{TCP}'; echo 1 flow >&2",
}


@pytest.fixture(autouse=True)
def _plain_path(monkeypatch: pytest.MonkeyPatch) -> None:
    # The hosts of the cases keep their programs where a bare system has them.
    monkeypatch.setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")


def info(host: Host, **params: Any) -> dict[str, Any]:
    result = run_info(host, {"flows": True, **params})
    return {**result.values, "warnings": result.warnings}


@pytest.mark.parametrize("name", host_names())
def test_every_host(tmp_path: Path, name: str) -> None:
    root = make_tree(name, tmp_path / name)
    expected = info(LocalHost(str(root)))
    for shell in SHELLS if name in EVERY_SHELL else SHELLS[:1]:
        assert info(shell_host(shell, root)) == expected, shell


@pytest.mark.parametrize("programs", [{}, PROGRAMS], ids=["files", "programs"])
@pytest.mark.parametrize("name", EVERY_SHELL)
def test_a_host_in_trouble(tmp_path: Path, name: str, programs: dict[str, str]) -> None:
    root = make_tree(name, tmp_path / name, files=TROUBLE, programs=programs)
    expected = info(LocalHost(str(root)), top=1)
    count, source = (3, "journalctl -k") if programs else (2, "/var/log/messages")
    assert (expected["kernel_log"]["count"], expected["kernel_log"]["source"]) == (count, source)
    assert (expected["counters"]["drop"], expected["flows"]["entries"]) == (2, 2)
    # The tool would load the module of alpine, which is not at work.
    by_tool = programs and name != "alpine"
    assert expected["flows"]["source"] == ("conntrack -L" if by_tool else "/proc/net/nf_conntrack")
    for shell in SHELLS:
        assert info(shell_host(shell, root), top=1) == expected, shell


@pytest.mark.parametrize("params", [{"flows": False}, {}, {"flow_limit": 1}])
@pytest.mark.parametrize("release", ["6.16.0", "6.15.9-rt", "7.0", "5.99.1", "6.16"])
def test_one_execution(tmp_path: Path, release: str, params: dict[str, Any]) -> None:
    files = {**TROUBLE, "/proc/sys/kernel/osrelease": f"{release}\n"}
    root = make_tree("debian12", tmp_path / "tree", files=files)
    shutil.rmtree(root / "usr/sbin")
    calls: list[tuple[str, str | None]] = []
    found = info(ShellHost(make_execute(SHELLS[0], calls), root=str(root)), **params)
    assert len(calls) == 1
    assert len(calls[0][0]) < 30000
    assert found == info(LocalHost(str(root)), **params)


def test_a_host_without_connection_tracking(tmp_path: Path) -> None:
    """Nothing fails, and the verdict says it."""
    found = info(shell_host(SHELLS[0], make_tree("debian13", tmp_path / "tree")))
    assert [item["rule"] for item in found["verdict"]["findings"]] == ["not_tracking"]
    assert found["flows"]["note"] == "connection tracking is not active on this host"
