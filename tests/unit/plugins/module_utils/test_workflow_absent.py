# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back: state=absent, whatever has happened to the host and to the originals meanwhile."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import RefusedError, UnsupportedHostError
from ansible_collections.stateward.conntrack.plugins.module_utils._workflow import run
from ansible_collections.stateward.conntrack.tests.support.cases import show_operations, value_of
from ansible_collections.stateward.conntrack.tests.support.kernel_model import same_variable, show
from ansible_collections.stateward.conntrack.tests.support.tasks import ALL, DROP_IN, ORIGINALS, fake, tune


def test_absent_below_the_live_count_needs_force() -> None:
    host = fake()
    tune(host, **ALL)
    show(host.nodes, same_variable(host.nodes, "count"), 70000)
    with pytest.raises(RefusedError, match="original max was 65536, but 70000 entries are in use"):
        tune(host, state="absent")
    assert tune(host, state="absent", force=True).values["after"]["max"] == 65536


def test_absent_for_files_only() -> None:
    host = fake()
    tune(host, **ALL)
    result = tune(host, state="absent", runtime=False)
    assert host.snapshot.text(DROP_IN) is None
    assert value_of(result.values["after"], "max") == 131072


def test_absent_with_lost_originals_says_what_it_cannot_do() -> None:
    host = fake("el6")
    tune(host, **ALL)
    del host.nodes[ORIGINALS]
    result = tune(host, state="absent")
    assert [f"{ORIGINALS} is missing" in warning for warning in result.warnings] == [True]
    assert host.snapshot.text(DROP_IN) is None
    assert "stateward" not in "".join(entry.text or "" for entry in host.nodes.values())
    assert value_of(result.values["after"], "max") == 131072
    assert not tune(host, state="absent").warnings


def test_absent_with_lost_originals_finds_blocks_in_common_files() -> None:
    host = fake("el5")
    before = {path: host.snapshot.text(path) for path in ("/etc/sysctl.conf", "/etc/modprobe.conf")}
    tune(host, **ALL)
    del host.nodes[ORIGINALS]
    assert tune(host, state="absent").warnings
    assert {path: host.snapshot.text(path) for path in before} == before


def test_absent_with_damaged_originals_changes_nothing() -> None:
    host = fake()
    tune(host, **ALL)
    host.nodes[ORIGINALS] = replace(host.nodes[ORIGINALS], text="{")
    before = dict(host.nodes)
    for options in ({"state": "absent"}, {**ALL, "max": 140000}):
        with pytest.raises(UnsupportedHostError, match=f"{ORIGINALS} is damaged"):
            tune(host, **options)
    assert host.nodes == before


def test_absent_after_a_reboot_still_knows_the_first_values() -> None:
    """Originals are of the first run; a reboot in between changes values, not what was before us."""
    host = fake()
    tune(host, max=131072, timeouts={"udp": 40})
    for name, value in (("max", 65536), ("udp_timeout", 30), ("tcp_timeout_established", 432000)):
        show(host.nodes, same_variable(host.nodes, name), value)
    tune(host, max=140000, timeouts={"udp": 50})
    after = tune(host, state="absent").values["after"]
    assert (after["max"], after["timeouts"]["udp"], after["timeouts"]["tcp_established"]) == (65536, 30, 432000)


def test_absent_leaves_lines_that_were_changed_since_and_says_so() -> None:
    host = fake("el6")
    path = "/etc/sysconfig/iptables-config"
    tune(host, **ALL)
    text = host.snapshot.text(path).replace('UNLOAD="no"', "UNLOAD=maybe")
    host.nodes[path] = replace(host.nodes[path], text=text)
    result = tune(host, state="absent")
    assert result.warnings == (f"{path}: the lines that we edited were changed since; the file is left as it is.",)
    assert host.snapshot.text(path) == text


def test_absent_goes_on_when_an_edited_file_cannot_be_read_any_more() -> None:
    host = fake("el6")
    path = "/etc/sysconfig/iptables-config"
    tune(host, **ALL)
    host.nodes[path] = replace(host.nodes[path], text=None, error="EIO")
    result = tune(host, state="absent")
    assert [
        warning.startswith(f"{path}: our edit of it stays. {path} cannot be read (EIO)") for warning in result.warnings
    ]
    assert host.snapshot.text(DROP_IN) is None


def test_absent_does_not_touch_common_files_without_a_block_of_ours() -> None:
    files = {"/etc/modules": {"link": "/etc/site/modules"}, "/etc/site/modules": "loop\n"}
    host = fake("debian12", files)
    tune(host, **ALL)
    assert tune(host, state="absent").error == ""


def test_absent_takes_nothing_away_where_nothing_was_done() -> None:
    result = tune(fake(), state="absent")
    assert (result.values["changed"], result.values["operations"], result.warnings) == (False, [], ())


def test_absent_with_backup_keeps_its_copies() -> None:
    host = fake("el6")
    tune(host, **ALL)
    planned = show_operations(run(host, {"state": "absent", "backup": True}, check_mode=True).values)
    result = tune(host, state="absent", backup=True)
    assert show_operations(result.values) == planned
    assert {item["status"] for item in result.values["operations"]} == {"done"}
    assert any("/backup/etc_sysctl.d_99-stateward-conntrack.conf." in path for path in host.nodes)
