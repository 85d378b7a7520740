# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every case of tests/cases: as a question, on a kernel in memory, on real files, a second time, and back."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Mapping

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import ConntrackError
from ansible_collections.stateward.conntrack.plugins.module_utils._model import MODULE, Entry, Host
from ansible_collections.stateward.conntrack.plugins.module_utils._workflow import Result, run
from ansible_collections.stateward.conntrack.tests.support.cases import (
    Case,
    TreeHost,
    case_names,
    load_case,
    show_conflicts,
    show_operations,
    value_of,
)
from ansible_collections.stateward.conntrack.tests.support.fakehost import FakeHost

ABSENT = {"state": "absent", "force": True}
CASES = {name: load_case(name) for name in case_names()}
EVERY = [pytest.param(case, id=name) for name, case in CASES.items()]
ACCEPTED = [pytest.param(case, id=name) for name, case in CASES.items() if not case.error]
ON_FILES = [pytest.param(case, id=name) for name, case in CASES.items() if case.local and not case.loads]


def tune(host: Host, options: Mapping[str, Any], *, check: bool = False) -> Result:
    result = run(host, options, check_mode=check)
    assert result.error == ""
    return result


def check_report(case: Case, result: Result) -> None:
    """All expectations about what is said."""
    values = result.values
    said = {
        "operations": show_operations(values),
        "conflicts": show_conflicts(values),
        "not_applied": [item["name"] for item in values["not_applied"]],
    }
    assert said == {name: getattr(case, name) for name in said}
    assert {event: values["survives"][event]["ok"] for event in case.survives} == dict(case.survives)
    for event, pattern in case.reasons.items():
        assert any(re.search(pattern, line) for line in values["survives"][event]["reasons"])
    check_warnings(case, result)


def check_warnings(case: Case, result: Result) -> None:
    assert len(result.warnings) == len(case.warnings or ())
    for pattern, warning in zip(case.warnings or (), result.warnings):
        assert re.search(pattern, warning)


def check_values(case: Case, result: Result) -> None:
    after = result.values["after"]
    assert {name: value_of(after, name) for name in case.values_after} == dict(case.values_after)


# What the kernel works out from the buckets once, at load, and where it shows their number before it was rounded.
DERIVED = ("/parameters/hashsize", "/parameters/expect_hashsize", "_expect_max")


def shown(entries: Mapping[str, Entry]) -> dict[str, tuple[str, str, int, str | None, str]]:
    """All that has to be as before."""
    found = {path: (item.kind, item.target, item.mode, item.text, item.error) for path, item in entries.items()}
    return without_copies(found)


def without_copies(files: Mapping[str, Any]) -> dict[str, Any]:
    """Without the copies that were asked for, and their directory, which stay; without what the kernel derives."""
    homes = [path for path in files if path.endswith("/stateward-conntrack") and path + "/backup" in files]
    left = {path: item for path, item in files.items() if path not in homes and not path.endswith(DERIVED)}
    return {path: item for path, item in left.items() if not any(path.startswith(home + "/backup") for home in homes)}


def freshly_loaded(case: Case, done: list[Any]) -> dict[str, Any]:
    """The host of a case, with nothing but the modules loaded that the run has loaded."""
    fresh = FakeHost(case.snapshot())
    fresh.apply(tuple(operation for operation in done if operation.kind == MODULE), ())
    return shown(fresh.snapshot.entries)


@pytest.mark.parametrize("case", EVERY)
def test_check_mode(case: Case) -> None:
    host = FakeHost(case.snapshot())
    if case.error:
        with pytest.raises(ConntrackError, match=case.error):
            run(host, case.options, check_mode=True)
    else:
        result = tune(host, case.options, check=True)
        check_report(case, result)
        if not case.loads:
            check_values(case, result)
        assert result.values["changed"] is bool(case.operations)
    assert host.applied == []


@pytest.mark.parametrize("case", EVERY)
def test_real_run(case: Case) -> None:
    host = FakeHost(case.snapshot())
    if case.error:
        with pytest.raises(ConntrackError, match=case.error):
            run(host, case.options, check_mode=False)
        assert host.applied == []
        return
    result = tune(host, case.options)
    check_report(case, result)
    check_values(case, result)
    assert {item["status"] for item in result.values["operations"]} <= {"done"}
    assert {path: host.snapshot.text(path) for path in case.files_after} == dict(case.files_after)


@pytest.mark.parametrize("case", ACCEPTED)
def test_second_run_changes_nothing(case: Case) -> None:
    host = FakeHost(case.snapshot())
    first = tune(host, case.options)
    for second in (tune(host, case.options, check=True), tune(host, case.options)):
        assert (second.values["changed"], second.values["operations"]) == (False, [])
        assert second.values["after"] == first.values["after"]
        assert second.values["conflicts"] == first.values["conflicts"]
        assert second.values["survives"] == first.values["survives"]


@pytest.mark.parametrize("case", ACCEPTED)
def test_absent_gives_everything_back(case: Case) -> None:
    host = FakeHost(case.snapshot())
    tune(host, case.options)
    expected = freshly_loaded(case, host.applied)
    told = show_operations(tune(host, ABSENT, check=True).values)
    assert show_operations(tune(host, ABSENT).values) == told
    assert shown(host.snapshot.entries) == expected
    assert any("/backup/" in path for path in host.nodes) is any("/backup/" in line for line in case.operations or ())
    assert not tune(host, ABSENT).values["changed"]


@pytest.mark.parametrize("case", ON_FILES)
def test_on_real_files(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)  # what a power failure leaves is tested elsewhere
    host = TreeHost(case.snapshot(), tmp_path)
    before = host.tree()
    if case.error:
        with pytest.raises(ConntrackError, match=case.error):
            run(host, case.options, check_mode=False)
        assert host.tree() == before
        return
    result = tune(host, case.options)
    check_report(case, result)
    check_values(case, result)
    assert {path: read(tmp_path, path) for path in case.files_after} == dict(case.files_after)
    assert not tune(host, case.options).values["changed"]
    tune(host, ABSENT)
    assert without_copies(host.tree()) == without_copies(before)


def read(root: Path, path: str) -> str | None:
    place = root / path[1:]
    return place.read_bytes().decode("utf-8", "surrogateescape") if place.exists() else None
