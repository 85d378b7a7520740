# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reaching the hosts: one key, the lab's own list of known hosts, and none of the user's own ssh configuration."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from .errors import LabError
from .network import address_of, inside
from .settings import Settings
from .shell import run
from .state import HostRecord, locked

BOOT_ID = "/proc/sys/kernel/random/boot_id"


def ensure_key(settings: Settings) -> str:
    """The public key, made the first time. Every image carries it, so it lives beside the images."""
    with locked(settings.cache / "ssh.lock"):
        if not settings.key.exists():
            settings.key.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "stateward-lab", "-f", str(settings.key)])
    return settings.key.with_suffix(".pub").read_text(encoding="ascii").strip()


def common_options(settings: Settings) -> list[str]:
    """What ssh, scp and Ansible all get."""
    return [
        *("-F", "none"),
        *("-o", f"UserKnownHostsFile={settings.state}/known_hosts"),
        *("-o", "GlobalKnownHostsFile=/dev/null"),
        *("-o", "StrictHostKeyChecking=accept-new"),
        *("-o", "IdentitiesOnly=yes"),
    ]


def client(settings: Settings, program: str) -> list[str]:
    """`ssh` or `scp` with everything but its target, inside the lab's namespace."""
    quiet = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "-o", "LogLevel=ERROR", "-i", str(settings.key)]
    return inside(settings.namespace, [program, *common_options(settings), *quiet])


def ssh_argv(settings: Settings, host: HostRecord, command: Sequence[str]) -> list[str]:
    """Log in to a host, or run a command on it: as with ssh itself, the words are joined and go to the host's shell."""
    return [*client(settings, "ssh"), f"root@{address_of(host.index)}", *command]


def read_boot_id(settings: Settings, host: HostRecord) -> str:
    """The identity of the host's present boot, empty when it does not answer."""
    argv = ssh_argv(settings, host, ["cat", BOOT_ID])
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def request(settings: Settings, host: HostRecord, command: str) -> None:
    """Ask for `reboot` or `poweroff`. The connection may break before ssh can return, so its exit code says nothing."""
    argv = ssh_argv(settings, host, [f"nohup {command} >/dev/null 2>&1 </dev/null &"])
    try:
        subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{host.name} does not take the command '{command}'.") from error


def forget_host_key(settings: Settings, host: HostRecord) -> None:
    """A later host at the same address may have another root, so another key."""
    known = settings.state / "known_hosts"
    if known.exists():
        lines = known.read_text(encoding="ascii").splitlines(keepends=True)
        known.write_text("".join(line for line in lines if line.split()[0] != address_of(host.index)), encoding="ascii")


def close_shared_connections(settings: Settings) -> None:
    """Ansible leaves ssh masters behind for a minute; they would keep the namespace alive."""
    for socket in control_folder(settings).glob("*"):
        argv = ["ssh", "-F", "none", "-o", f"ControlPath={socket}", "-O", "exit", "lab"]
        subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
        socket.unlink(missing_ok=True)


def control_folder(settings: Settings) -> Path:
    return settings.state / "cp"
