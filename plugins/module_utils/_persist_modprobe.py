# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modprobe is told: the number of buckets, and to apply our values whenever the module is loaded."""

from __future__ import annotations

import re

from ansible_collections.stateward.conntrack.plugins.module_utils import _platform_table as table
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.modprobe import (
    BLOCKED,
    Hook,
    load_config,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import BUILTIN, HASHSIZE, Observed
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.lines import replace_block
from ansible_collections.stateward.conntrack.plugins.module_utils._persist_base import (
    BEGIN,
    END,
    HEADER,
    NotNeeded,
    Persisting,
    modules,
    require_host,
    require_module,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._persist_preload import write_arguments

_BLOCK = re.compile(rf"^{re.escape(BEGIN)}[^\n]*\n(.*?)^{re.escape(END)}\r?$", re.DOTALL | re.MULTILINE)


def persist_modprobe(persisting: Persisting) -> None:
    """Give the module its number of buckets when it is loaded. Raises NotNeeded."""
    observed, hashsize = persisting.observed, persisting.desired.values.get(HASHSIZE)
    require_host(observed)
    if observed.module == BUILTIN:
        words = f"the kernel argument {observed.dialect}.hashsize={hashsize}"
        raise NotNeeded(
            f"conntrack is built into this kernel: its size at boot needs {words}, which is not edited here"
        )
    if hashsize is None:
        raise NotNeeded("the number of buckets is not set here")
    hook = foreign_hook(observed, _as_it_will_be(persisting), observed.dialect)
    if hook and hook.passes_options and not _takes_option_twice(observed):
        raise NotNeeded(
            f"{hook.where} hands the options to modprobe a second time, and loading conntrack with hashsize twice "
            "crashes this kernel"
        )
    if observed.platform.modprobe.options_at_preload:
        write_arguments(persisting, observed.platform.boot.loading.path, modules(observed), f"hashsize={hashsize}")
        return
    reason = "the number of buckets from the moment the module is loaded"
    _write(persisting, table.MODPROBE_DROP_IN, [f"options {observed.dialect} hashsize={hashsize}\n"], reason)


def persist_late_load(persisting: Persisting) -> None:
    """Have our values applied whenever the module is loaded. Raises NotNeeded."""
    observed = persisting.observed
    require_module(observed)
    row = observed.platform.modprobe
    if not row.install:
        raise NotNeeded(f"{row.name} obeys no install lines: nothing can be run when the module is loaded late")
    names = modules(observed)
    snapshot = _as_it_will_be(persisting)
    hooks = {name: foreign_hook(observed, snapshot, name) for name in names}
    # A family module that comes later needs its own line: the keys that it brings are not there when the first line is
    # run.
    free = [name for name in names if hooks[name] is None]
    first = hooks[observed.dialect]
    if first and (first.effect == BLOCKED or not free):
        what = "keeps the module from being loaded" if first.effect == BLOCKED else "is run when the module is loaded"
        raise NotNeeded(f"{first.where} has an install line that {what}; modprobe obeys only the first one")
    lines = [_hook_line(observed, name) for name in free]
    _write(persisting, table.LATE_LOAD_DROP_IN, lines, "the values are applied whenever the module is loaded")


def _write(persisting: Persisting, drop_in: str, lines: list[str], reason: str) -> None:
    """Our lines in a drop-in of their own, or in the block of the one file that this modprobe has."""
    draft, conf = persisting.draft, persisting.observed.platform.modprobe.conf
    if conf:
        text = draft.text(conf) or ""
        draft.write(conf, replace_block(text, BEGIN, END, _block_body(text, lines)), reason)
    else:
        draft.write(drop_in, HEADER + "".join(lines), reason, mode=0o644)


def _block_body(text: str, lines: list[str]) -> str:
    """The block of a single modprobe.conf holds the option and the hook.

    Lines of the same kind are replaced, the others stay.
    """
    blocks = _BLOCK.findall(text)
    present = blocks[-1].replace("\r\n", "\n").splitlines(keepends=True) if blocks else []
    kind = lines[0].split(" ", 1)[0]
    kept = [line for line in present if not line.startswith(kind + " ")]
    return "".join(sorted([*kept, *lines], reverse=True))


def _takes_option_twice(observed: Observed) -> bool:
    """Linux 4.4 and Red Hat's 3.10.0-1160 test the right variable.

    Before, a repeated hashsize dereferences NULL at load.
    """
    return observed.version >= (4, 4) or (observed.family == "el7" and observed.version >= (3, 10, 0, 1160))


def _as_it_will_be(persisting: Persisting) -> Snapshot:
    return persisting.observed.snapshot.overlay(persisting.draft.operations())


def foreign_hook(observed: Observed, snapshot: Snapshot, module: str) -> Hook | None:
    """The install line that modprobe obeys for a module if it is not ours."""
    hook = load_config(observed.platform.modprobe, snapshot, module, observed.version).hook
    ours = hook and ("stateward" in hook.directive.raw or hook.directive.source == table.LATE_LOAD_DROP_IN)
    return None if ours else hook


def _hook_line(observed: Observed, module: str) -> str:
    """Loads the module, then applies our values; a sysctl that fails must not make the load fail."""
    facts, path = observed.snapshot.facts, observed.platform.boot.sysctl_path
    modprobe, sysctl = facts.get("tool:modprobe", "/sbin/modprobe"), facts.get("tool:sysctl", "/sbin/sysctl")
    options = " $CMDLINE_OPTS" if _takes_option_twice(observed) else ""
    apply = f"{sysctl} -e -p {path}"
    if path == table.SYSCTL_CONF:
        apply = f"sed -n '/{BEGIN[2:]}/,/{END[2:]}/p' {path} | {sysctl} -e -p -"
    return f"install {module} {modprobe} --ignore-install {module}{options} && {{ {apply} >/dev/null 2>&1 || :; }}\n"
