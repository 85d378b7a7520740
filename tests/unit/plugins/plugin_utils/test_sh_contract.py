# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract of the two transports: on the same host they read the same and do the same."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import ConntrackError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_local import LocalHost
from ansible_collections.stateward.conntrack.plugins.module_utils._manifest import MANIFEST
from ansible_collections.stateward.conntrack.plugins.module_utils._workflow import run
from ansible_collections.stateward.conntrack.tests.support.hosts import host_names
from ansible_collections.stateward.conntrack.tests.support.shells import (
    SHELLS,
    differences,
    look,
    make_tree,
    shell_host,
)

PARAMS: dict[str, Any] = {
    "max": 300000,
    "hashsize": 65536,
    "profile": "web_lb",
    "persist": ["all"],
    "takeover": True,
    "backup": True,
    "force": True,
}


@pytest.fixture(autouse=True)
def _plain_path(monkeypatch: pytest.MonkeyPatch) -> None:
    # The hosts of the cases keep their programs where a bare system has them.
    monkeypatch.setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")


@pytest.mark.parametrize("name", host_names())
def test_reading(tmp_path: Path, name: str) -> None:
    root = make_tree(name, tmp_path / name)
    expected = LocalHost(str(root)).read(MANIFEST)
    assert len(expected.entries) > 5
    for shell in SHELLS:
        assert differences(expected, shell_host(shell, root).read(MANIFEST)) == {}, shell


# A few hosts of different kinds go through every shell, the others through the one of most systems.
EVERY_SHELL = ("alpine", "debian12", "el5", "openwrt")


def outcome(host: Any, root: Path, *steps: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """What the runs say, and what they leave, without what is the time or the place of it."""
    said: list[Any] = []
    for params in steps:
        try:
            result = run(host, {**params, "transport": "auto"}, check_mode=False)
            said.append((result.values, result.warnings, result.error))
        except ConntrackError as error:
            said.append(str(error))
    return said, look(root)


def scrub(value: Any, root: Path) -> Any:
    """Backups carry the time in their name."""
    return re.sub(r"\d{8}T\d{6}Z", "TIME", repr(value).replace(str(root), "ROOT"))


@pytest.mark.parametrize("name", host_names())
def test_applying(tmp_path: Path, name: str) -> None:
    """The whole way: everything set and persisted, again, and all taken back."""
    steps = (PARAMS, PARAMS, {"state": "absent"})
    answers = {}
    shells = SHELLS if name in EVERY_SHELL else SHELLS[:1]
    for host_name in ("python", *shells):
        # The same path for all, because it is part of what is looked at.
        root = make_tree(name, tmp_path / "tree")
        host = LocalHost(str(root)) if host_name == "python" else shell_host(host_name, root)
        answers[host_name] = [scrub(part, root) for part in outcome(host, root, *steps)]
        shutil.rmtree(str(root))
    for shell in shells:
        assert answers[shell] == answers["python"], shell
