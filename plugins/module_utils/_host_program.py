# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program of a host's tree while it runs."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import Tree

# A task's PATH often lacks the sbin directories (sudo's secure_path, a non-login ssh shell).
SYSTEM_DIRECTORIES = ("/sbin", "/usr/sbin", "/bin", "/usr/bin")

if TYPE_CHECKING:
    _Popen = subprocess.Popen[bytes]
else:
    _Popen = subprocess.Popen


class Program(_Popen):
    """Started at once, in a session of its own, with its output in a pipe. errors: a descriptor for its standard error.

    Raises OSError when it cannot be started.
    """

    def __init__(self, tree: Tree, command: tuple[str, ...], *, errors: int = subprocess.STDOUT) -> None:
        # argv[0] stays the name that was found: kmod and busybox are one program under many names.
        super().__init__(
            [tree.host_path(command[0]), *command[1:]],
            executable=tree.host_path(tree.resolve(command[0])),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={"LC_ALL": "C", "PATH": ":".join(SYSTEM_DIRECTORIES)},
            start_new_session=True,
        )

    def end(self) -> None:
        """Kill it with all that it started, unless it has ended by itself."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
