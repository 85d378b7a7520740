# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file tree below a root: links are resolved inside it, and nothing but regular files is ever opened."""

from __future__ import annotations

import errno
import os
import stat

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import UnsupportedHostError

# path_resolution(7): Linux gives up after 40 links.
MAX_LINKS = 40

# Nothing that we read as a whole is larger than a few KiB; what is larger is no configuration.
MAX_BYTES = 1024 * 1024

READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

# errno numbers with two names: the one that the manual pages use.
_PREFERRED_NAMES = {errno.EOPNOTSUPP: "EOPNOTSUPP", errno.EAGAIN: "EAGAIN", errno.EDEADLK: "EDEADLK"}


class NotRegularError(UnsupportedHostError):
    """The path is a FIFO, a socket or a device: opening it could hang or do something."""


class Tree:
    """The files below a root directory, addressed by absolute paths that do not contain the root."""

    def __init__(self, root: str = "/") -> None:
        self.root = os.path.realpath(root)
        self._prefix = "" if self.root == "/" else self.root

    def host_path(self, path: str) -> str:
        """Where a path of the tree is for the operating system; links in it are not looked at."""
        return self._prefix + path

    def resolve(self, path: str) -> str:
        """The path without any link, inside the tree; what does not exist is kept as it is written.

        Raises OSError ELOOP when there are too many links.
        """
        pending, links = path.split("/")[::-1], 0
        done: list[str] = []
        while pending:
            name = pending.pop()
            if name == "..":
                done = done[:-1]
            if name in ("", ".", ".."):
                continue
            target = self._read_link("/".join(["", *done, name]))
            if not target:
                done.append(name)
                continue
            links += 1
            if links > MAX_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            done = [] if target.startswith("/") else done
            pending.extend(target.split("/")[::-1])
        return "/" + "/".join(done)

    def locate(self, path: str) -> str:
        """The operating system's path: links above the last name resolved inside the tree, the last one not."""
        parent, _slash, name = path.rstrip("/").rpartition("/")
        return self.host_path(self.resolve(parent).rstrip("/") + "/" + name)

    def _read_link(self, path: str) -> str:
        try:
            return os.readlink(self.host_path(path))
        except OSError:
            # Not a link, missing or forbidden: whoever uses the path gets the error with its own context.
            return ""


def errno_name(number: int | None) -> str:
    """C(EACCES) for 13; EIO for an error without a number."""
    if number is None:
        return "EIO"
    return _PREFERRED_NAMES.get(number) or errno.errorcode.get(number, str(number))


def open_regular(path: str, *, dir_fd: int | None = None) -> int:
    """Open a regular file for reading without ever blocking and return its descriptor.

    Raises IsADirectoryError, NotRegularError, or the OSError of opening it (ELOOP for a link).
    """
    # Looked at before opening: to open a device or a FIFO is already to use it.
    _check_regular(os.stat(path, dir_fd=dir_fd, follow_symlinks=False), path)
    descriptor = os.open(path, READ_FLAGS, dir_fd=dir_fd)
    try:
        _check_regular(os.fstat(descriptor), path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _check_regular(status: os.stat_result, path: str) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if stat.S_ISLNK(status.st_mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
    if not stat.S_ISREG(status.st_mode):
        raise NotRegularError(path + " is not a regular file")


def read_bytes(descriptor: int, limit: int = MAX_BYTES) -> bytes:
    """Everything up to the end of the file; procfs tells no size, so only reading shows it. Raises OSError EFBIG."""
    chunks: list[bytes] = []
    size = 0
    while size <= limit:
        chunk = os.read(descriptor, 65536)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
        size += len(chunk)
    raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))


def decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """The bytes that decode() made text of. Raises UnicodeEncodeError when no bytes could have."""
    return text.encode("utf-8", "surrogateescape")
