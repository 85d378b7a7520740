# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the lab keeps its things, from the environment.

LAB_CACHE   images and the ssh key        ${XDG_CACHE_HOME:-~/.cache}/stateward-lab
LAB_STATE   what is running               /run/stateward-lab; its last part is also the name of the network namespace
LAB_MIRROR  Debian mirror                 http://deb.debian.org/debian
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import LabError

LAB_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


@dataclass(frozen=True)
class Settings:
    """Every folder and name that the tool uses."""

    cache: Path
    state: Path
    mirror: str

    @property
    def namespace(self) -> str:
        return self.state.name

    @property
    def images(self) -> Path:
        return self.cache / "images"

    @property
    def disks(self) -> Path:
        """The hosts' own disks: beside the images, because /run is usually memory."""
        return self.cache / "disks" / self.namespace

    @property
    def logs(self) -> Path:
        return self.state / "console"

    @property
    def key(self) -> Path:
        return self.cache / "ssh" / "id_ed25519"

    @property
    def inventory(self) -> Path:
        return self.state / "inventory.yml"


def read_settings(environ: Mapping[str, str], home: Path) -> Settings:
    """The settings that this environment and home directory give. Raises LabError for a bad LAB_STATE."""
    cache = environ.get("LAB_CACHE") or str(Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "stateward-lab")
    state = Path(environ.get("LAB_STATE") or "/run/stateward-lab").absolute()
    if not LAB_NAME.fullmatch(state.name):
        raise LabError(
            f"LAB_STATE must end in a name like 'stateward-lab' (small letters, digits, '-'), not '{state.name}'."
        )
    mirror = environ.get("LAB_MIRROR") or "http://deb.debian.org/debian"
    return Settings(cache=Path(cache).absolute(), state=state, mirror=mirror)
