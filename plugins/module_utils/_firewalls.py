# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which firewall services of a host unload the conntrack module, and what they apply again afterwards."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import Iterator

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

    unloads: a restart takes the conntrack module out; why: the sentence that says so, with the file.
    start_unloads: so does every start, the one at boot included. load_list: fixed strings; lines of the reread files that contain one of
    them are applied again after a start. rereads: those files. config, variable: where unloading can be switched off, empty if nowhere.
    """

    service: str
    unloads: bool
    why: str
    start_unloads: bool = False
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
        if "_MODULES_UNLOAD" in text:
            yield _script_firewall(snapshot, script, path, text, old_dialect)


def _script_firewall(snapshot: Snapshot, script: Script, path: str, text: str, old_dialect: bool) -> Firewall:
    config = snapshot.text(script.config) or ""
    variable = read_variable(config, script.unload)
    # The script itself sets the variable to yes before it reads its configuration.
    value = variable.value.strip() if variable else "yes"
    load_list = read_variable(config, script.load_list) if "_SYSCTL_LOAD_LIST" in text else None
    where = f"{script.config}:{variable.line}" if variable else f"{path} (its default)"
    return Firewall(
        service=script.service,
        unloads=value == "yes",
        why=f"{where} has {script.unload}={value!r}: a restart of {script.service} unloads the conntrack module",
        start_unloads=old_dialect,  # EL5's start() calls stop() first
        load_list=tuple(load_list.value.split()) if load_list else (),
        rereads=("/etc/sysctl.conf", "/etc/sysctl.d/*.conf") if "sysctl.d" in text else ("/etc/sysctl.conf",),
        config=script.config,
        variable=script.unload,
    )


def firewalld_version(snapshot: Snapshot) -> tuple[int, int] | None:
    """The release of the installed firewalld, from the constant in its package; None when it is not there."""
    for pattern in _FIREWALLD_VERSIONS:
        for entry in snapshot.glob(pattern):
            match = re.search(r"VERSION\s*=\s*['\"](\d+)\.(\d+)", entry.text or "")
            if match:
                return int(match.group(1)), int(match.group(2))
    return None


def _enabled(snapshot: Snapshot, unit: str) -> bool:
    return any(
        posixpath.basename(entry.path) == unit for entry in snapshot.glob("/etc/systemd/system/*.wants/*.service")
    )


def _find_firewalld(snapshot: Snapshot) -> Iterator[Firewall]:
    version = firewalld_version(snapshot)
    if version is None or not _enabled(snapshot, "firewalld.service"):
        return
    cleanup = read_variable(snapshot.text(FIREWALLD_CONF) or "", "CleanupModulesOnExit")
    # Before 1.0 modules go with the rules (CleanupOnExit); the option came with 1.0, default no, and to EL8's 0.9.11 with default yes.
    value = cleanup.value.strip().lower() if cleanup else ("yes" if version < (1, 0) else "no")
    where = f"{FIREWALLD_CONF}:{cleanup.line}" if cleanup else f"firewalld {version[0]}.{version[1]} (its default)"
    yield Firewall(
        service="firewalld",
        unloads=value in ("yes", "true"),
        why=f"{where} has CleanupModulesOnExit={value!r}: a restart of firewalld unloads the conntrack module",
    )
