# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of conntrack_tune: what it says when it fails or is refused, and what it leaves behind."""

from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import (
    ConntrackError,
    LockedError,
    OptionError,
    UnsupportedHostError,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._workflow import run
from ansible_collections.stateward.conntrack.tests.support.cases import value_of
from ansible_collections.stateward.conntrack.tests.support.tasks import ALL, DROP_IN, fake, tune


def test_a_failed_run_tells_every_operation() -> None:
    host = fake(fail_at=3)
    result = tune(host, **ALL)
    statuses = [item["status"] for item in result.values["operations"]]
    assert statuses[:4] == ["rolled_back", "rolled_back", "rolled_back", "failed"]
    assert set(statuses[4:]) == {"planned"}
    assert "injected failure" in result.error
    assert result.values["changed"] is False
    assert value_of(result.values["after"], "max") == 65536


def test_locked() -> None:
    host = fake(locked=True)
    with pytest.raises(LockedError, match="another run holds the lock"):
        tune(host, **ALL)
    assert host.applied == []
    assert run(host, ALL, check_mode=True).values["changed"]


def test_nothing_to_do_needs_no_lock() -> None:
    host = fake()
    tune(host, **ALL)
    host.locked = True
    assert tune(host, **ALL).values["changed"] is False


def test_not_root() -> None:
    host = fake()
    host.facts["euid"] = "1000"
    for check in (True, False):
        with pytest.raises(UnsupportedHostError, match="only be read and set by root: use become: true"):
            run(host, ALL, check_mode=check)


def test_bad_options_are_found_before_anything_is_read() -> None:
    host = fake()
    with pytest.raises(OptionError, match="max"):
        tune(host, max=-1)
    assert host.reads == 0


def test_an_unknown_profile_is_refused_with_a_sentence() -> None:
    with pytest.raises(ConntrackError, match="profile"):
        tune(fake(), profile="webserver")


def test_two_changes_within_one_second_keep_the_first_copy() -> None:
    host = fake("el6")
    tune(host, **ALL)
    first = host.snapshot.text(DROP_IN)
    for size in (140000, 150000):
        tune(host, **{**ALL, "max": size}, backup=True)
    copies = [path for path in host.nodes if "/backup/etc_sysctl.d_99" in path]
    assert [host.snapshot.text(path) for path in copies] == [first]
