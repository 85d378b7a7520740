# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel command line (/proc/cmdline): text in, parameters out. Nothing here raises."""

from __future__ import annotations

from ansible_collections.stateward.conntrack.plugins.module_utils._parse.kernelargs import (
    normalize_name,
    split_pair,
    split_words,
)

# systemd-modules-load.service(8); rd. is for the initrd, where a module is loaded just as well.
_LOAD = ("modules_load", "rd.modules_load")


def parse_cmdline(text: str) -> tuple[tuple[str, str | None], ...]:
    """Names and values in order, quotes removed; the value is None without C(=).

    What follows C(--) is for init and left out.
    """
    found = []
    for word in split_words(text.split("\0", 1)[0]):
        pair = split_pair(word)
        if pair == ("--", None):
            break
        found.append(pair)
    return tuple(found)


def module_parameter(text: str, module: str, name: str) -> str | None:
    """The last value given to a module's parameter as C(module.name=value); None when there is none."""
    wanted = normalize_name(module + "." + name)
    values = [value for key, value in parse_cmdline(text) if value is not None and normalize_name(key) == wanted]
    return values[-1] if values else None


def modules_to_load(text: str) -> tuple[str, ...]:
    """The modules that modules_load=, modules-load= and their rd. forms name, in order, with C(_) for C(-)."""
    lists = [value or "" for key, value in parse_cmdline(text) if normalize_name(key) in _LOAD]
    return tuple(normalize_name(name) for names in lists for name in names.split(",") if name)
