# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file tree in memory: entries by their real path, seen through its links as a process on the host would see them."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry

Nodes = Mapping[str, Entry]

_MOST_LINKS = 40  # where Linux gives up with ELOOP, too


def resolve(nodes: Nodes, path: str, *, links: int = 0) -> str:
    """The real path of an absolute path, the last component followed as well; components need not exist.

    Raises RecursionError for a loop of links.
    """
    if links > _MOST_LINKS:
        raise RecursionError(f"too many links: {path}")
    current = ""
    for part in path.split("/"):
        if part in ("", "."):
            continue
        current = posixpath.dirname(current).rstrip("/") if part == ".." else f"{current}/{part}"
        node = nodes.get(current)
        if node is not None and node.kind == "link":
            target = posixpath.join(posixpath.dirname(current), node.target)
            current = resolve(nodes, target, links=links + 1).rstrip("/")
    return current or "/"


def canonical(nodes: Nodes, path: str) -> str:
    """The path with the links of its parent directories resolved, its last component kept: where lstat would look."""
    parent = resolve(nodes, posixpath.dirname(path))
    return posixpath.join(parent, posixpath.basename(path))


def parents(path: str) -> list[str]:
    """All directories above a path, the root excluded, the highest first."""
    parts = path.split("/")[1:-1]
    return ["/" + "/".join(parts[: index + 1]) for index in range(len(parts))]


def real_nodes(entries: Nodes) -> dict[str, Entry]:
    """The entries of a snapshot that are not merely seen through a link to a directory."""
    return {path: entry for path, entry in entries.items() if canonical(entries, path) == path}


def see_through_links(nodes: Nodes) -> dict[str, Entry]:
    """All entries: the nodes, links with what they point to, and what is in linked directories by its second name."""
    entries = dict(nodes)
    links = [node for node in nodes.values() if node.kind == "link"]
    for link in links:
        entries[link.path] = _followed(nodes, link)
    for link in sorted(links, key=lambda node: -node.path.count("/")):
        _mirror(entries, entries[link.path])
    return entries


def _followed(nodes: Nodes, link: Entry) -> Entry:
    real = resolve(nodes, link.path)
    there = nodes.get(real)
    if there is None:
        return replace(link, real=real, text=None, error="ENOENT")
    return replace(link, real=real, text=there.text, writable=there.writable, error=there.error)


def _mirror(entries: dict[str, Entry], link: Entry) -> None:
    there = entries.get(link.real)
    if there is None or there.kind != "directory" or link.path.startswith(link.real + "/"):
        return
    for path, entry in list(entries.items()):
        if path.startswith(link.real + "/"):
            second = link.path + path[len(link.real) :]
            entries[second] = replace(entry, path=second)
