# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What both transports say about an operation, word for word: one table, filled in with C(format)."""

from __future__ import annotations

ALREADY = "it already was so"
NOT_TRIED = "not tried"
STAYS_LOADED = "stays loaded: a module is never unloaded"

# links: {target} is the link, {real} what it leads to
LINK_OUTSIDE = "{target} is a symbolic link to {real}, outside its own directory: it is not followed"
LINK_FOREIGN = "{target} is a symbolic link to {real} and belongs to user {owner}: it is not followed"
LINK_DANGLING = "{target} is a symbolic link to {real}, which does not exist: it is not followed"
LINK_KEPT = "{target} is a symbolic link to {real}: it is not removed"

# happened: one of GONE, MADE, EDITED
STALE = "{target} {happened} after it had been read: another program writes it"
GONE, MADE, EDITED = "is gone", "was made", "was changed"
OVERWRITTEN = "{target} was changed by another program while it was written"

NOT_EMPTY = "{target} is not empty: it stays"
LACKING = "{target} does not exist: this kernel has no such setting"
READ_BACK = "wrote {wanted} to {target}, the kernel says {said}"
WROTE_BACK = "wrote back {wanted}, the kernel says {said}"

NO_MODULE_NAME = "{target!r} is no name of a kernel module"
NO_MODPROBE = "modprobe was not found: the module {target} cannot be loaded"
NOT_LOADED = "the module {target} was not loaded: {problem}"
UNSEEN = "modprobe succeeded without {shown}: built in, an alias, or an install line"

TOOL_ENDED = "{path} {argument} ended with status {status}: {said}"
TOOL_SLOW = "{path} {argument} did not end within {seconds:g} seconds"

LOCK_HELD = "{holder} holds the lock {path} of this host: wait until it has ended, then try again"
INTERRUPTED = "the run was interrupted"

MAX_OUTPUT = 500


def describe_holder(pid: str, path: str) -> str:
    """Who keeps a run waiting; pid is what the lock file says."""
    return LOCK_HELD.format(holder=f"process {pid}" if pid.isdigit() else "another run", path=path)


def describe_end(path: str, argument: str, status: int, output: str) -> str:
    """How a program failed; of what it said, the end tells why."""
    said = output.strip()[-MAX_OUTPUT:]
    return TOOL_ENDED.format(path=path, argument=argument, status=status, said=said or "no output")


def module_directory(name: str) -> str:
    """Where a loaded module shows; the directory carries underscores, whatever the name that was asked for."""
    return "/sys/module/" + name.replace("-", "_")
