# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host: start, stop, remove, wait. Whatever is about to be made is written down before it is made."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from . import qemu, uml
from .errors import LabError
from .network import create_tap, delete_tap, inside, namespace_inode, tap_of
from .process import MARK, end_processes, is_alive, read_stat
from .settings import Settings
from .ssh import forget_host_key, read_boot_id, request
from .state import HostRecord, LabState, save_state

POLL_SECONDS = 0.5
STOP_TIMEOUT = 60


@dataclass(frozen=True)
class Kind:
    """What differs between the kinds of host."""

    command: Callable[[Settings, HostRecord], list[str]]
    environment: Callable[[], dict[str, str]]
    disk_path: Callable[[Settings, HostRecord], Path]
    prepare_disk: Callable[[Settings, HostRecord], None]
    memory_mib: int
    boot_timeout: float


KINDS = {
    "uml": Kind(
        uml.command, uml.environment, uml.disk_path, uml.prepare_disk, uml.DEFAULT_MEMORY_MIB, uml.BOOT_TIMEOUT
    ),
    "qemu": Kind(
        qemu.command, qemu.environment, qemu.disk_path, qemu.prepare_disk, qemu.DEFAULT_MEMORY_MIB, qemu.BOOT_TIMEOUT
    ),
}


def console_path(settings: Settings, host: HostRecord) -> Path:
    return settings.logs / f"{host.name}.log"


def console_tail(settings: Settings, host: HostRecord, count: int = 20) -> str:
    try:
        return "\n".join(console_path(settings, host).read_text("utf-8", "replace").splitlines()[-count:])
    except FileNotFoundError:
        return ""


def mark_of(settings: Settings, host: HostRecord) -> str:
    """What its processes carry in their environment: no two labs have the same."""
    return f"{settings.state}/{host.name}"


def is_running(host: HostRecord) -> bool:
    return is_alive(host.pid, host.start_ticks)


def start_host(settings: Settings, state: LabState, host: HostRecord) -> LabState:
    """Start its kernel on the disk that it has, or on a fresh one. Returns and saves the state with its process."""
    kind = KINDS[host.kind]
    host = replace(host, pid=0, start_ticks=0)
    save_state(settings.state, state.with_host(host))
    kind.prepare_disk(settings, host)
    create_tap(settings.namespace, tap_of(host.index))
    settings.logs.mkdir(parents=True, exist_ok=True)
    with open(console_path(settings, host), "ab") as log:
        process = subprocess.Popen(
            inside(settings.namespace, kind.command(settings, host)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **kind.environment(), MARK: mark_of(settings, host)},
            start_new_session=True,
        )
    stat = read_stat(process.pid)
    host = replace(host, pid=process.pid, start_ticks=stat.start_ticks if stat else 0)
    state = state.with_host(host)
    save_state(settings.state, state)
    return state


def stop_processes(settings: Settings, state: LabState, host: HostRecord) -> None:
    """The power switch."""
    end_processes(state.namespace_inode, host.pid, mark_of(settings, host))


def remove_host(settings: Settings, state: LabState, host: HostRecord) -> LabState:
    """End it and delete its tap and its disk; its console's log stays. Returns and saves the state without it."""
    stop_processes(settings, state, host)
    if state.namespace_inode and namespace_inode(settings.namespace) == state.namespace_inode:
        delete_tap(settings.namespace, tap_of(host.index))
    KINDS[host.kind].disk_path(settings, host).unlink(missing_ok=True)
    forget_host_key(settings, host)
    state = state.without_host(host.name)
    save_state(settings.state, state)
    return state


def wait_for_boot(settings: Settings, host: HostRecord, other_than: str = "") -> str:
    """Wait until the host answers ssh, from another boot than `other_than`. Returns the identity of that boot.

    Raises LabError, with the end of its console, when its kernel ends or the time for a boot is over."""
    deadline = time.monotonic() + KINDS[host.kind].boot_timeout
    while time.monotonic() < deadline:
        boot_id = read_boot_id(settings, host)
        if boot_id and boot_id != other_than:
            return boot_id
        if not is_running(host) or "---[ end Kernel panic" in console_tail(settings, host, count=3):
            raise LabError(f"The kernel of {host.name} ended:\n{console_tail(settings, host)}")
        time.sleep(POLL_SECONDS)
    raise LabError(f"{host.name} did not come up in time:\n{console_tail(settings, host)}")


def reboot_in_place(settings: Settings, host: HostRecord) -> str:
    """An ordinary reboot from inside. Returns the identity of the new boot."""
    before = wait_for_boot(settings, host)
    request(settings, host, "reboot")
    return wait_for_boot(settings, host, other_than=before)


def power_off(settings: Settings, state: LabState, host: HostRecord) -> None:
    """Shut down from inside, so that everything is on the disk; the power switch if that takes too long."""
    if is_running(host) and read_boot_id(settings, host):
        request(settings, host, "poweroff")
        deadline = time.monotonic() + STOP_TIMEOUT
        while is_running(host) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
    stop_processes(settings, state, host)
