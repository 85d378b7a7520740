# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are replaced as a whole: whatever happens, a file has either its old or its new content.

Everything works on a name in an opened directory, so that nobody can exchange the directory in between.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from dataclasses import dataclass
from typing import Iterator

from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import open_regular, read_bytes

# No reader of sysctl.d, modprobe.d, modules-load.d or sysconfig/modules loads a hidden name, nor one with this end.
TEMPORARY_SUFFIX = ".stateward-tmp"

# No file that we replace is anywhere near this large.
MAX_FILE_BYTES = 16 * 1024 * 1024

_LABEL = "security.selinux"

# What file systems without labels, and files without one, answer: xattr(7).
_NO_LABEL = (errno.ENODATA, errno.EOPNOTSUPP, errno.ENOSYS)

# Network, FUSE and stacked file systems that cannot flush a directory: fsync(2).
_NO_DIRECTORY_SYNC = (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS)

_TEMPORARY_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class FileState:
    """All of a file that is kept. uid and gid -1: those of whoever writes it; label: the SELinux context."""

    data: bytes
    mode: int
    uid: int = -1
    gid: int = -1
    label: bytes | None = None


@contextlib.contextmanager
def open_directory(host_path: str) -> Iterator[int]:
    """A descriptor of the directory. Raises OSError: missing, not a directory, or a link."""
    descriptor = os.open(host_path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def capture_file(directory: int, name: str) -> FileState | None:
    """The file as it is, None when there is none.

    Raises IsADirectoryError, NotRegularError, OSError ELOOP for a link, EFBIG above MAX_FILE_BYTES, or that of reading.
    """
    try:
        descriptor = open_regular(name, dir_fd=directory)
    except FileNotFoundError:
        return None
    try:
        return capture_status(descriptor, read_bytes(descriptor, MAX_FILE_BYTES))
    finally:
        os.close(descriptor)


def capture_status(descriptor: int, data: bytes = b"") -> FileState:
    """Mode, owner and label of an opened file or directory."""
    status = os.fstat(descriptor)
    return FileState(data, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, _read_label(descriptor))


def replace_file(directory: int, name: str, state: FileState) -> None:
    """Put a file in place of whatever file has that name, flushed to the disk.

    Raises OSError; then the old file is untouched and the temporary one removed.
    """
    temporary = f".{name}.{os.getpid()}{TEMPORARY_SUFFIX}"
    descriptor = os.open(temporary, _TEMPORARY_FLAGS, 0o600, dir_fd=directory)
    try:
        try:
            _write_all(descriptor, state.data)
            apply_status(descriptor, state)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=directory)
        raise
    sync_directory(directory)


def remove_file(directory: int, name: str) -> None:
    """Remove the file, flushed to the disk. Raises OSError."""
    os.unlink(name, dir_fd=directory)
    sync_directory(directory)


def restore_file(directory: int, name: str, state: FileState | None) -> None:
    """Make the file what capture_file() found; nothing is written when it already is."""
    found = capture_file(directory, name)
    if found == state:
        return
    if state is None:
        remove_file(directory, name)
    else:
        replace_file(directory, name, state)


def clean_temporaries(directory: int) -> None:
    """Remove what killed runs left behind. Only for the holder of the lock: it removes those of a living run, too."""
    for name in os.listdir(directory):
        if name.startswith(".") and name.endswith(TEMPORARY_SUFFIX):
            # What cannot be removed is hidden from every reader and does no harm.
            with contextlib.suppress(OSError):
                _remove_own(directory, name)


def _remove_own(directory: int, name: str) -> None:
    status = os.stat(name, dir_fd=directory, follow_symlinks=False)
    if stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid():
        os.unlink(name, dir_fd=directory)


def apply_status(descriptor: int, state: FileState) -> None:
    """Give an opened file or directory the owner, mode and label of a state. Raises OSError."""
    status = os.fstat(descriptor)
    wanted = (status.st_uid if state.uid < 0 else state.uid, status.st_gid if state.gid < 0 else state.gid)
    if wanted != (status.st_uid, status.st_gid):
        os.fchown(descriptor, *wanted)
    # After the owner, because a change of owner takes set-id bits away: chown(2).
    os.fchmod(descriptor, state.mode)
    if state.label is not None and state.label != _read_label(descriptor):
        os.setxattr(descriptor, _LABEL, state.label)


def sync_directory(directory: int) -> None:
    """Flush the names in a directory, where its file system can."""
    try:
        os.fsync(directory)
    except OSError as error:
        if error.errno not in _NO_DIRECTORY_SYNC:
            raise


def _read_label(descriptor: int) -> bytes | None:
    try:
        return os.getxattr(descriptor, _LABEL)
    except OSError as error:
        if error.errno in _NO_LABEL:
            return None
        raise


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
