# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The few programs that a host is asked for: where they are, and how one is run."""

from __future__ import annotations

import errno
import os
import stat
import subprocess

from ansible_collections.stateward.conntrack.plugins.module_utils._host_program import SYSTEM_DIRECTORIES, Program
from ansible_collections.stateward.conntrack.plugins.module_utils._host_sentences import TOOL_SLOW, describe_end
from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import Tree

WANTED_TOOLS = ("modprobe", "sysctl", "systemctl", "restorecon", "conntrack", "iptables")

# A module's install line may run other programs; none of them takes anywhere near this long.
TOOL_SECONDS = 60.0


def find_tool(tree: Tree, name: str) -> str:
    """The absolute path of an executable inside the tree, empty when it has none."""
    directories = [part for part in os.environ.get("PATH", "").split(":") if part.startswith("/")]
    for directory in [*directories, *SYSTEM_DIRECTORIES]:
        path = directory.rstrip("/") + "/" + name
        if _is_executable(tree, path):
            return path
    return ""


def _is_executable(tree: Tree, path: str) -> bool:
    try:
        status = os.lstat(tree.host_path(tree.resolve(path)))
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and bool(status.st_mode & 0o111)


def run_tool(tree: Tree, path: str, argument: str, seconds: float = TOOL_SECONDS) -> str:
    """Run a program of the tree with one argument; empty when it succeeded, else a phrase that says how it failed."""
    try:
        process = Program(tree, (path, argument))
    except OSError as error:
        return f"{path} could not be run: {os.strerror(error.errno or errno.EIO)}"
    try:
        output = process.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        _end(process)
        return TOOL_SLOW.format(path=path, argument=argument, seconds=seconds)
    except BaseException:
        _end(process)
        raise
    if process.returncode == 0:
        return ""
    return describe_end(path, argument, process.returncode, output.decode("utf-8", "replace"))


def _end(process: Program) -> None:
    """End the program with all that it started: a child that keeps the pipe open would keep us waiting."""
    process.end()
    try:
        process.communicate(timeout=5)
    except subprocess.TimeoutExpired:
        # In an uninterruptible system call: the kernel ends it when that returns.
        if process.stdout:
            process.stdout.close()
