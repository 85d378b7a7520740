# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory that Ansible reads: the same form for both kinds of host."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable

from .network import address_of
from .settings import Settings
from .ssh import common_options, control_folder
from .state import HostRecord


def host_variables(host: HostRecord) -> dict[str, str]:
    return {"ansible_host": address_of(host.index), "lab_root": host.root, "lab_kind": host.kind}


def group_variables(settings: Settings) -> dict[str, str]:
    """Connections start inside the namespace, because the controller runs there: lab.py run -- ansible-playbook ..."""
    return {
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(settings.key),
        "ansible_ssh_common_args": shlex.join(common_options(settings)),
        "ansible_control_path_dir": str(control_folder(settings)),
        "ansible_python_interpreter": "/usr/bin/python3",
    }


def render_inventory(settings: Settings, hosts: Iterable[HostRecord]) -> str:
    """YAML: group `lab` with every host, one group per root (`root_bookworm_sysvinit`) and per kind (`kind_uml`)."""
    rows = sorted(hosts, key=lambda host: host.index)
    lines = ["# Written by lab.py: any change here is lost.", "all:", "  children:", "    lab:", "      vars:"]
    lines += [f"        {key}: {json.dumps(value)}" for key, value in group_variables(settings).items()]
    lines += ["      hosts:" if rows else "      hosts: {}"]
    for host in rows:
        lines += [f"        {host.name}:"]
        lines += [f"          {key}: {json.dumps(value)}" for key, value in host_variables(host).items()]
    for group, members in group_hosts(rows).items():
        lines += [f"    {group}:", "      hosts:", *(f"        {name}: {{}}" for name in members)]
    return "\n".join(lines) + "\n"


def group_hosts(hosts: Iterable[HostRecord]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for host in hosts:
        for group in (f"root_{host.root}", f"kind_{host.kind}"):
            groups.setdefault(group.replace("-", "_"), []).append(host.name)
    return groups
