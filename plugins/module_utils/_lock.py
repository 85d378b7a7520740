# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time on a host: an advisory lock that the kernel drops when its holder ends, however it ends."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import time
from typing import Iterator

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import LockedError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_sentences import describe_holder
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import Tree

LOCK_NAME = "stateward-conntrack.lock"
LOCK_SECONDS = 10.0

# The first that is there and safe. FHS 3.0: /run/lock; /var/lock is its older name; /tmp is everywhere.
LOCK_DIRECTORIES = ("/run/lock", "/var/lock", "/run", "/tmp")

_POLL_SECONDS = 0.1

_OPEN_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@contextlib.contextmanager
def hold_lock(tree: Tree, *, seconds: float = LOCK_SECONDS) -> Iterator[str]:
    """Hold the host's lock; gives the path of the lock file inside the tree.

    Waits up to so many seconds for another run. Raises LockedError that names the file and, if known, the process.
    """
    deadline = time.monotonic() + seconds
    descriptor, path = _acquire(tree, deadline)
    try:
        _write_pid(descriptor, f"{os.getpid()}\n")
        yield path
    finally:
        _write_pid(descriptor, "")
        # Closing releases. The file stays: to remove it would let two runs lock two files of one name.
        os.close(descriptor)


def _acquire(tree: Tree, deadline: float) -> tuple[int, str]:
    while True:
        descriptor, path = _open_lock(tree)
        try:
            if _try_lock(descriptor, path) and _is_current(tree, path, descriptor):
                return descriptor, path
            if time.monotonic() >= deadline:
                raise LockedError(_describe_holder(descriptor, path))
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        time.sleep(_POLL_SECONDS)


def _try_lock(descriptor: int, path: str) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise LockedError(f"the lock {path} of this host cannot be taken: {error.strerror}") from error
    return True


def _is_current(tree: Tree, path: str, descriptor: int) -> bool:
    """Whether others will open the very file that is locked: a cleaner of temporary files may have removed it."""
    try:
        named = os.lstat(tree.locate(path))
    except OSError:
        return False
    return os.path.samestat(named, os.fstat(descriptor))


def _open_lock(tree: Tree) -> tuple[int, str]:
    for directory in LOCK_DIRECTORIES:
        path = directory + "/" + LOCK_NAME
        try:
            if _is_safe_directory(tree.host_path(tree.resolve(directory))):
                return _open_safely(tree.locate(path)), path
        except OSError:
            # Missing, read-only, a link or not ours: the next one. Every run meets the same and ends at the same.
            continue
    # A tree without any of them still has its own root directory, which can be locked as it is.
    return os.open(tree.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), "/"


def _is_safe_directory(host_path: str) -> bool:
    """Whether nobody else can remove or replace our file there: not writable by others, or sticky."""
    mode = os.stat(host_path).st_mode
    return stat.S_ISDIR(mode) and (not mode & 0o022 or bool(mode & stat.S_ISVTX))


def _open_safely(host_path: str) -> int:
    """Open or make the lock file. Raises OSError for a link, and for anything that is not wholly our own."""
    descriptor = os.open(host_path, _OPEN_FLAGS, 0o600)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_nlink > 1:
        os.close(descriptor)
        raise PermissionError(errno.EPERM, "not a lock file of this user", host_path)
    # Whoever can open it can lock it, and keep every run waiting.
    os.fchmod(descriptor, 0o600)
    return descriptor


def _write_pid(descriptor: int, text: str) -> None:
    # Only for the message of whoever waits: a full file system must not stop the run, and a directory takes no text.
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text.encode("ascii"), 0)


def _describe_holder(descriptor: int, path: str) -> str:
    try:
        pid = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
    except OSError:
        pid = ""
    return describe_holder(pid, path)
