# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error number that is known to happen has its sentence; every other one is still named."""

from __future__ import annotations

import errno
import os

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import StaleError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_errors import SENTENCES, explain_error
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import NotRegularError
from ansible_collections.stateward.conntrack.plugins.module_utils._model import (
    DIRECTORY,
    FILE,
    MODULE,
    VALUE,
    Operation,
)

MAX = "/proc/sys/net/netfilter/nf_conntrack_max"
DROP_IN = "/etc/sysctl.d/90-conntrack.conf"

KNOWN = [
    (VALUE, errno.EACCES, "in the initial network namespace"),
    (VALUE, errno.EPERM, "CAP_NET_ADMIN"),
    (VALUE, errno.EROFS, MAX + " is mounted read-only, as in a container: change it on the host"),
    (VALUE, errno.EINVAL, "the kernel refuses the value 5 for " + MAX),
    (VALUE, errno.ENOMEM, "not enough memory for " + MAX + " = 5"),
    (VALUE, errno.EOPNOTSUPP, "initial network namespace"),
    (VALUE, errno.EIO, "user namespace"),
    (VALUE, errno.ENOENT, MAX + " does not exist"),
    (FILE, errno.ENOENT, "the directory /etc/sysctl.d is missing, and making it is not in the plan"),
    (FILE, errno.ENOTDIR, "/etc/sysctl.d is not a directory"),
    (FILE, errno.EISDIR, DROP_IN + " is a directory"),
    (FILE, errno.EROFS, DROP_IN + " is on a read-only file system"),
    (FILE, errno.ENOSPC, "no space is left for " + DROP_IN),
    (FILE, errno.EDQUOT, "no space is left for " + DROP_IN),
    (FILE, errno.EACCES, "root is needed"),
    (FILE, errno.EPERM, "immutable"),
    (DIRECTORY, errno.ENOENT, "the directory /etc/sysctl.d is missing"),
    (DIRECTORY, errno.ENOTDIR, "not a directory"),
    (DIRECTORY, errno.EROFS, "read-only file system"),
    (DIRECTORY, errno.ENOSPC, "no space is left"),
    (DIRECTORY, errno.EDQUOT, "no space is left"),
    (DIRECTORY, errno.EACCES, "root is needed"),
    (DIRECTORY, errno.EPERM, "immutable"),
]


def operation(kind: str) -> Operation:
    target = MAX if kind == VALUE else DROP_IN
    return Operation(kind, target, None, "5\n", "because")


@pytest.mark.parametrize(("kind", "number", "expected"), KNOWN)
def test_known(kind: str, number: int, expected: str) -> None:
    assert expected in explain_error(operation(kind), OSError(number, os.strerror(number)))


def test_every_row_is_tested() -> None:
    assert {(kind, number) for kind, number, _text in KNOWN} == set(SENTENCES)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.EBUSY, "busy"), DROP_IN + ": Device or resource busy (EBUSY)"),
        (OSError("no number"), DROP_IN + ": OSError: no number"),
        (MemoryError(), DROP_IN + ": MemoryError"),
        (KeyError("kind"), DROP_IN + ": KeyError: 'kind'"),
        (StaleError("it was changed"), "it was changed"),
        (NotRegularError("f"), DROP_IN + " is no regular file, and is left alone"),
    ],
)
@pytest.mark.parametrize("kind", [FILE, DIRECTORY, MODULE])
def test_others(kind: str, error: BaseException, expected: str) -> None:
    assert explain_error(operation(kind), error) == expected
