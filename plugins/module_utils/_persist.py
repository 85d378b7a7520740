# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes the values outlive the running kernel: one function per way of persisting, each on a draft of the host's files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils import _platform_table as table
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.modprobe import (
    BLOCKED,
    Hook,
    load_config,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._desired import Desired, Skipped
from ansible_collections.stateward.conntrack.plugins.module_utils._draft import Draft, find_edit
from ansible_collections.stateward.conntrack.plugins.module_utils._firewalls import find_firewalls
from ansible_collections.stateward.conntrack.plugins.module_utils._names import file_names
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import BUILTIN, HASHSIZE, IP, Observed
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.lines import replace_block
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.proc import module_names
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.shellvars import (
    read_variable,
    set_variable,
)

PRELOAD, MODPROBE, SYSCTL = "preload", "modprobe", "sysctl"
LATE_LOAD, IPTABLES_UNLOAD = "late_load", "iptables_unload"

BEGIN, END = "# BEGIN stateward.conntrack", "# END stateward.conntrack"
# Short lines: procps before 3.3.10 reads what is beyond 255 characters as a line of its own.
_HEADER = "# Managed by Ansible (stateward.conntrack): changes made here are overwritten.\n"


@dataclass(frozen=True)
class Persisting:
    """What every way of persisting is given."""

    observed: Observed
    desired: Desired
    draft: Draft


class NotNeeded(Exception):
    """A way of persisting that does not apply to this host; its text is a clause that says why."""


def persist(ways: frozenset[str], persisting: Persisting) -> tuple[Skipped, ...]:
    """Write everything that the ways ask for into the draft; returns those that do not apply here."""
    skipped = []
    for way in sorted(_complete(ways), key=list(_WAYS).index):
        try:
            _WAYS[way](persisting)
        except NotNeeded as error:
            skipped.append(Skipped(way, str(error), asked=False))
    return tuple(skipped)


def _complete(ways: frozenset[str]) -> frozenset[str]:
    """hashsize as a module option makes the kernel choose max = 8 x that, and a late hook has nothing to apply without a sysctl file:
    both bring the sysctl file with them."""
    return ways | {SYSCTL} if ways & {MODPROBE, LATE_LOAD} else ways


# -------------------------------------------------------------------------------------------------- sysctl


def sysctl_body(observed: Observed, desired: Desired) -> str:
    """The settings as lines of a sysctl file; buckets only where a sysctl can set them."""
    names = file_names(observed)
    lines = [f"{names[key]} = {value}\n" for key, value in desired.values.items() if key in names]
    # A program that stops at the first refused value loses least when the buckets come first: only they can be refused for memory.
    return "".join(sorted(lines, key=lambda line: "_buckets" not in line))


def _persist_sysctl(persisting: Persisting) -> None:
    observed, draft = persisting.observed, persisting.draft
    body = sysctl_body(observed, persisting.desired)
    if not body:
        raise NotNeeded("there is no value that could be persisted on this host")
    path = observed.platform.boot.sysctl_path
    reason = "the values for the boot's sysctl step"
    if path == table.SYSCTL_CONF:
        draft.write(path, replace_block(draft.text(path) or "", BEGIN, END, body), reason)
    else:
        draft.write(path, _HEADER + body, reason, mode=0o644)


# -------------------------------------------------------------------------------------------------- modules


def _require_host(observed: Observed) -> None:
    if observed.netns == "other":
        raise NotNeeded("not the initial network namespace: modules are loaded by the host")


def _require_module(observed: Observed) -> None:
    _require_host(observed)
    if observed.module == BUILTIN:
        raise NotNeeded("conntrack is built into this kernel: there is no module to load")


def modules(observed: Observed) -> tuple[str, ...]:
    """conntrack itself and, up to 4.18, one module per address family, without which nothing is tracked."""
    dep = observed.snapshot.text(f"/lib/modules/{observed.release}/modules.dep") or ""
    installed = module_names(dep)
    families = [name for name in ("nf_conntrack_ipv4", "nf_conntrack_ipv6") if name in installed]
    return (observed.dialect, *families) if observed.version < (4, 19) else (observed.dialect,)


def _persist_preload(persisting: Persisting) -> None:
    observed = persisting.observed
    _require_module(observed)
    loading = observed.platform.boot.loading
    if not observed.platform.boot.features:
        raise NotNeeded("no init system that this collection knows was found: nothing would read the list")
    _PRELOADS[loading.kind](persisting, loading, modules(observed))


_PRELOAD_REASON = "the module is loaded before the boot's sysctl step"


def _preload_list(persisting: Persisting, loading: table.Loading, modules: tuple[str, ...]) -> None:
    text = _HEADER + "".join(f"{name}\n" for name in modules)
    persisting.draft.write(loading.path, text, _PRELOAD_REASON, mode=0o644)


def _preload_block(persisting: Persisting, loading: table.Loading, modules: tuple[str, ...]) -> None:
    draft = persisting.draft
    body = "".join(f"{name}\n" for name in modules)
    draft.write(loading.path, replace_block(draft.text(loading.path) or "", BEGIN, END, body), _PRELOAD_REASON)


def _preload_script(persisting: Persisting, loading: table.Loading, modules: tuple[str, ...]) -> None:
    modprobe = persisting.observed.snapshot.facts.get("tool:modprobe", "/sbin/modprobe")
    lines = "".join(f"{modprobe} {name} >/dev/null 2>&1\n" for name in modules)
    persisting.draft.write(loading.path, f"#!/bin/sh\n{_HEADER}{lines}", _PRELOAD_REASON, mode=0o755)


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
    _write_arguments(persisting, loading.path, modules, options)


def _write_arguments(persisting: Persisting, path: str, modules: tuple[str, ...], options: str) -> None:
    lines = [f"{modules[0]} {options}".rstrip(), *modules[1:]]
    persisting.draft.write(path, "".join(f"{line}\n" for line in lines), _PRELOAD_REASON, mode=0o644)


_PRELOADS: Mapping[str, Callable[[Persisting, table.Loading, "tuple[str, ...]"], None]] = {
    table.LIST: _preload_list,
    table.BLOCK: _preload_block,
    table.SCRIPT: _preload_script,
    table.VARIABLE: _preload_variable,
    table.ARGUMENTS: _preload_arguments,
}


# -------------------------------------------------------------------------------------------------- modprobe


def _persist_modprobe(persisting: Persisting) -> None:
    observed, desired, draft = persisting.observed, persisting.desired, persisting.draft
    hashsize = desired.values.get(HASHSIZE)
    _require_host(observed)
    if observed.module == BUILTIN:
        words = f"the kernel argument {observed.dialect}.hashsize={hashsize}"
        raise NotNeeded(f"conntrack is built into this kernel: its size at boot needs {words}, which is not edited here")
    if hashsize is None:
        raise NotNeeded("the number of buckets is not set here")
    row = observed.platform.modprobe
    hook = foreign_hook(observed)
    if hook and hook.passes_options and not _takes_option_twice(observed):
        raise NotNeeded(
            f"{hook.where} hands the options to modprobe a second time, and loading conntrack with hashsize twice crashes this kernel"
        )
    reason = "the number of buckets from the moment the module is loaded"
    line = f"options {observed.dialect} hashsize={hashsize}\n"
    if row.name == "kmodloader":
        _write_arguments(persisting, observed.platform.boot.loading.path, modules(observed), f"hashsize={hashsize}")
    elif row.conf:
        draft.write(row.conf, replace_block(draft.text(row.conf) or "", BEGIN, END, _conf_body(persisting, line)), reason)
    else:
        draft.write(table.MODPROBE_DROP_IN, _HEADER + line, reason, mode=0o644)


def _conf_body(persisting: Persisting, line: str) -> str:
    """The block of a single modprobe.conf holds the option and the hook: a line of the same kind is replaced, the other one stays."""
    present = persisting.draft.text(persisting.observed.platform.modprobe.conf) or ""
    _before, begin, rest = present.partition(BEGIN + "\n")
    inside = rest.partition(END)[0] if begin else ""
    kind = line.split(" ", 1)[0]
    kept = [old for old in inside.splitlines(keepends=True) if not old.startswith(kind + " ")]
    return "".join(sorted([*kept, line], reverse=True))


def _takes_option_twice(observed: Observed) -> bool:
    """Linux 4.4 and Red Hat's 3.10.0-1160 test the right variable; before, a repeated hashsize dereferences NULL at load."""
    return observed.version >= (4, 4) or (observed.family == "el7" and observed.version >= (3, 10, 0, 1160))


def foreign_hook(observed: Observed) -> Hook | None:
    """The install line that modprobe obeys if it is not ours."""
    hook = load_config(observed.platform.modprobe, observed.snapshot, observed.dialect, observed.version).hook
    return hook if hook and "stateward" not in hook.directive.raw and hook.directive.source != table.LATE_LOAD_DROP_IN else None


# -------------------------------------------------------------------------------------------------- late load


def _persist_late_load(persisting: Persisting) -> None:
    observed, draft = persisting.observed, persisting.draft
    _require_module(observed)
    row = observed.platform.modprobe
    if not row.install:
        raise NotNeeded(f"{row.name} obeys no install lines: nothing can be run when the module is loaded late")
    hook = foreign_hook(observed)
    if hook and not draft.changed(hook.directive.source):
        what = "keeps the module from being loaded" if hook.effect == BLOCKED else "is run when the module is loaded"
        raise NotNeeded(f"{hook.where} has an install line that {what}; modprobe obeys only the first one")
    reason = "the values are applied whenever the module is loaded"
    line = _hook_line(observed)
    if row.conf:
        draft.write(row.conf, replace_block(draft.text(row.conf) or "", BEGIN, END, _conf_body(persisting, line)), reason)
    else:
        draft.write(table.LATE_LOAD_DROP_IN, _HEADER + line, reason, mode=0o644)


def _hook_line(observed: Observed) -> str:
    """Loads the module, then applies our values; a sysctl that fails must not make the load fail."""
    facts, module, path = observed.snapshot.facts, observed.dialect, observed.platform.boot.sysctl_path
    modprobe, sysctl = facts.get("tool:modprobe", "/sbin/modprobe"), facts.get("tool:sysctl", "/sbin/sysctl")
    options = " $CMDLINE_OPTS" if _takes_option_twice(observed) else ""
    apply = f"{sysctl} -e -p {path}"
    if path == table.SYSCTL_CONF:
        apply = f"sed -n '/{BEGIN[2:]}/,/{END[2:]}/p' {path} | {sysctl} -e -p -"
    return f"install {module} {modprobe} --ignore-install {module}{options} && {{ {apply} >/dev/null 2>&1 || :; }}\n"


# -------------------------------------------------------------------------------------------------- iptables


def _persist_iptables_unload(persisting: Persisting) -> None:
    draft = persisting.draft
    _require_host(persisting.observed)
    firewalls = find_firewalls(persisting.observed.snapshot, old_dialect=persisting.observed.dialect == IP)
    variables = [firewall for firewall in firewalls if firewall.variable]
    if not variables:
        raise NotNeeded("no installed firewall script here unloads modules by IPTABLES_MODULES_UNLOAD")
    for firewall in variables:
        text = draft.text(firewall.config) or ""
        if firewall.unloads:
            reason = f"a restart of {firewall.service} no longer unloads the module"
            draft.edit(firewall.config, set_variable(text, firewall.variable, "no"), reason)


_WAYS: Mapping[str, Callable[[Persisting], None]] = {
    SYSCTL: _persist_sysctl,
    PRELOAD: _persist_preload,
    MODPROBE: _persist_modprobe,
    LATE_LOAD: _persist_late_load,
    IPTABLES_UNLOAD: _persist_iptables_unload,
}
