# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: one function per verb."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from . import lab
from .errors import LabError
from .hosts import console_path, is_running
from .image import ensure_image, request_image
from .network import address_of, inside
from .options import build_parser
from .requirements import report
from .roots import DEFAULT_ROOT, KINDS, ROOTS, find_root
from .settings import Settings, read_settings
from .ssh import client, ssh_argv
from .state import HostRecord

HOST_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


def main(argv: Sequence[str]) -> int:
    """Do what the arguments say; returns the exit code."""
    arguments = build_parser().parse_args(argv)
    try:
        return VERBS[arguments.verb](read_settings(os.environ, Path.home()), arguments)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted; 'lab.py down' ends what was started", file=sys.stderr)
        return 130


def require(kinds: set[str]) -> None:
    """Raises LabError with everything that the machine lacks for these kinds of host."""
    lines = list(dict.fromkeys(line for kind in sorted(kinds) for line in report(kind)))
    if lines:
        raise LabError("\n".join(lines))


def say(text: str) -> None:
    print(text, flush=True)


def host_requests(arguments: argparse.Namespace) -> list[lab.HostRequest]:
    """The hosts that the options of `up` ask for. Raises LabError for a name or a form that cannot be."""
    triples = [parse_host(text, arguments.kind) for text in arguments.host]
    names = list(arguments.name)
    count = arguments.hosts if arguments.hosts is not None else int(not names and not triples)
    names += [f"host{number}" for number in range(1, count + 1)]
    triples += [(name, arguments.root, arguments.kind) for name in names]
    extra = dict(arguments.append_to)
    for name in (*extra, *(name for name, _root, _kind in triples)):
        if not HOST_NAME.fullmatch(name) or name not in {triple[0] for triple in triples}:
            raise LabError(f"'{name}' is not the name of a host here (small letters, digits, '-').")
    return [
        lab.HostRequest(
            name=name,
            root=find_root(root, kind).name,
            kind=kind,
            memory_mib=arguments.memory,
            append=f"{arguments.append} {extra.get(name, '')}".strip(),
            accelerator=arguments.accelerator,
        )
        for name, root, kind in triples
    ]


def parse_host(text: str, kind: str) -> tuple[str, str, str]:
    """NAME:ROOT or NAME:ROOT:KIND."""
    parts = text.split(":")
    if len(parts) not in (2, 3) or (len(parts) == 3 and parts[2] not in KINDS):
        raise LabError(f"--host takes NAME:ROOT or NAME:ROOT:KIND (kinds: {', '.join(KINDS)}), not '{text}'.")
    return parts[0], parts[1], parts[2] if len(parts) == 3 else kind


def do_image(settings: Settings, arguments: argparse.Namespace) -> int:
    every = [row.name for row in ROOTS.values() if arguments.kind in row.kernels]
    names = every if arguments.all else arguments.roots or [DEFAULT_ROOT]
    roots = [find_root(name, arguments.kind) for name in names]
    require({arguments.kind})
    for root in roots:
        start = time.monotonic()
        image, built = ensure_image(settings, request_image(settings, root, arguments.kind))
        say(f"{image}  {f'built in {time.monotonic() - start:.0f} s' if built else 'cached'}")
    return 0


def do_up(settings: Settings, arguments: argparse.Namespace) -> int:
    requests = host_requests(arguments)
    require({request.kind for request in requests} or {arguments.kind})
    for request in requests:
        root = find_root(request.root, request.kind)
        image, built = ensure_image(settings, request_image(settings, root, request.kind))
        if built:
            say(f"image {image} built")
    start = time.monotonic()
    lab.up(settings, requests)
    say(f"{len(requests)} up after {time.monotonic() - start:.0f} s; inventory: {settings.inventory}")
    return 0


def do_down(settings: Settings, arguments: argparse.Namespace) -> int:
    names = lab.down(settings, arguments.names)
    say(f"ended: {' '.join(names) or 'nothing was running'}")
    return 0


def do_reboot(settings: Settings, arguments: argparse.Namespace) -> int:
    start = time.monotonic()
    if arguments.append is None and not arguments.hard:
        lab.reboot(settings, arguments.names)
    else:
        lab.restart(settings, arguments.names, append=arguments.append, hard=arguments.hard)
    say(f"{len(arguments.names)} rebooted after {time.monotonic() - start:.0f} s")
    return 0


def status_row(host: HostRecord) -> dict[str, Any]:
    return {
        "name": host.name,
        "running": is_running(host),
        "address": address_of(host.index),
        "root": host.root,
        "kind": host.kind,
        "accelerator": host.accelerator,
        "memory_mib": host.memory_mib,
        "append": host.append,
        "pid": host.pid,
    }


def do_status(settings: Settings, arguments: argparse.Namespace) -> int:
    rows = [status_row(host) for host in lab.read_lab(settings).hosts.values()]
    if arguments.json:
        say(
            json.dumps({"namespace": settings.namespace, "inventory": str(settings.inventory), "hosts": rows}, indent=2)
        )
        return 0
    for row in rows:
        running = "running" if row["running"] else "ended"
        say("{name:16} {0:8} {address:14} {kind:5} {root:20} {append}".format(running, **row).rstrip())
    return 0


def do_run(settings: Settings, arguments: argparse.Namespace) -> int:
    command = without_dashes(arguments.command)
    if not command:
        raise LabError("run needs a command: lab.py run -- ansible-playbook site.yml")
    lab.open_lab(settings)
    os.environ["ANSIBLE_INVENTORY"] = str(settings.inventory)
    return subprocess.run(inside(settings.namespace, command), check=False).returncode


def do_ssh(settings: Settings, arguments: argparse.Namespace) -> int:
    host = lab.find_host(lab.read_lab(settings), arguments.name)
    return subprocess.run(ssh_argv(settings, host, without_dashes(arguments.command)), check=False).returncode


def do_push(settings: Settings, arguments: argparse.Namespace) -> int:
    host = lab.find_host(lab.read_lab(settings), arguments.name)
    target = f"root@{address_of(host.index)}:{arguments.target}"
    return subprocess.run([*client(settings, "scp"), "-rpq", arguments.source, target], check=False).returncode


def do_console(settings: Settings, arguments: argparse.Namespace) -> int:
    host = lab.find_host(lab.read_lab(settings), arguments.name)
    say(console_path(settings, host).read_text("utf-8", "replace"))
    return 0


def do_roots(_settings: Settings, _arguments: argparse.Namespace) -> int:
    for root in ROOTS.values():
        say(f"{root.name:20} {', '.join(root.kernels):10} {root.summary}")
    return 0


def do_requirements(_settings: Settings, arguments: argparse.Namespace) -> int:
    lines = report(arguments.kind)
    say("\n".join(lines) or f"Nothing is missing for hosts of kind {arguments.kind}.")
    return 1 if lines else 0


def without_dashes(command: Sequence[str]) -> list[str]:
    return list(command[1:] if command[:1] == ["--"] else command)


VERBS: dict[str, Callable[[Settings, argparse.Namespace], int]] = {
    "image": do_image,
    "up": do_up,
    "down": do_down,
    "reboot": do_reboot,
    "status": do_status,
    "run": do_run,
    "ssh": do_ssh,
    "push": do_push,
    "console": do_console,
    "roots": do_roots,
    "requirements": do_requirements,
}
