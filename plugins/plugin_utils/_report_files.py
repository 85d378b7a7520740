# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a report: the previous one is read, the new ones replace the old, each as a whole."""

from __future__ import annotations

import dataclasses
import os
import stat
from pathlib import Path
from typing import Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._atomic import (
    FileState,
    open_directory,
    replace_file,
)

HTML, JSON, CSV = "index.html", "report.json", "report.csv"


def read_previous(directory: Path) -> str | None:
    """The text of the previous report.json, None when there is none.

    Raises OSError, or ValueError for what is no UTF-8.
    """
    try:
        return (directory / JSON).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def write_files(directory: Path, texts: Mapping[str, str]) -> None:
    """Replace the files of these names. Raises OSError; then each of them is whole, with its old or its new text."""
    directory.mkdir(parents=True, exist_ok=True)
    with open_directory(os.path.realpath(directory)) as descriptor:
        for name, text in texts.items():
            mode, group = _access(directory / name)
            state = FileState(text.encode("utf-8"), mode, gid=group)
            try:
                replace_file(descriptor, name, state)
            except PermissionError:
                # A group of which its writer is no member; where it was something else, it fails again.
                replace_file(descriptor, name, dataclasses.replace(state, gid=-1))


def _access(path: Path) -> tuple[int, int]:
    """Mode and group: of the old file, so that whoever was given access keeps it, or what the umask leaves."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return 0o666 & ~_umask(), -1
    if not stat.S_ISREG(status.st_mode):
        return 0o666 & ~_umask(), -1
    return stat.S_IMODE(status.st_mode), status.st_gid


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
