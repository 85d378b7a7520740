# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""harden with tags that leave nothing of it: that must not look like success, and is no failure."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.stateward.conntrack.tests.support.fleet_plays import play_fleet

NOTHING = "Connection tracking is not hardened with --tags"


@pytest.mark.parametrize("tags", ["runtme", "nginx,php", "untagged", "never"])
def test_tags_that_leave_nothing_are_told(tmp_path: Path, tags: str) -> None:
    done = play_fleet(tmp_path, "harden", {"a": {}, "b": {}}, "--tags", tags)
    assert (done.status, done.hosts) == (0, []), done.text
    assert done.text.count(f"{NOTHING} {tags}: use runtime or persistence.") == 1


@pytest.mark.parametrize("arguments", [(), ("--tags", "all"), ("--tags", "tagged"), ("--tags", "nginx,persistence")])
def test_tags_that_leave_something_are_not(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = play_fleet(tmp_path, "harden", {"a": {}}, *arguments)
    assert (done.status, done.hosts) == (0, ["a", "a"]), done.text
    assert NOTHING not in done.text
