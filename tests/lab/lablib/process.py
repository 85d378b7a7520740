# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes are the lab's own, and ending exactly those.

A host's kernel is a session of its own (user-mode Linux is many processes) inside the lab's network namespace. A
process is part of it only when it is in that namespace, and in that session or with the host's mark in its environment.
It is ended through a pidfd, so a number that was used again meanwhile is never hit.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import LabError

MARK = "STATEWARD_LAB_HOST"


@dataclass(frozen=True)
class ProcessStat:
    """The parts of /proc/PID/stat that tell processes apart; `start_ticks` counts from the machine's boot."""

    state: str
    session: int
    start_ticks: int


def parse_stat(text: str) -> ProcessStat:
    """See proc(5). The command's name may hold spaces and brackets: the fields are counted after its last one."""
    fields = text[text.rindex(")") + 2 :].split()
    return ProcessStat(state=fields[0], session=int(fields[3]), start_ticks=int(fields[19]))


def read_stat(pid: int) -> ProcessStat | None:
    """None when there is no such process, or only its remains that nobody has collected yet."""
    try:
        stat = parse_stat(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace"))
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if stat.state in "ZX" else stat


def is_alive(pid: int, start_ticks: int) -> bool:
    """Is that very process, not a later one of the same number, still there?"""
    stat = read_stat(pid) if pid else None
    return stat is not None and stat.start_ticks == start_ticks


def namespace_inode_of(pid: int) -> int:
    """The inode of a process's network namespace, 0 when the process is gone."""
    try:
        return os.stat(f"/proc/{pid}/ns/net").st_ino
    except OSError:
        return 0


def has_mark(pid: int, mark: str) -> bool:
    try:
        environ = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return f"{MARK}={mark}".encode() in environ.split(b"\0")


def own_processes(namespace_inode: int, session: int, mark: str) -> Iterator[int]:
    """The living processes of one host."""
    if not namespace_inode:
        return
    for pid in (int(name) for name in os.listdir("/proc") if name.isdigit()):
        if namespace_inode_of(pid) != namespace_inode:
            continue
        stat = read_stat(pid)
        if stat is not None and ((session and stat.session == session) or has_mark(pid, mark)):
            yield pid


def kill_inside(pid: int, namespace_inode: int) -> int:
    """SIGKILL to the process that has this number now, if it is in that namespace after it has been pinned down.

    Returns its pidfd, which becomes readable when the process has ended; -1 if there was nothing to end."""
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return -1
    if namespace_inode_of(pid) != namespace_inode:
        os.close(pidfd)
        return -1
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    return pidfd


def wait_and_close(pidfds: list[int], timeout: float) -> bool:
    """Wait until every one of these processes has ended; False if the time was not enough."""
    deadline = time.monotonic() + timeout
    ended = [bool(select.select([pidfd], [], [], max(0.0, deadline - time.monotonic()))[0]) for pidfd in pidfds]
    for pidfd in pidfds:
        os.close(pidfd)
    return all(ended)


def end_processes(namespace_inode: int, session: int, mark: str, timeout: float = 20) -> None:
    """End every process of one host and wait until they are gone. Raises LabError if some stay."""
    deadline = time.monotonic() + timeout
    while True:
        left = list(own_processes(namespace_inode, session, mark))
        if not left:
            return
        pidfds = [pidfd for pidfd in (kill_inside(pid, namespace_inode) for pid in left) if pidfd >= 0]
        if not wait_and_close(pidfds, deadline - time.monotonic()) or time.monotonic() > deadline:
            raise LabError(f"These processes of {mark} cannot be ended: {left}")
