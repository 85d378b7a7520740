# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which firewall services of a host unload the conntrack module, and what they apply again afterwards."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterator

from ansible_collections.stateward.conntrack.plugins.module_utils._features import (
    is_red_hat,
    is_running,
    unit_enabled,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.shellvars import read_variable

_FIREWALLD_VERSIONS = (
    "/usr/lib/python*/site-packages/firewall/config/__init__.py",
    "/usr/lib/python*/dist-packages/firewall/config/__init__.py",
)
FIREWALLD_CONF = "/etc/firewalld/firewalld.conf"


@dataclass(frozen=True)
class Script:
    """One iptables init script and its configuration: services C(iptables) and C(ip6tables) of the Red Hat family."""

    service: str
    paths: tuple[str, ...]
    config: str
    unload: str
    load_list: str


SCRIPTS = (
    Script(
        "iptables",
        ("/etc/rc.d/init.d/iptables", "/usr/libexec/iptables/iptables.init"),
        "/etc/sysconfig/iptables-config",
        "IPTABLES_MODULES_UNLOAD",
        "IPTABLES_SYSCTL_LOAD_LIST",
    ),
    Script(
        "ip6tables",
        ("/etc/rc.d/init.d/ip6tables", "/usr/libexec/iptables/ip6tables.init"),
        "/etc/sysconfig/ip6tables-config",
        "IP6TABLES_MODULES_UNLOAD",
        "IP6TABLES_SYSCTL_LOAD_LIST",
    ),
)


@dataclass(frozen=True)
class Firewall:
    """A firewall service that is installed.

    unloads: a restart takes the conntrack module out; why: the sentence that says so, with the file. start_unloads: so
    does every start, the one at boot included. enabled: it is started at boot. load_list: fixed strings; lines of the
    reread files that contain one of them are applied again after a start. rereads: those files, as patterns, in order.
    config, variable: where unloading can be switched off, empty if nowhere.
    """

    service: str
    unloads: bool
    why: str
    start_unloads: bool = False
    enabled: bool = True
    load_list: tuple[str, ...] = ()
    rereads: tuple[str, ...] = ()
    config: str = ""
    variable: str = ""


def find_firewalls(snapshot: Snapshot, *, old_dialect: bool) -> tuple[Firewall, ...]:
    """The firewalls of the host that have to do with loading and unloading conntrack."""
    return (*_find_scripts(snapshot, old_dialect), *_find_firewalld(snapshot))


def _find_scripts(snapshot: Snapshot, old_dialect: bool) -> Iterator[Firewall]:
    for script in SCRIPTS:
        path = next((path for path in script.paths if snapshot.exists(path)), "")
        text = snapshot.text(path) or ""
        # 1.4.21-29 (EL7.7) took the unloading out and kept the list of settings to apply again.
        if script.unload in text or script.load_list in text:
            yield _script_firewall(snapshot, script, path, text, old_dialect)


def _script_firewall(snapshot: Snapshot, script: Script, path: str, text: str, old_dialect: bool) -> Firewall:
    config = snapshot.text(script.config) or ""
    variable = read_variable(config, script.unload)
    # The script itself sets the variable to yes before it reads its configuration.
    value = variable.value if variable else "yes"
    load_list = read_variable(config, script.load_list) if script.load_list in text else None
    where = f"{script.config}:{variable.line}" if variable else f"{path} (its default)"
    can_unload = script.unload in text
    return Firewall(
        service=script.service,
        unloads=can_unload and value == "yes",
        why=f"{where} has {script.unload}={value!r}: a restart of {script.service} unloads the conntrack module",
        start_unloads=can_unload and old_dialect,  # EL5's start() calls stop() first
        enabled=_is_enabled(snapshot, script.service),
        load_list=tuple(load_list.value.split()) if load_list else (),
        rereads=_rereads(text),
        config=script.config if can_unload else "",
        variable=script.unload if can_unload else "",
    )


def _is_enabled(snapshot: Snapshot, service: str) -> bool:
    linked = any(snapshot.glob(f"/etc/rc.d/rc3.d/S??{service}"))
    return linked or unit_enabled(snapshot, f"{service}.service")


def _rereads(text: str) -> tuple[str, ...]:
    """The files in which the script looks for the lines of its list, as it names them."""
    searches = " ".join(line for line in text.split("\n") if "grep" in line)
    named = re.findall(r"/etc/sysctl\.(?:conf|d/[\w.*?-]+)", searches)
    return tuple(dict.fromkeys(named)) or ("/etc/sysctl.conf",)


# -------------------------------------------------------------------------------------------------- firewalld


def firewalld_version(snapshot: Snapshot) -> tuple[int, int] | None:
    """The release of the installed firewalld, from the constant in its package; None when it is not there."""
    for pattern in _FIREWALLD_VERSIONS:
        for entry in snapshot.glob(pattern):
            match = re.search(r"VERSION\s*=\s*['\"](\d{1,6})\.(\d{1,6})", entry.text or "")
            if match:
                return int(match.group(1)), int(match.group(2))
    return None


# Words that firewalld understands; any other leaves its default.
_WORDS = {"yes": True, "true": True, "no": False, "false": False}


def _cleanup_option(snapshot: Snapshot, version: tuple[int, int]) -> tuple[str, bool]:
    """The option that decides about modules, and its default.

    CleanupModulesOnExit came with 1.0, default no, and to EL8's 0.9 with default yes. Before, the modules went with the
    rules, whatever that option says: Debian 11's 0.9 does not know it.
    """
    if version >= (1, 0):
        return "CleanupModulesOnExit", False
    if version >= (0, 9) and is_red_hat(snapshot):
        return "CleanupModulesOnExit", True
    return "CleanupOnExit", True


def _find_firewalld(snapshot: Snapshot) -> Iterator[Firewall]:
    version = firewalld_version(snapshot)
    enabled = unit_enabled(snapshot, "firewalld.service")
    if version is None or not (enabled or is_running(snapshot, "firewalld")):
        return
    option, default = _cleanup_option(snapshot, version)
    variable = read_variable(snapshot.text(FIREWALLD_CONF) or "", option)
    where = f"{FIREWALLD_CONF}:{variable.line}" if variable else f"firewalld {version[0]}.{version[1]} (its default)"
    unloads = _WORDS.get(variable.value.strip().lower(), default) if variable else default
    value = variable.value if variable else ("yes" if default else "no")
    yield Firewall(
        service="firewalld",
        unloads=unloads,
        why=f"{where} has {option}={value!r}: a restart of firewalld unloads the conntrack module",
        enabled=enabled,
    )
