# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shells and awks that the sh transport must run under, and a host behind each of them on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Mapping, Sequence

from ansible_collections.stateward.conntrack.plugins.module_utils._model import Snapshot
from ansible_collections.stateward.conntrack.plugins.plugin_utils._host_sh import Execute, ShellHost
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host, write_tree

# Debian packages dash, bash, busybox, mksh and yash.
_COMMANDS = {
    "dash": ("dash",),
    "bash": ("bash", "--posix"),
    "ash": ("busybox", "ash"),
    "mksh": ("mksh",),
    "yash": ("yash",),
}

# Where a gate runs, all of them must be there; on a developer's machine those that are.
ALL_SHELLS = tuple(_COMMANDS)
SHELLS = tuple(name for name, argv in _COMMANDS.items() if "CI" in os.environ or shutil.which(argv[0]))

# Debian packages mawk, gawk and busybox.
_AWKS = {"mawk": ("mawk",), "gawk": ("gawk",), "busybox": ("busybox", "awk")}
AWKS = tuple(name for name, argv in _AWKS.items() if "CI" in os.environ or shutil.which(argv[0]))

# What the tests leave out on this machine, for the last lines of a run.
LEFT_OUT = tuple(sorted((set(_COMMANDS) - set(SHELLS)) | {f"{name} (awk)" for name in set(_AWKS) - set(AWKS)}))


# Holds characters, not bytes, and of those only what its locale knows.
CHARACTERS_ONLY = ("yash",)


def shell_argv(shell: str) -> tuple[str, ...]:
    """The command that runs a script given as its next two arguments, C(-c) and the text."""
    return _COMMANDS[shell]


def fit(shell: str, text: str) -> str:
    """The text without what the shell cannot hold."""
    return "".join(sign for sign in text if not "\ud800" <= sign <= "\udfff") if shell in CHARACTERS_ONLY else text


def run_script(shell: str, script: str | bytes, *, stdin: str | bytes = b"", **kwargs: Any) -> tuple[int, bytes, bytes]:
    """Run a script as a connection does; texts may hold any byte as surrogate."""
    if shell in CHARACTERS_ONLY:
        kwargs["env"] = {**kwargs.get("env", os.environ), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [*_COMMANDS[shell], "-c", _bytes(script)], input=_bytes(stdin), capture_output=True, check=False, **kwargs
    )
    return done.returncode, done.stdout, done.stderr


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


def make_execute(shell: str, calls: list[tuple[str, str | None]] | None = None) -> Execute:
    """What ShellHost wants; each call is written down in calls. A script for /bin/sh goes to the same shell."""

    def execute(command: str, stdin: str | None) -> tuple[int, bytes, bytes]:
        if calls is not None:
            calls.append((command, stdin))
        if stdin is not None:
            return run_script(shell, " ".join([*_COMMANDS[shell], "-s"]), stdin=stdin)
        return run_script(shell, command)

    return execute


def shell_host(shell: str, root: Path | str = "", **kwargs: Any) -> ShellHost:
    """The host below root, through a shell."""
    return ShellHost(make_execute(shell), root=str(root), **kwargs)


def awk_argv(awk: str) -> tuple[str, ...]:
    """The command of an awk, as ShellHost wants it."""
    return _AWKS[awk]


def make_tree(
    name: str, root: Path, *, files: Mapping[str, Any] | None = None, programs: Mapping[str, str] | None = None
) -> Path:
    """The tree of a host file, with programs that can be run: they succeed, and modprobe shows the module as loaded.

    files: put on top, as load_host() wants them. programs: by path, the texts of others in the language of sh.
    """
    snapshot = load_host(name, files)
    write_tree(snapshot, root, relative_links=True)
    for fact, path in snapshot.facts.items():
        if fact.startswith("tool:"):
            loads = f'mkdir -p "{root}/sys/module/$1"' if fact == "tool:modprobe" else ":"
            Path(os.path.realpath(str(root / path[1:]))).write_text(f"#!/bin/sh\n{loads}\n")
    for path, text in (programs or {}).items():
        program = Path(os.path.realpath(str(root / path[1:])))
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    return root


def differences(one: Snapshot, other: Snapshot, *, ignore: Sequence[str] = ("time",)) -> dict[str, tuple[Any, Any]]:
    """What two snapshots do not agree in: path or fact -> both."""
    pairs: list[tuple[Any, Any]] = [(one.entries, other.entries), (one.facts, other.facts)]
    return {
        name: (left.get(name), right.get(name))
        for left, right in pairs
        for name in {**left, **right}
        if left.get(name) != right.get(name) and name not in ignore
    }


def look(root: Path) -> dict[str, tuple[Any, ...]]:
    """Everything below root: mode, owner and content or target."""
    found: dict[str, tuple[Any, ...]] = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        content = os.readlink(str(path)) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(root))] = (status.st_mode, status.st_uid, status.st_gid, content)
    return found
