# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loading a module as C(modprobe) would: with the options in force, without running any C(install) line."""

from __future__ import annotations

import errno
import posixpath
import re
from typing import Mapping, MutableMapping

from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry
from ansible_collections.stateward.conntrack.tests.support.kernel_files import modules_file, with_needed
from ansible_collections.stateward.conntrack.tests.support.kernel_model import KernelModel
from ansible_collections.stateward.conntrack.tests.support.kernels import modules_of
from ansible_collections.stateward.conntrack.tests.support.tree import parents, resolve, see_through_links

# kmod: the same name in an earlier directory hides the one in a later, and the names count for the order.
_DIRECTORIES = ("/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib")


def load_module(nodes: MutableMapping[str, Entry], facts: Mapping[str, str], kernel: KernelModel, name: str) -> None:
    """Load a module and what it needs: its keys appear, sized by the options in force.

    Raises OSError(ENOENT) for a module that is not installed.
    """
    seen = see_through_links(dict(nodes))
    if _listed(seen, f"/lib/modules/{facts['release']}/modules.builtin", name):
        return
    if not _installed(seen, facts["release"], name):
        raise OSError(errno.ENOENT, f"module {name} not found")
    loaded = _loaded(seen)
    sizes = kernel.sizes_at_load(_hashsize(seen, facts, kernel))
    for module in with_needed(kernel, name) if name in modules_of(kernel.generation) else [name]:
        if module in loaded:
            continue
        loaded.append(module)
        for entry in [*kernel.key_files(module, sizes), *kernel.module_files(module, sizes)]:
            nodes[entry.path] = entry
            for parent in parents(entry.path):
                nodes.setdefault(parent, Entry(parent, "directory", mode=0o755))
    nodes["/proc/modules"] = modules_file([module for module in loaded if module != "ext4"])


def _loaded(nodes: Mapping[str, Entry]) -> list[str]:
    entry = nodes.get("/proc/modules")
    return [line.split()[0] for line in reversed((entry.text or "").splitlines())] if entry else []


def _installed(nodes: Mapping[str, Entry], release: str, name: str) -> bool:
    if _listed(nodes, f"/lib/modules/{release}/modules.dep", name):
        return True
    return f"/lib/modules/{release}/{name}.ko" in nodes  # OpenWrt: no lists


def _listed(nodes: Mapping[str, Entry], path: str, name: str) -> bool:
    entry = nodes.get(path)
    pattern = r"(^|/)" + name.replace("_", "[_-]") + r"\.ko(\.(gz|xz|zst))?(:|$)"
    return entry is not None and re.search(pattern, entry.text or "", re.MULTILINE) is not None


def _hashsize(nodes: Mapping[str, Entry], facts: Mapping[str, str], kernel: KernelModel) -> int:
    """The hashsize option in force, 0 if none: the last one counts, with module-init-tools 3.3 (EL5) the first."""
    modprobe = posixpath.basename(resolve(nodes, facts.get("tool:modprobe", "/sbin/modprobe")))
    dialect = kernel.generation.dialect
    if modprobe == "kmodloader":
        return 0
    texts = [
        nodes[path].text or ""
        for path in _config_files(nodes, any_name=modprobe == "busybox" or dialect == "ip_conntrack")
    ]
    values = [int(value) for text in texts for value in _options(text, dialect)]
    cmdline = nodes.get("/proc/cmdline")
    if cmdline and modprobe != "busybox" and dialect != "ip_conntrack":
        values += [int(value) for value in re.findall(rf"\b{dialect}\.hashsize=(\d+)", cmdline.text or "")]
    if not values:
        return 0
    return values[0] if dialect == "ip_conntrack" else values[-1]


def _options(text: str, module: str) -> list[str]:
    lines = [line.split() for line in text.splitlines()]
    named = [
        words[2:]
        for words in lines
        if words[:1] == ["options"] and words[1:2] in ([module], [module.replace("_", "-")])
    ]
    return [word[len("hashsize=") :] for words in named for word in words if word.startswith("hashsize=")]


def _config_files(nodes: Mapping[str, Entry], *, any_name: bool) -> list[str]:
    """Paths in the order in which modprobe reads them."""
    if any_name:
        names = sorted(path for path in nodes if posixpath.dirname(path) == "/etc/modprobe.d")
        return [path for path in ["/etc/modprobe.conf", *names] if path in nodes]
    winners: dict[str, str] = {}
    for directory in _DIRECTORIES:
        for path in nodes:
            if posixpath.dirname(path) == f"{directory}/modprobe.d" and path.endswith(".conf"):
                winners.setdefault(posixpath.basename(path), path)
    return [winners[name] for name in sorted(winners)]
