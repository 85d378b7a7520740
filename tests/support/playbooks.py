# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-playbook in a directory of its own, whatever this machine has set for Ansible."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ansible_collections.stateward.conntrack.plugins.modules import conntrack_tune

ROOT = Path(conntrack_tune.__file__).parents[2]
COLLECTIONS = ROOT.parents[2]

Done = subprocess.CompletedProcess


def run_playbook(folder: Path, *arguments: str, collections: Path = COLLECTIONS) -> Done[str]:
    """Run it there. collections: the path of the collection that is meant."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    ours = {
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "local"),
        "ANSIBLE_REMOTE_TEMP": str(folder / "remote"),
        "ANSIBLE_NOCOLOR": "1",
    }
    command = [str(Path(sys.executable).with_name("ansible-playbook")), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env={**kept, **ours}, check=False, timeout=240, cwd=folder
    )
