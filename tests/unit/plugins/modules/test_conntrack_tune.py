# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module file: documentation agrees with argument spec and contract, and main() passes everything on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible_collections.stateward.conntrack.plugins.doc_fragments import attributes, transport
from ansible_collections.stateward.conntrack.plugins.module_utils._argument_spec import TUNE_OPTIONS
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import RefusedError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_local import LocalHost
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_keys import keys
from ansible_collections.stateward.conntrack.plugins.module_utils._options import Options, parse_options
from ansible_collections.stateward.conntrack.plugins.modules import conntrack_tune

DOCUMENTATION = yaml.safe_load(conntrack_tune.DOCUMENTATION)
RETURN = yaml.safe_load(conntrack_tune.RETURN)
EXAMPLES = yaml.safe_load(conntrack_tune.EXAMPLES)
FRAGMENTS = {
    "stateward.conntrack.attributes": attributes.ModuleDocFragment.DOCUMENTATION,
    "stateward.conntrack.attributes.changes": attributes.ModuleDocFragment.CHANGES,
    "stateward.conntrack.transport": transport.ModuleDocFragment.DOCUMENTATION,
}


def documented_options() -> dict[str, Any]:
    options = dict(DOCUMENTATION["options"])
    for name in DOCUMENTATION["extends_documentation_fragment"]:
        options.update(yaml.safe_load(FRAGMENTS[name])["options"])
    return options


# ---------------------------------------------------------------------------------------------- documentation


def test_documented_options_are_those_of_the_spec() -> None:
    assert set(documented_options()) == set(TUNE_OPTIONS) == set(Options.__dataclass_fields__)


@pytest.mark.parametrize("name", sorted(TUNE_OPTIONS))
@pytest.mark.parametrize("aspect", ["type", "elements", "default", "choices"])
def test_documentation_agrees_with_the_spec(name: str, aspect: str) -> None:
    documented = documented_options()[name].get(aspect)
    if aspect == "choices" and documented is not None:
        documented = list(documented)
    assert documented == TUNE_OPTIONS[name].get(aspect)


def test_every_choice_is_explained() -> None:
    for name, option in documented_options().items():
        text = "\n".join(option["description"])
        missing = [choice for choice in option.get("choices", ()) if f"V({choice}) - " not in text]
        assert not missing, name


@pytest.mark.parametrize(("option", "group"), [("timeouts", "timeout"), ("settings", "setting")])
def test_every_key_is_named(option: str, group: str) -> None:
    text = " ".join(DOCUMENTATION["options"][option]["description"])
    assert [key.name for key in keys(group) if f"C({key.name})" not in text] == []


def test_attributes_are_honest() -> None:
    found: dict[str, Any] = {}
    for text in FRAGMENTS.values():
        found.update(yaml.safe_load(text).get("attributes", {}))
    assert {name: row["support"] for name, row in found.items()} == dict.fromkeys(
        ("check_mode", "diff_mode", "platform", "action_group", "idempotent"), "full"
    )


def example_tasks(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [inner for task in tasks for inner in (example_tasks(task["block"]) if "block" in task else [task])]


@pytest.mark.parametrize("task", example_tasks(EXAMPLES), ids=lambda task: task["name"])
def test_examples_are_accepted(task: dict[str, Any]) -> None:
    params = task["stateward.conntrack.conntrack_tune"] or {}
    assert set(params) <= set(TUNE_OPTIONS)
    given = {name: [] if str(value).startswith("{{") else value for name, value in params.items()}
    assert isinstance(parse_options(given), Options)


# ---------------------------------------------------------------------------------------------- return values

CONTRACT = {
    "changed": "",
    "host": "kernel dialect module init platform distribution memory_bytes page_size pointer_bits netns container",
    "before": "max hashsize count timeouts settings",
    "after": "max hashsize count timeouts settings",
    "sizing": "max hashsize entry_bytes memory_bytes memory_limit_bytes load_factor reasons",
    "operations": "kind target name before after status reason",
    "not_applied": "name reason asked",
    "conflicts": "key value source wins note",
    "survives": "reboot late_load firewall_restart",
    "cut_off": "",
    "transport": "",
    "warnings": "",
    "diff": "",
}


def test_every_return_key_is_documented() -> None:
    assert {name: " ".join(row.get("contains", {})) for name, row in RETURN.items()} == CONTRACT
    for prediction in RETURN["survives"]["contains"].values():
        assert list(prediction["contains"]) == ["ok", "max", "hashsize", "reasons"]


def returned_leaves(rows: dict[str, Any]) -> list[tuple[str, Any]]:
    leaves = []
    for name, row in rows.items():
        leaves += returned_leaves(row["contains"]) if "contains" in row else [(name, row)]
    return leaves


TYPES = {"str": str, "int": int, "float": float, "bool": bool, "list": list, "dict": dict}


@pytest.mark.parametrize(("name", "row"), returned_leaves(RETURN))
def test_samples_have_their_type(name: str, row: dict[str, Any]) -> None:
    assert isinstance(row["sample"], TYPES[row["type"]]), name
    assert isinstance(row["sample"], bool) == (row["type"] == "bool"), name
    assert row["description"]
    assert row["returned"]


def test_samples_agree_with_each_other() -> None:
    sample = {name: row["sample"] for name, row in RETURN["sizing"]["contains"].items()}
    assert sample["load_factor"] == 2 * sample["max"] / sample["hashsize"]
    assert sample["memory_bytes"] == sample["max"] * sample["entry_bytes"] + sample["hashsize"] * 8
    assert sample["memory_limit_bytes"] == RETURN["host"]["contains"]["memory_bytes"]["sample"] * 5 // 100


# ---------------------------------------------------------------------------------------------- main()


class Ended(Exception):
    """Where a module would leave the process."""


class FakeModule:
    """As much of AnsibleModule as main() uses."""

    def __init__(self, params: dict[str, Any], *, check_mode: bool) -> None:
        self.params = {**{name: row.get("default") for name, row in TUNE_OPTIONS.items()}, **params}
        self.check_mode = check_mode
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


def run_main(monkeypatch: pytest.MonkeyPatch, run: Any, *, check_mode: bool = False, **params: Any) -> FakeModule:
    module = FakeModule(params, check_mode=check_mode)
    monkeypatch.setattr(conntrack_tune, "AnsibleModule", module)
    monkeypatch.setattr(conntrack_tune, "run", run)
    with pytest.raises(Ended):
        conntrack_tune.main()
    return module


def result(**fields: Any) -> Any:
    return SimpleNamespace(**{"values": {"changed": True, "diff": []}, "warnings": (), "error": "", **fields})


@pytest.mark.parametrize("check_mode", [False, True])
def test_main_passes_everything_on(monkeypatch: pytest.MonkeyPatch, check_mode: bool) -> None:
    seen: dict[str, Any] = {}

    def run(host: Any, params: Any, *, check_mode: bool) -> Any:
        seen.update(host=host, params=params, check_mode=check_mode)
        return result(warnings=("one", "two"))

    module = run_main(monkeypatch, run, check_mode=check_mode, max=5)
    assert isinstance(seen["host"], LocalHost)
    assert (seen["params"]["max"], seen["check_mode"]) == (5, check_mode)
    assert module.created == {"argument_spec": TUNE_OPTIONS, "supports_check_mode": True}
    assert (module.exited, module.warned) == ({"changed": True, "diff": []}, ["one", "two"])


def test_main_fails_with_the_error_of_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    module = run_main(monkeypatch, lambda *_, **__: result(error="It did not work.", warnings=("why",)))
    assert module.failed == {"msg": "It did not work.", "changed": True, "diff": []}
    assert module.warned == ["why"]


def test_main_fails_with_an_exception_of_the_family(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_args: Any, **_kwargs: Any) -> Any:
        raise RefusedError("Too dangerous.")

    assert run_main(monkeypatch, run).failed == {"msg": "Too dangerous."}


def test_the_shell_transport_is_refused_on_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    module = run_main(monkeypatch, lambda *_, **__: result(), transport="shell")
    assert module.failed["msg"] == (
        "transport=shell runs on the controller, in the action plugin of this module, which was not used; "
        "call the module as stateward.conntrack.conntrack_tune, or use transport=auto or python."
    )
