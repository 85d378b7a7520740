# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook audit on this machine and on a host that does not answer. It reads, and changes nothing."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.stateward.conntrack.tests.support.playbooks import Done, run_playbook

# No ssh server listens on port 1.
INVENTORY = {
    "all": {
        "hosts": {
            "gone": {"ansible_host": "127.0.0.1", "ansible_port": 1},
            "here": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
        }
    }
}
FILES = ["index.html", "report.csv", "report.json"]


def audit(directory: Path, *arguments: str, **variables: Any) -> Done[str]:
    """Run it in this directory."""
    inventory = directory / "inventory.json"
    inventory.write_text(json.dumps(INVENTORY))
    given = ("--inventory", str(inventory), "--extra-vars", json.dumps(variables))
    return run_playbook(directory, *given, *arguments, "stateward.conntrack.audit")


def report_in(directory: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((directory / "report.json").read_text())
    return found


def rows_in(directory: Path) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in report_in(directory)["hosts"]}


def test_a_report_with_every_host_in_it(tmp_path: Path) -> None:
    done = audit(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(path.name for path in (tmp_path / "conntrack-report").iterdir()) == FILES
    rows = rows_in(tmp_path / "conntrack-report")
    assert rows["gone"]["state"] == "unreachable"
    assert "Connection refused" in rows["gone"]["message"]
    assert rows["here"]["info"]["host"]["kernel"] == os.uname().release
    assert rows["here"]["drift"] is None
    lines = done.stdout.splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("host "))
    table = lines[head : head + 4]
    assert [line.split()[0] for line in table] == ["host", "gone", "here", "2"]
    assert max(len(line) for line in table) <= 100


def test_the_second_report_compares_with_the_first(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b"
    for _turn in range(2):
        assert audit(tmp_path, conntrack_report_dir=str(target)).returncode == 0
    found = report_in(target)
    assert (found["changes"]["new"], found["changes"]["gone"]) == ([], [])
    assert found["hosts"][0]["changes"] == {"new": False}


def test_a_policy_brings_its_drift_and_may_fail_the_audit(tmp_path: Path) -> None:
    policy = {"conntrack_profile": "none", "conntrack_persist": [], "conntrack_timeouts": {"udp": 77}}
    done = audit(tmp_path, conntrack_audit_fail_on=["drift"], **policy)
    drift = rows_in(tmp_path / "conntrack-report")["here"]["drift"]
    assert drift is not None
    assert bool(drift["differences"] or drift["error"]) == (done.returncode == 2)
    assert "changed=0" in done.stdout
    assert "changed=1" not in done.stdout


def test_a_policy_that_cannot_be_read_is_drift_that_is_unknown(tmp_path: Path) -> None:
    done = audit(tmp_path, conntrack_max="{{ nobody_defined_this }}")
    assert done.returncode == 0, done.stdout + done.stderr
    drift = rows_in(tmp_path / "conntrack-report")["here"]["drift"]
    assert drift["differences"] == []
    assert "nobody_defined_this" in drift["error"]


def test_how_much_memory_a_table_may_take_is_no_policy(tmp_path: Path) -> None:
    done = audit(tmp_path, conntrack_memory_limit="20%")
    assert done.returncode == 0, done.stdout + done.stderr
    row = rows_in(tmp_path / "conntrack-report")["here"]
    assert (row["info"] is None, row["drift"]) == (False, None)


@pytest.mark.parametrize(("fail_on", "code"), [("unreachable", 2), ("failed", 0)])
def test_the_exit_code_is_what_was_asked_for(tmp_path: Path, fail_on: str, code: int) -> None:
    assert audit(tmp_path, conntrack_audit_fail_on=fail_on).returncode == code
    assert len(rows_in(tmp_path / "conntrack-report")) == 2


def test_a_failed_host_is_a_row_too(tmp_path: Path) -> None:
    done = audit(tmp_path, conntrack_warning=99)
    assert done.returncode == 0, done.stdout + done.stderr
    row = rows_in(tmp_path / "conntrack-report")["here"]
    assert row["state"] == "failed"
    assert "must not be above critical" in row["message"]


def test_check_mode_writes_nothing(tmp_path: Path) -> None:
    done = audit(tmp_path, "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 hosts: " in done.stdout
    assert not (tmp_path / "conntrack-report").exists()


def test_without_the_table(tmp_path: Path) -> None:
    done = audit(tmp_path, conntrack_report_show=False)
    assert done.returncode == 0
    assert "2 hosts: " not in done.stdout


def test_a_report_that_cannot_be_read_is_replaced_and_said(tmp_path: Path) -> None:
    (tmp_path / "conntrack-report").mkdir()
    (tmp_path / "conntrack-report" / "report.json").write_text("nonsense")
    done = audit(tmp_path)
    assert "cannot be compared with" in " ".join((done.stdout + done.stderr).split())
    assert report_in(tmp_path / "conntrack-report")["changes"] is None


def test_a_directory_that_cannot_be_made_fails_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = audit(tmp_path, conntrack_report_dir=str(tmp_path / "file" / "report"))
    assert done.returncode == 2
    assert "cannot be written into" in " ".join(done.stdout.split())
