# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""conntrack_info on the kernel of this machine: flows of its own network namespace, the same over both transports."""

from __future__ import annotations

import shutil
import sys
from typing import Any

import pytest

from .conftest import run_module

# Twenty datagrams to ten addresses and two ports of the loopback, that the rule makes the kernel track.
_MAKE_FLOWS = """
ip link set lo up
iptables -A OUTPUT -m conntrack --ctstate NEW
"$0" -c '
import socket
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range(20):
    sender.sendto(b"", ("127.0.1.%d" % (number % 10), 5000 + number // 10))
'
exec "$@"
"""
IN_NAMESPACE = ("unshare", "--net", "sh", "-c", _MAKE_FLOWS, sys.executable)

# What goes on while nobody looks.
MOVING = ("count", "usage_percent", "load_factor", "memory", "counters", "kernel_log", "verdict")


def look(transport: str, **options: Any) -> dict[str, Any]:
    prefix = IN_NAMESPACE if options.get("flows") else ()
    result = run_module({"transport": transport, **options}, prefix=prefix, module="conntrack_info")
    assert "FAILED!" not in result["printed"]
    assert result["transport"] == transport
    return result


def test_both_transports_say_the_same() -> None:
    python, shell = look("python"), look("shell")
    ignored = {"printed", "transport", *MOVING}
    assert {key: value for key, value in shell.items() if key not in ignored} == {
        key: value for key, value in python.items() if key not in ignored
    }
    assert set(shell) == set(python)
    assert shell["counters"].keys() == python["counters"].keys()
    assert shell["max"]


@pytest.mark.parametrize("transport", ["python", "shell"])
def test_flows_of_the_kernel(transport: str) -> None:
    assert shutil.which("iptables")
    flows = look(transport, flows=True, top=3)["flows"]
    assert (flows["entries"], flows["l3"], flows["l4"]) == (20, {"ipv4": 20}, {"udp": 20})
    assert (flows["unreplied"], flows["truncated"], flows["top_error"]) == (20, False, 0)
    assert flows["top_ports"] == [{"protocol": "udp", "port": port, "count": 10} for port in (5000, 5001)]
    assert flows["top_destinations"] == [{"address": f"127.0.1.{number}", "count": 2} for number in range(3)]
    assert flows["top_sources"] == [{"address": "127.0.0.1", "count": 20}]
