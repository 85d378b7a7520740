# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's network: a namespace of its own with one bridge and a tap per host; the machine's own sees nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence

from .errors import LabError
from .shell import run

BRIDGE = "lab0"
PREFIX_LENGTH = 24
GATEWAY = "192.0.2.1"  # TEST-NET-1 of RFC 5737. A machine that uses it too does no harm: no route leads out.
MAX_HOSTS = 200


def address_of(index: int) -> str:
    """The address of the host with this number, counted from 1."""
    if not 1 <= index <= MAX_HOSTS:
        raise LabError(f"A lab has at most {MAX_HOSTS} hosts.")
    return f"192.0.2.{10 + index}"


def mac_of(index: int) -> str:
    """Fixed, so that a reboot does not leave the bridge with an old neighbour entry."""
    return f"02:00:5e:00:53:{index:02x}"


def tap_of(index: int) -> str:
    return f"tap{index}"


def namespace_path(namespace: str) -> str:
    return f"/run/netns/{namespace}"


def inside(namespace: str, argv: Sequence[str]) -> list[str]:
    """The argv that runs `argv` in the namespace, without `ip netns exec`'s private mounts: what such a process
    creates or deletes (the namespace itself, too) is then seen by everybody."""
    return ["nsenter", f"--net={namespace_path(namespace)}", "--", *argv]


def namespace_inode(namespace: str) -> int:
    """The inode that identifies the namespace of this name, 0 when there is none."""
    try:
        return os.stat(namespace_path(namespace)).st_ino
    except FileNotFoundError:
        return 0


def create_namespace(namespace: str) -> int:
    """Make the namespace, or finish one whose making was cut short, with its bridge. Returns its inode."""
    if not namespace_inode(namespace):
        run(["ip", "netns", "add", namespace])
    if not device_exists(namespace, BRIDGE):
        run(["ip", "-n", namespace, "link", "add", BRIDGE, "type", "bridge", "forward_delay", "0"])
    run(["ip", "-n", namespace, "address", "replace", f"{GATEWAY}/{PREFIX_LENGTH}", "dev", BRIDGE])
    run(["ip", "-n", namespace, "link", "set", "lo", "up"])
    run(["ip", "-n", namespace, "link", "set", BRIDGE, "up"])
    return namespace_inode(namespace)


def delete_namespace(namespace: str) -> None:
    """The bridge and the taps go with it."""
    run(["ip", "netns", "delete", namespace])


def device_exists(namespace: str, device: str) -> bool:
    links = run(["ip", "-n", namespace, "-o", "link", "show"])
    return any(line.split(":")[1].strip().split("@")[0] == device for line in links.splitlines())


def create_tap(namespace: str, device: str) -> None:
    if not device_exists(namespace, device):
        run(["ip", "-n", namespace, "tuntap", "add", "dev", device, "mode", "tap"])
    run(["ip", "-n", namespace, "link", "set", device, "master", BRIDGE, "up"])


def delete_tap(namespace: str, device: str) -> None:
    if device_exists(namespace, device):
        run(["ip", "-n", namespace, "link", "delete", device])
