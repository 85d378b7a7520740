# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is running, as one JSON file in the state directory, written before anything starts: a crash loses nothing."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from .errors import LabError

FORMAT = 1


@dataclass(frozen=True)
class HostRecord:
    """One host as it was asked for, and the process that is its kernel (pid 0: not started)."""

    name: str
    root: str
    kind: str
    index: int
    memory_mib: int
    append: str
    image: str
    accelerator: str = ""
    pid: int = 0
    start_ticks: int = 0


@dataclass(frozen=True)
class LabState:
    """The whole lab. `namespace_pending` is true between the decision to make the namespace and its making."""

    machine_boot_id: str
    namespace_inode: int = 0
    namespace_pending: bool = False
    hosts: dict[str, HostRecord] = field(default_factory=dict)

    def with_host(self, host: HostRecord) -> LabState:
        return replace(self, hosts={**self.hosts, host.name: host})

    def without_host(self, name: str) -> LabState:
        return replace(self, hosts={key: host for key, host in self.hosts.items() if key != name})

    def free_index(self) -> int:
        """The smallest number that no host has: its address and its tap are made of it."""
        used = {host.index for host in self.hosts.values()}
        return next(index for index in range(1, len(used) + 2) if index not in used)


def dump_state(state: LabState) -> str:
    return json.dumps({"format": FORMAT, **asdict(state)}, indent=2) + "\n"


def parse_state(text: str) -> LabState:
    """The state that dump_state() wrote. Raises LabError for anything else."""
    try:
        data: dict[str, Any] = json.loads(text)
        if data.pop("format") != FORMAT:
            raise LabError("The lab's state was written by another version of this tool: end that lab with it first.")
        hosts = {name: HostRecord(**row) for name, row in data.pop("hosts").items()}
        return LabState(hosts=hosts, **data)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LabError(f"The lab's state file cannot be understood: {error}") from error


def machine_boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def load_state(folder: Path) -> LabState | None:
    """The state in this folder, or None when no lab was started there."""
    try:
        return parse_state((folder / "state.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def write_atomically(path: Path, text: str) -> None:
    """Old or new, never half."""
    temporary = path.with_name(path.name + ".new")
    with open(temporary, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)


def save_state(folder: Path, state: LabState) -> None:
    write_atomically(folder / "state.json", dump_state(state))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file at `path`; the kernel lets it go when the holder ends, however it ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="ascii") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
