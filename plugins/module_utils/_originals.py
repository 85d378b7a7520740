# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host was before our first change, kept on it so that state=absent can put it back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._draft import Edit
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import UnsupportedHostError

_FORMAT = 1
# All that a text which is no originals file can raise; deeply nested or infinite JSON included.
_DAMAGED = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True)
class Originals:
    """values: by canonical key, what the kernel said before our first write; None: the module was not loaded then.

    files: those that are wholly ours. edits: of foreign files. directories: that we made.
    """

    values: Mapping[str, int | None]
    files: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    directories: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.values or self.files or self.edits or self.directories)


NO_ORIGINALS = Originals(values={})


def originals_path(state_dir: str) -> str:
    return f"{state_dir}/originals.json"


def parse_originals(text: str | None, path: str) -> Originals:
    """The originals in a file's text; nothing for None. Raises UnsupportedHostError when the text is damaged."""
    if text is None:
        return NO_ORIGINALS
    try:
        return _from_json(json.loads(text))
    except _DAMAGED as error:
        what = f"{type(error).__name__}: {error}"
        raise UnsupportedHostError(
            f"{path} is damaged ({what}). It holds the values from before the first change: repair it, or move it away "
            "and accept that state=absent will not know them."
        ) from error


def _from_json(data: Any) -> Originals:
    if data["format"] != _FORMAT:
        raise ValueError(f"format {data['format']!r} is not known here")
    values = {str(key): None if value is None else int(value) for key, value in data["values"].items()}
    edits = tuple(_edit(edit) for edit in data["edits"])
    files, directories = (tuple(str(path) for path in data[name]) for name in ("files", "directories"))
    return Originals(values, files, edits, directories)


def _edit(data: Any) -> Edit:
    return Edit(str(data["path"]), str(data["before"]), str(data["after"]), int(data.get("line", 0)))


def render_originals(originals: Originals) -> str:
    """The file's text; the same originals always give the same bytes."""
    data = {
        "format": _FORMAT,
        "note": "Written by the Ansible collection stateward.conntrack; state=absent reads it and removes it.",
        "values": dict(originals.values),
        "files": sorted(originals.files),
        "edits": [vars(edit) for edit in originals.edits],
        "directories": sorted(originals.directories),
    }
    return json.dumps(data, indent=2, sort_keys=True) + "\n"
