# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a program or a shell says about an error, as the name of its number."""

from __future__ import annotations

import errno
import os

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import UnsupportedHostError

# The names that an operation on a file or a kernel value can meet.
_NAMES = (
    "EACCES",
    "EBUSY",
    "EDQUOT",
    "EEXIST",
    "EFBIG",
    "EINVAL",
    "EIO",
    "EISDIR",
    "ELOOP",
    "EMLINK",
    "ENAMETOOLONG",
    "ENODEV",
    "ENOENT",
    "ENOMEM",
    "ENOSPC",
    "ENOSYS",
    "ENOTDIR",
    "ENOTEMPTY",
    "ENXIO",
    "EOPNOTSUPP",
    "EPERM",
    "ERANGE",
    "EROFS",
    "ETXTBSY",
    "EXDEV",
)

# What others say than glibc: musl 1.2 (src/errno/__strerror.h), the shells dash and busybox ash for a redirection.
_OTHER_WORDS = {
    "i/o error": "EIO",
    "symbolic link loop": "ELOOP",
    "too many symbolic links encountered": "ELOOP",
    "out of memory": "ENOMEM",
    "not supported": "EOPNOTSUPP",
    "resource busy": "EBUSY",
    "quota exceeded": "EDQUOT",
    "cross-device link": "EXDEV",
    "filename too long": "ENAMETOOLONG",
    "directory nonexistent": "ENOENT",
    "nonexistent directory": "ENOENT",
    "no such file": "ENOENT",
}
_WORDS = {
    **_OTHER_WORDS,
    **{os.strerror(getattr(errno, name)).lower(): name for name in _NAMES},
    **{name.lower(): name for name in _NAMES},
}


def find_errno(message: str) -> str:
    """The name of the error that ends one of the lines of a message, C(EIO) when none is known."""
    for line in message.splitlines():
        name = _WORDS.get(line.rpartition(": ")[2].strip().lower())
        if name:
            return name
    return "EIO"


def make_error(message: str) -> OSError:
    """The OSError that a system call would have raised, whose sentence is the same from both transports."""
    number = getattr(errno, find_errno(message))
    return OSError(number, os.strerror(number))


def cannot_run(tool: str) -> UnsupportedHostError:
    """What to raise where a program is missing, or fails for every argument."""
    return UnsupportedHostError(f"{tool} cannot be run on this host, and nothing can be done without it")
