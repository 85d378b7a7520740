# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole lab: bring hosts up, end them, reboot them. Every change is made under one lock."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from . import qemu
from .errors import LabError
from .hosts import KINDS, is_running, power_off, reboot_in_place, remove_host, start_host, stop_processes, wait_for_boot
from .image import ensure_image, request_image
from .inventory import render_inventory
from .network import create_namespace, delete_namespace, namespace_inode
from .process import namespace_inode_of
from .roots import find_root
from .settings import Settings
from .ssh import close_shared_connections
from .state import HostRecord, LabState, load_state, locked, machine_boot_id, save_state, write_atomically


@dataclass(frozen=True)
class HostRequest:
    """A host that somebody wants."""

    name: str
    root: str
    kind: str
    memory_mib: int = 0  # 0: the kind's own default
    append: str = ""
    accelerator: str = "auto"


def lock_path(settings: Settings) -> Path:
    return settings.state / "lock"


def read_lab(settings: Settings) -> LabState:
    """The lab as it is recorded. Of one from before the machine's last boot only the disks can be left."""
    now = machine_boot_id()
    state = load_state(settings.state) or LabState(machine_boot_id=now)
    if state.machine_boot_id == now:
        return state
    hosts = {name: replace(host, pid=0, start_ticks=0) for name, host in state.hosts.items()}
    return LabState(machine_boot_id=now, hosts=hosts)


def find_host(state: LabState, name: str) -> HostRecord:
    if name not in state.hosts:
        raise LabError(f"There is no host '{name}' in the lab. There are: {', '.join(state.hosts) or 'none'}.")
    return state.hosts[name]


def open_network(settings: Settings, state: LabState) -> LabState:
    """Make the namespace unless it is there. Raises LabError when one of its name is there that is not ours."""
    existing = namespace_inode(settings.namespace)
    if existing and existing != state.namespace_inode and not state.namespace_pending:
        raise LabError(
            f"A network namespace '{settings.namespace}' exists that this lab did not make: choose another LAB_STATE."
        )
    if not existing and state.hosts:
        raise LabError(
            f"The network namespace '{settings.namespace}' was deleted under its hosts: run 'lab.py down' first."
        )
    if not existing:
        save_state(settings.state, replace(state, namespace_inode=0, namespace_pending=True))
    inode = create_namespace(settings.namespace)
    state = replace(state, namespace_inode=inode, namespace_pending=False)
    save_state(settings.state, state)
    return state


def remove_leftovers(settings: Settings, state: LabState) -> LabState:
    """Hosts that are recorded but do not run: from a crash, or ended from inside."""
    for host in list(state.hosts.values()):
        if not is_running(host):
            state = remove_host(settings, state, host)
    return state


def check_requests(state: LabState, requests: Sequence[HostRequest]) -> None:
    """A name that is taken must be taken by the same kind of host."""
    if len({request.name for request in requests}) != len(requests):
        raise LabError("Two hosts of the same name were asked for.")
    for request in requests:
        host = state.hosts.get(request.name)
        if host is not None and (host.root, host.kind) != (request.root, request.kind):
            raise LabError(f"{host.name} is running as {host.root} ({host.kind}): end it first.")


def record_of(settings: Settings, request: HostRequest, index: int) -> HostRecord:
    """The request with its image (built now if need be) and its number."""
    image, _built = ensure_image(settings, request_image(settings, find_root(request.root, request.kind), request.kind))
    accelerator = ""
    if request.kind == "qemu":
        accelerator = request.accelerator
        if accelerator == "auto":
            accelerator = qemu.choose_accelerator(str(image / "kernel"))
    return HostRecord(
        name=request.name,
        root=request.root,
        kind=request.kind,
        index=index,
        memory_mib=request.memory_mib or KINDS[request.kind].memory_mib,
        append=request.append,
        image=str(image),
        accelerator=accelerator,
    )


def open_lab(settings: Settings) -> LabState:
    """The network only, for a controller that comes before its hosts."""
    with locked(lock_path(settings)):
        state = open_network(settings, read_lab(settings))
        write_inventory(settings, state)
    return state


def up(settings: Settings, requests: Sequence[HostRequest]) -> LabState:
    """Start every requested host that does not run yet. Returns when all of them answer ssh."""
    with locked(lock_path(settings)):
        state = remove_leftovers(settings, read_lab(settings))
        check_requests(state, requests)
        state = open_network(settings, state)
        for request in requests:
            if request.name not in state.hosts:
                state = start_host(settings, state, record_of(settings, request, state.free_index()))
        write_inventory(settings, state)
    in_parallel([state.hosts[request.name] for request in requests], lambda host: wait_for_boot(settings, host))
    return state


def down(settings: Settings, names: Sequence[str]) -> list[str]:
    """End these hosts, or all of them and the network. Returns the names of those that were ended.

    A controller that runs inside the namespace keeps the network that it stands on."""
    with locked(lock_path(settings)):
        state = read_lab(settings)
        hosts = [find_host(state, name) for name in names] or list(state.hosts.values())
        for host in hosts:
            state = remove_host(settings, state, host)
        if names or (state.namespace_inode and namespace_inode_of(os.getpid()) == state.namespace_inode):
            write_inventory(settings, state)
        else:
            close_network(settings, state)
    return [host.name for host in hosts]


def close_network(settings: Settings, state: LabState) -> None:
    """Delete everything but the consoles' logs."""
    close_shared_connections(settings)
    existing = namespace_inode(settings.namespace)
    if existing and (existing == state.namespace_inode or state.namespace_pending):
        delete_namespace(settings.namespace)
    for folder in (settings.disks, settings.state / "uml", settings.state / "cp"):
        shutil.rmtree(folder, ignore_errors=True)
    for name in ("inventory.yml", "known_hosts", "state.json"):
        (settings.state / name).unlink(missing_ok=True)


def reboot(settings: Settings, names: Sequence[str]) -> None:
    """Reboot from inside, in place; returns when all of them answer again from a new boot."""
    state = read_lab(settings)
    in_parallel([find_host(state, name) for name in names], lambda host: reboot_in_place(settings, host))


def restart(settings: Settings, names: Sequence[str], *, append: str | None, hard: bool) -> None:
    """End and start again on the same disk, with other kernel arguments if `append` is given. `hard`: a power cut."""
    with locked(lock_path(settings)):
        state = read_lab(settings)
        hosts = [find_host(state, name) for name in names]
        stop = stop_processes if hard else power_off
        in_parallel(hosts, lambda host: stop(settings, state, host))
        for host in hosts:
            words = host.append if append is None else append
            state = start_host(settings, state, replace(host, append=words))
    in_parallel([state.hosts[name] for name in names], lambda host: wait_for_boot(settings, host))


def in_parallel(hosts: Sequence[HostRecord], work: Callable[[HostRecord], object]) -> None:
    """Do it for every host at once; raises one LabError for all that failed."""

    def attempt(host: HostRecord) -> str:
        try:
            work(host)
        except LabError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(max_workers=max(1, len(hosts))) as pool:
        failures = [message for message in pool.map(attempt, hosts) if message]
    if failures:
        raise LabError("\n".join(failures))


def write_inventory(settings: Settings, state: LabState) -> None:
    write_atomically(settings.inventory, render_inventory(settings, state.hosts.values()))
