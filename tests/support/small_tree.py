# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A few files of a host below a directory, and a plan that changes each of them."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import Tree
from ansible_collections.stateward.conntrack.plugins.module_utils._model import DIRECTORY, FILE, VALUE, Operation

MAX = "/proc/sys/net/netfilter/nf_conntrack_max"
HASHSIZE = "/sys/module/nf_conntrack/parameters/hashsize"

START = {"/etc/a.conf": "a", "/etc/sysctl.d/b.conf": "b\r\n\udcff", MAX: "100\n", HASHSIZE: "64\n"}


def make(root: Path) -> Tree:
    """START below root."""
    for name, text in START.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    (root / "etc/a.conf").chmod(0o640)
    return Tree(str(root))


def look(root: Path) -> dict[str, tuple[object, ...]]:
    """Everything below root: kind, mode, owner and content."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(root))] = (status.st_mode, status.st_uid, status.st_gid, content)
    return found


def op(kind: str, target: str, before: str | None, after: str | None) -> Operation:
    """An operation whose reason does not matter."""
    return Operation(kind, target, before, after, "because")


PLAN = (
    op(DIRECTORY, "/etc/new.d", None, "present"),
    op(FILE, "/etc/new.d/c.conf", None, "c"),
    op(FILE, "/etc/a.conf", "a", "A"),
    op(FILE, "/etc/sysctl.d/b.conf", "b\r\n\udcff", None),
    op(DIRECTORY, "/etc/sysctl.d", "present", None),
    op(VALUE, HASHSIZE, "64", "512"),
    op(VALUE, MAX, "100", "200"),
)
