# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module file of conntrack_info: documentation agrees with spec and result, and main() passes everything on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible_collections.stateward.conntrack.plugins.doc_fragments import attributes, transport
from ansible_collections.stateward.conntrack.plugins.module_utils._argument_spec import INFO_OPTIONS
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import UnsupportedHostError
from ansible_collections.stateward.conntrack.plugins.module_utils._flow_model import FlowCounts, FlowQuery, Ranking
from ansible_collections.stateward.conntrack.plugins.module_utils._host_local import LocalHost
from ansible_collections.stateward.conntrack.plugins.module_utils._info import run_info
from ansible_collections.stateward.conntrack.plugins.module_utils._info_options import parse_info_options
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Host, Read, Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._verdict import RULES
from ansible_collections.stateward.conntrack.plugins.modules import conntrack_info
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host

DOCUMENTATION = yaml.safe_load(conntrack_info.DOCUMENTATION)
RETURN = yaml.safe_load(conntrack_info.RETURN)
EXAMPLES = yaml.safe_load(conntrack_info.EXAMPLES)
FRAGMENTS = {
    "stateward.conntrack.attributes": attributes.ModuleDocFragment.DOCUMENTATION,
    "stateward.conntrack.attributes.reads": attributes.ModuleDocFragment.READS,
    "stateward.conntrack.transport": transport.ModuleDocFragment.DOCUMENTATION,
}


def documented_options() -> dict[str, Any]:
    options = dict(DOCUMENTATION["options"])
    for name in DOCUMENTATION["extends_documentation_fragment"]:
        options.update(yaml.safe_load(FRAGMENTS[name])["options"])
    return options


# ---------------------------------------------------------------------------------------------- documentation


def test_documented_options_are_those_of_the_spec() -> None:
    assert set(documented_options()) == set(INFO_OPTIONS)


@pytest.mark.parametrize("name", sorted(INFO_OPTIONS))
@pytest.mark.parametrize("aspect", ["type", "default", "choices"])
def test_documentation_agrees_with_the_spec(name: str, aspect: str) -> None:
    documented = documented_options()[name].get(aspect)
    if aspect == "choices" and documented is not None:
        documented = list(documented)
    assert documented == INFO_OPTIONS[name].get(aspect)


@pytest.mark.parametrize("task", EXAMPLES, ids=lambda task: task["name"])
def test_examples_are_accepted(task: dict[str, Any]) -> None:
    parse_info_options(task.get("stateward.conntrack.conntrack_info") or {})


def test_every_rule_is_named() -> None:
    text = RETURN["verdict"]["contains"]["findings"]["contains"]["rule"]["description"]
    assert [rule for rule, _check in RULES if f"V({rule})" not in text] == []


# ---------------------------------------------------------------------------------------------- return values


class Busy(Host):
    """A host with one entry in each list that conntrack_info returns."""

    def read(self, reads: tuple[Read, ...]) -> Snapshot:
        del reads
        files = {
            "/etc/modules-load.d/x.conf": "nf_conntrack\n",
            "/etc/sysctl.d/z.conf": "net.netfilter.nf_conntrack_max = 50\n",
            "/proc/net/nf_conntrack": "",
        }
        return load_host("debian12", files)

    def count_flows(self, query: FlowQuery) -> FlowCounts:
        del query
        addresses = Ranking((("192.0.2.1", 3),))
        return FlowCounts(entries=3, sources=addresses, destinations=addresses, ports=Ranking((("tcp/443", 3),)))


def shape(value: Any, row: dict[str, Any], name: str) -> list[str]:
    """The differences between a value and its documentation, as paths."""
    if isinstance(value, list) and "contains" in row:
        assert value, f"{name} is empty: nothing was compared"
        value = value[0]
    if "contains" not in row or value is None:
        return [] if value is None or is_of_type(value, row["type"]) else [f"{name}: {value!r}"]
    if set(value) != set(row["contains"]):
        return [f"{name}: {sorted(set(value) ^ set(row['contains']))}"]
    return [found for key, inner in row["contains"].items() for found in shape(value[key], inner, f"{name}.{key}")]


TYPES = {"str": str, "int": int, "float": float, "bool": bool, "list": list, "dict": dict}


def is_of_type(value: Any, name: str) -> bool:
    return isinstance(value, TYPES[name]) and isinstance(value, bool) == (name == "bool")


def test_the_result_is_as_documented() -> None:
    values = run_info(Busy(), {"flows": True}).values
    assert set(RETURN) == {*values, "warnings"}
    assert [found for name, value in values.items() for found in shape(value, RETURN[name], name)] == []


def leaves(rows: dict[str, Any]) -> list[tuple[str, Any]]:
    found = []
    for name, row in rows.items():
        found += leaves(row["contains"]) if "contains" in row else [(name, row)]
    return found


@pytest.mark.parametrize(("name", "row"), leaves(RETURN))
def test_samples_have_their_type(name: str, row: dict[str, Any]) -> None:
    assert is_of_type(row["sample"], row["type"]), name
    assert row["description"]
    assert row["returned"]


def test_samples_agree_with_each_other() -> None:
    sample = {name: row.get("sample") for name, row in RETURN.items()}
    memory = {name: row["sample"] for name, row in RETURN["memory"]["contains"].items()}
    assert sample["usage_percent"] == round(100 * sample["count"] / sample["max"], 2)
    assert sample["load_factor"] == round(2 * sample["count"] / sample["hashsize"], 2)
    assert memory["full_bytes"] == sample["max"] * memory["entry_bytes"] + sample["hashsize"] * 8
    assert memory["now_bytes"] == sample["count"] * memory["entry_bytes"] + sample["hashsize"] * 8
    total = RETURN["host"]["contains"]["memory_bytes"]["sample"]
    assert memory["limit_bytes"] == total * 15 // 100
    assert memory["full_percent"] == round(100 * memory["full_bytes"] / total, 2)


# ---------------------------------------------------------------------------------------------- main()


class Ended(Exception):
    """Where a module would leave the process."""


class FakeModule:
    """As much of AnsibleModule as main() uses."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.params = {**{name: row.get("default") for name, row in INFO_OPTIONS.items()}, **params}
        self.warned: list[str] = []
        self.exited: dict[str, Any] = {}
        self.failed: dict[str, Any] = {}
        self.created: dict[str, Any] = {}

    def __call__(self, **created: Any) -> FakeModule:
        self.created = created
        return self

    def warn(self, warning: str) -> None:
        self.warned.append(warning)

    def exit_json(self, **values: Any) -> None:
        self.exited = values
        raise Ended

    def fail_json(self, **values: Any) -> None:
        self.failed = values
        raise Ended


def run_main(monkeypatch: pytest.MonkeyPatch, run: Any, **params: Any) -> FakeModule:
    module = FakeModule(params)
    monkeypatch.setattr(conntrack_info, "AnsibleModule", module)
    monkeypatch.setattr(conntrack_info, "run_info", run)
    with pytest.raises(Ended):
        conntrack_info.main()
    return module


def test_main_passes_everything_on(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def run(host: Any, params: Any) -> Any:
        seen.update(host=host, params=params)
        return SimpleNamespace(values={"changed": False}, warnings=("one", "two"))

    module = run_main(monkeypatch, run, top=5)
    assert isinstance(seen["host"], LocalHost)
    assert seen["params"]["top"] == 5
    assert module.created == {"argument_spec": INFO_OPTIONS, "supports_check_mode": True}
    assert (module.exited, module.warned) == ({"changed": False}, ["one", "two"])


def test_main_fails_with_an_exception_of_the_family(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_args: Any) -> Any:
        raise UnsupportedHostError("No Linux.")

    assert run_main(monkeypatch, run).failed == {"msg": "No Linux."}


def test_the_shell_transport_is_refused_on_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    module = run_main(monkeypatch, lambda *_: None, transport="shell")
    assert module.failed["msg"].startswith("transport=shell runs on the controller")
