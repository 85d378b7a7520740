# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts as data: the files in tests/cases/hosts as snapshots, and as trees on disk.

A host file has a C(description), C(facts), a C(kernel) section (see kernel_files.Kernel), C(read_only) (directories
mounted so) and C(files): path -> text, or a mapping with C(text), C(mode), C(link), C(directory). It may name another
host as its C(base): the sections are merged by key, and null takes away what the base has there.
"""

from __future__ import annotations

import functools
import os
import posixpath
from dataclasses import replace
from pathlib import Path
from typing import Any, Mapping, Sequence

import yaml
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Snapshot
from ansible_collections.stateward.conntrack.tests.support.kernel_files import Kernel, kernel_files
from ansible_collections.stateward.conntrack.tests.support.kernel_model import KernelModel, file_entry
from ansible_collections.stateward.conntrack.tests.support.tree import canonical, parents, real_nodes, see_through_links

DIRECTORY = Path(__file__).resolve().parent.parent / "cases" / "hosts"

_FACTS = {"machine": "x86_64", "page_size": "4096", "euid": "0", "time": "20260101T000000Z"}
# Directories that every host has, whether or not a file in them is described.
_ALWAYS = ("/etc", "/proc/sys/net/ipv4", "/run", "/sys", "/tmp", "/var/lib", "/var/lock")


def host_names() -> list[str]:
    """The names of all hosts, sorted."""
    return sorted(path.stem for path in DIRECTORY.glob("*.yml"))


def load_host(name: str, files: Mapping[str, Any] | None = None) -> Snapshot:
    """The host of this name as a reader would find it that reads everything.

    files: put on top, in the form of a host file; null takes away. Raises FileNotFoundError for an unknown name.
    """
    data = _load(name)
    facts = {**_FACTS, **data["facts"]}
    nodes = _nodes(
        {**data["files"], **(files or {})}, [value for fact, value in facts.items() if fact.startswith("tool:")]
    )
    kernel = Kernel(**data["kernel"])
    memory = {"/proc/meminfo": file_entry("/proc/meminfo", f"MemTotal: {kernel.memory_kb} kB\n", 0o444)}
    model = KernelModel.of(Snapshot(entries={**nodes, **memory}, facts=facts))
    made = kernel_files(kernel, model, facts["release"])
    nodes = {
        **{canonical(nodes, path): replace(entry, path=canonical(nodes, path)) for path, entry in made.items()},
        **nodes,
    }
    return Snapshot(entries=_complete(nodes, data["read_only"]), facts=facts)


def with_files(snapshot: Snapshot, files: Mapping[str, Any]) -> Snapshot:
    """The snapshot with files put on top, in the form of a host file; links and directories are seen to."""
    nodes = real_nodes(snapshot.entries)
    read_only = [path for path, entry in nodes.items() if entry.kind == "directory" and not entry.writable]
    for path, value in files.items():
        where = canonical(nodes, path)
        nodes.pop(where, None)
        if value is not None:
            nodes[where] = _node(where, value)
    return Snapshot(entries=_complete(nodes, read_only), facts=snapshot.facts)


def write_tree(snapshot: Snapshot, root: Path, *, relative_links: bool = False) -> None:
    """Lay the tree out below root, with modes and links; the owner is whoever runs this.

    Links are written as they are, so absolute ones hold only in a chroot; relative_links turns them into relative ones.
    """
    for path, entry in sorted(real_nodes(snapshot.entries).items()):
        place = root / path[1:]
        place.parent.mkdir(parents=True, exist_ok=True)
        if entry.kind == "directory":
            place.mkdir(exist_ok=True)
        elif entry.kind == "link":
            place.symlink_to(_link_text(entry) if relative_links else entry.target)
        else:
            place.write_bytes((entry.text or "").encode("utf-8", "surrogateescape"))
            place.chmod(entry.mode)


def _link_text(entry: Entry) -> str:
    if not entry.target.startswith("/"):
        return entry.target
    return os.path.relpath(entry.target, posixpath.dirname(entry.path))


@functools.lru_cache(maxsize=None)
def _load(name: str) -> Mapping[str, Any]:
    """A host file with what it takes over from its base; the sections are merged by their keys."""
    data = yaml.safe_load((DIRECTORY / f"{name}.yml").read_text(encoding="utf-8"))
    base: Mapping[str, Any] = _load(data["base"]) if "base" in data else {}
    merged = {key: {**base.get(key, {}), **data.get(key, {})} for key in ("facts", "kernel", "files")}
    return {**merged, "description": data["description"], "read_only": data.get("read_only", base.get("read_only", ()))}


def _nodes(files: Mapping[str, Any], tools: Sequence[str]) -> dict[str, Entry]:
    """The described files under their real paths, and a program for each tool that is not described."""
    links = {path: _node(path, value) for path, value in files.items() if isinstance(value, dict) and "link" in value}
    described = {canonical(links, path): value for path, value in files.items() if value is not None}
    nodes = {path: _node(path, value) for path, value in described.items()}
    for tool in tools:
        nodes.setdefault(canonical(links, tool), file_entry(canonical(links, tool), None, 0o755))
    return nodes


def _node(path: str, value: Any) -> Entry:
    if isinstance(value, bytes):  # YAML's !!binary: content that is no UTF-8
        value = value.decode("utf-8", "surrogateescape")
    data = {"text": value} if isinstance(value, str) else value
    if "link" in data:
        return Entry(path, "link", mode=0o777, target=data["link"])
    mode = int(data["mode"], 8) if "mode" in data else None
    if data.get("directory"):
        return Entry(path, "directory", mode=0o755 if mode is None else mode)
    return file_entry(path, data.get("text"), 0o644 if mode is None else mode)


def _complete(nodes: Mapping[str, Entry], read_only: Sequence[str]) -> dict[str, Entry]:
    """Add the directories above each path, mark what is mounted read-only, and show everything through the links."""
    complete = dict(nodes)
    for path in [*nodes, *(canonical(nodes, always) + "/." for always in _ALWAYS)]:
        for parent in parents(path):
            complete.setdefault(parent, Entry(parent, "directory", mode=0o755))
    for path, entry in complete.items():
        if any((path + "/").startswith(prefix + "/") for prefix in read_only):
            complete[path] = replace(entry, writable=False)
    return see_through_links(complete)
