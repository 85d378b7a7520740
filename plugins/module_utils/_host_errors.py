# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error number means for an operation, in a sentence that says what to do about it."""

from __future__ import annotations

import errno
import os

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import ConntrackError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import NotRegularError, errno_name
from ansible_collections.stateward.conntrack.plugins.module_utils._model import (
    DIRECTORY,
    FILE,
    VALUE,
    Operation,
)

_READ_ONLY = "{target} is on a read-only file system"
_NO_SPACE = "no space is left for {target}: it is as it was"
_NO_PARENT = "the directory {directory} is missing, and making it is not in the plan"
_PARENT_NO_DIRECTORY = "{directory} is not a directory"
_NO_PERMISSION = "no permission to change {target}: root is needed"
_IMMUTABLE = (
    "{target} may not be changed even so: it or its directory is immutable (lsattr), or a security policy forbids it"
)

SENTENCES = {
    # 5.12.2 and the stable kernels of its time: max, buckets and expect_max are 0444 outside the initial namespace.
    (
        VALUE,
        errno.EACCES,
    ): "{target} may not be written here: root is needed, and sizes can only be set on the host, in the "
    "initial network namespace",
    (VALUE, errno.EPERM): "{target} may not be written: root with CAP_NET_ADMIN is needed, or a container forbids it",
    # Container engines mount /proc/sys and /sys read-only.
    (VALUE, errno.EROFS): "{target} is mounted read-only, as in a container: change it on the host",
    (VALUE, errno.EINVAL): "the kernel refuses the value {after} for {target}",
    # nf_conntrack_hash_resize() when the table cannot be allocated, or above INT_MAX bytes (since 6.13).
    (VALUE, errno.ENOMEM): "the kernel has not enough memory for {target} = {after}, or allows no table of that size",
    # nf_conntrack_set_hashsize() outside the initial network namespace.
    (VALUE, errno.EOPNOTSUPP): "{target} can only be changed in the initial network namespace: change it on the host",
    # Seen on 6.18 in a network namespace that a user namespace owns.
    (VALUE, errno.EIO): "{target} cannot be read or written here, as in a user namespace: change it on the host",
    (VALUE, errno.ENOENT): "{target} does not exist: this kernel has no such setting, or its module is not loaded",
    (FILE, errno.ENOENT): _NO_PARENT,
    (FILE, errno.ENOTDIR): _PARENT_NO_DIRECTORY,
    (FILE, errno.EISDIR): "{target} is a directory, not a file",
    (FILE, errno.EROFS): _READ_ONLY,
    (FILE, errno.ENOSPC): _NO_SPACE,
    (FILE, errno.EDQUOT): _NO_SPACE,
    (FILE, errno.EACCES): _NO_PERMISSION,
    (FILE, errno.EPERM): _IMMUTABLE,
    (DIRECTORY, errno.ENOENT): _NO_PARENT,
    (DIRECTORY, errno.ENOTDIR): "{target} or what it is in is not a directory",
    (DIRECTORY, errno.EROFS): _READ_ONLY,
    (DIRECTORY, errno.ENOSPC): _NO_SPACE,
    (DIRECTORY, errno.EDQUOT): _NO_SPACE,
    (DIRECTORY, errno.EACCES): _NO_PERMISSION,
    (DIRECTORY, errno.EPERM): _IMMUTABLE,
}


def explain_error(operation: Operation, error: BaseException) -> str:
    """One sentence, without a full stop, for the operation that met the error."""
    if isinstance(error, NotRegularError):
        return f"{operation.target} is no regular file, and is left alone"
    if isinstance(error, ConntrackError):
        return str(error)
    if not isinstance(error, OSError) or error.errno is None:
        detail = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return f"{operation.target}: {detail}"
    sentence = SENTENCES.get((operation.kind, error.errno))
    if sentence is None:
        return f"{operation.target}: {os.strerror(error.errno)} ({errno_name(error.errno)})"
    return sentence.format(
        target=operation.target, directory=operation.directory, after=(operation.after or "").strip()
    )
