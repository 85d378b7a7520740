# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of modules that a boot loads, in the form that each system keeps it."""

from __future__ import annotations

from typing import Callable, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils import _platform_table as table
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.lines import replace_block
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.shellvars import (
    read_variable,
    set_variable,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._persist_base import (
    BEGIN,
    END,
    HEADER,
    NotNeeded,
    Persisting,
    modules,
    require_module,
)


def persist_preload(persisting: Persisting) -> None:
    """Have the module loaded before the boot's sysctl step. Raises NotNeeded."""
    observed = persisting.observed
    require_module(observed)
    loading = observed.platform.boot.loading
    if not observed.platform.boot.features:
        raise NotNeeded("no init system that this collection knows was found: nothing would read the list")
    _PRELOADS[loading.kind](persisting, loading, modules(observed))


_PRELOAD_REASON = "the module is loaded before the boot's sysctl step"


def _preload_list(persisting: Persisting, loading: table.Loading, modules: tuple[str, ...]) -> None:
    text = HEADER + "".join(f"{name}\n" for name in modules)
    persisting.draft.write(loading.path, text, _PRELOAD_REASON, mode=0o644)


def _preload_block(persisting: Persisting, loading: table.Loading, modules: tuple[str, ...]) -> None:
    draft = persisting.draft
    body = "".join(f"{name}\n" for name in modules)
    draft.write(loading.path, replace_block(draft.text(loading.path) or "", BEGIN, END, body), _PRELOAD_REASON)


def _preload_script(persisting: Persisting, loading: table.Loading, modules: tuple[str, ...]) -> None:
    modprobe = persisting.observed.snapshot.facts.get("tool:modprobe", "/sbin/modprobe")
    lines = "".join(f"{modprobe} {name} >/dev/null 2>&1\n" for name in modules)
    persisting.draft.write(loading.path, f"#!/bin/sh\n{HEADER}{lines}", _PRELOAD_REASON, mode=0o755)


def _preload_variable(persisting: Persisting, loading: table.Loading, modules: tuple[str, ...]) -> None:
    draft = persisting.draft
    text = draft.text(loading.path) or ""
    variable = read_variable(text, loading.variable)
    words = variable.value.split() if variable else []
    wanted = [*words, *(name for name in modules if name not in words)]
    if wanted != words:
        draft.edit(loading.path, set_variable(text, loading.variable, " ".join(wanted)), _PRELOAD_REASON)


def _preload_arguments(persisting: Persisting, loading: table.Loading, modules: tuple[str, ...]) -> None:
    """OpenWrt: the line that loads the module is also the place of its options; those of an earlier run stay."""
    present = persisting.draft.text(loading.path) or ""
    options = " ".join(word for word in present.split() if word.startswith("hashsize="))
    write_arguments(persisting, loading.path, modules, options)


def write_arguments(persisting: Persisting, path: str, modules: tuple[str, ...], options: str) -> None:
    """OpenWrt's list: names, the first one with options; kmodloader knows no comments."""
    lines = [f"{modules[0]} {options}".rstrip(), *modules[1:]]
    persisting.draft.write(path, "".join(f"{line}\n" for line in lines), _PRELOAD_REASON, mode=0o644)


_PRELOADS: Mapping[str, Callable[[Persisting, table.Loading, tuple[str, ...]], None]] = {
    table.LIST: _preload_list,
    table.BLOCK: _preload_block,
    table.SCRIPT: _preload_script,
    table.VARIABLE: _preload_variable,
    table.ARGUMENTS: _preload_arguments,
}
