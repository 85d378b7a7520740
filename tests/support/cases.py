# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases as data: a host, the options of one task, and what has to come of it. Each file in tests/cases is one.

A case has a C(description), the C(host) (a name in tests/cases/hosts), C(files) put on top of it and the C(options),
then any of these expectations:

C(operations): all of them in their order, each as C(kind target), values as C(value target = after).
C(files_after): path -> exact text, null for no such file. C(values_after): name -> number in the running kernel.
C(survives): event -> whether it does; C(reasons): event -> regular expression that one of its reasons matches.
C(conflicts): all, as C(key source wins) or C(key source loses). C(not_applied): all names.
C(warnings): regular expressions, one for each warning. C(error): regular expression of the refusal; then nothing is
done. C(local): false where plain files cannot stand for this kernel.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Mapping

import yaml
from ansible_collections.stateward.conntrack.plugins.module_utils._host_local import LocalHost
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Applied, Operation, Read, Snapshot
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host, write_tree

DIRECTORY = Path(__file__).resolve().parent.parent / "cases"


@dataclass(frozen=True)
class Case:
    """One case file; None for an expectation that it does not have."""

    description: str
    host: str
    options: Mapping[str, Any]
    files: Mapping[str, Any] = field(default_factory=dict)
    operations: list[str] | None = None
    files_after: Mapping[str, str | None] = field(default_factory=dict)
    values_after: Mapping[str, int] = field(default_factory=dict)
    survives: Mapping[str, bool] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    conflicts: list[str] | None = None
    not_applied: list[str] | None = None
    warnings: list[str] | None = None
    error: str = ""
    local: bool = True

    def snapshot(self) -> Snapshot:
        return load_host(self.host, self.files)

    @property
    def loads(self) -> bool:
        """Whether a module is loaded, which only the kernel in memory can do."""
        return any(line.startswith("module ") for line in self.operations or ())


def case_names() -> list[str]:
    """The names of all cases, sorted."""
    return sorted(path.stem for path in DIRECTORY.glob("*.yml"))


def load_case(name: str) -> Case:
    """The case of this name. Raises TypeError for a key that no case has."""
    data = yaml.safe_load((DIRECTORY / f"{name}.yml").read_text(encoding="utf-8"))
    unknown = set(data) - {item.name for item in fields(Case)}
    if unknown:
        raise TypeError(f"{name}: {', '.join(sorted(unknown))}")
    return Case(**data)


def show_operations(result: Mapping[str, Any]) -> list[str]:
    """The operations of a result as a case writes them."""
    return [_show_operation(item) for item in result["operations"]]


def _show_operation(item: Mapping[str, Any]) -> str:
    shown = f"{item['kind']} {item['target']}"
    if item["kind"] == "value":
        return f"{shown} = {item['after']}"
    return shown if item["after"] is not None else f"{shown} gone"


def show_conflicts(result: Mapping[str, Any]) -> list[str]:
    """The conflicts of a result as a case writes them."""
    return [f"{item['key']} {item['source']} {'wins' if item['wins'] else 'loses'}" for item in result["conflicts"]]


def value_of(values: Mapping[str, Any], name: str) -> int | None:
    """A value in the C(before) or C(after) of a result: max, hashsize, a timeout or a setting."""
    everything = {**values["settings"], **values["timeouts"], "max": values["max"], "hashsize": values["hashsize"]}
    return everything[name]


class TreeHost(LocalHost):
    """The host of a snapshot laid out below a directory, handled by the real implementation.

    The facts are those of the snapshot, for this machine may be another one. What the kernel shows in two files follows
    what is written to one of them.
    """

    def __init__(self, snapshot: Snapshot, root: Path) -> None:
        write_tree(snapshot, root, relative_links=True)
        super().__init__(str(root), lock_seconds=0.2)
        self.root = root
        self.facts = snapshot.facts

    def read(self, reads: tuple[Read, ...]) -> Snapshot:
        return replace(super().read(reads), facts=self.facts)

    def apply(self, operations: tuple[Operation, ...], reads: tuple[Read, ...]) -> Applied:
        applied = super().apply(operations, reads)
        for operation in operations:
            self._follow(operation.target)
        return replace(applied, snapshot=self.read(reads))

    def _follow(self, target: str) -> None:
        for other in (path for twins in _TWINS if target in twins for path in twins if path != target):
            place, mode = self.root / other[1:], (self.root / other[1:]).stat().st_mode
            place.chmod(0o644)
            place.write_bytes((self.root / target[1:]).read_bytes())
            place.chmod(stat.S_IMODE(mode))

    def tree(self) -> dict[str, tuple[str, str, bytes]]:
        """Everything below the root but locks: path -> kind, mode, text or target."""
        return {
            str(path.relative_to(self.root)): _describe(path)
            for path in sorted(self.root.rglob("*"))
            if not path.name.endswith(".lock")
        }


# Two files that show one variable.
_TWINS = (
    ("/sys/module/nf_conntrack/parameters/hashsize", "/proc/sys/net/netfilter/nf_conntrack_buckets"),
    ("/sys/module/ip_conntrack/parameters/hashsize", "/proc/sys/net/ipv4/netfilter/ip_conntrack_buckets"),
)


def _describe(path: Path) -> tuple[str, str, bytes]:
    status = path.lstat()
    mode = oct(stat.S_IMODE(status.st_mode))
    if path.is_symlink():
        return "link", mode, os.fsencode(os.readlink(path))
    return ("directory", mode, b"") if path.is_dir() else ("file", mode, path.read_bytes())
