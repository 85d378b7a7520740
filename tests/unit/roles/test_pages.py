# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures and sentences of the pages are those that the code comes to, on a host with 4 GiB."""

from __future__ import annotations

import json
import re

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import RefusedError
from ansible_collections.stateward.conntrack.plugins.plugin_utils._fleet_table import fleet_table
from ansible_collections.stateward.conntrack.plugins.plugin_utils._rollout import REFUSED, Member
from ansible_collections.stateward.conntrack.tests.support.playbooks import ROOT
from ansible_collections.stateward.conntrack.tests.support.tasks import ALL, ORIGINALS, fake, tune

HOST = "debian12"
# What the runbook asks of conntrack_tune, as a question and for real.
ASKED = re.compile(r'^\$ ask="([^"]+)"$', re.MULTILINE)
USED = re.compile(r'conntrack_tune -a "\$ask"$', re.MULTILINE)


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def relief_options() -> dict[str, str]:
    """The options of the command that relieves."""
    text = page("runbook-table-full.md")
    (asked,) = ASKED.findall(text)
    assert len(USED.findall(text)) == 2
    return dict(item.split("=") for item in asked.split())


def test_the_refusal_in_the_table_of_harden() -> None:
    with pytest.raises(RefusedError) as refusal:
        tune(fake(HOST), max=10000000)
    row = fleet_table([Member("fw1", REFUSED, str(refusal.value))])[-1]
    (shown,) = (line for line in page("playbooks.md").splitlines() if line.startswith("fw1 "))
    assert shown.split() == row.split()


def test_the_relief_of_the_runbook() -> None:
    text = page("runbook-table-full.md")
    options = relief_options()
    relief = tune(fake(HOST), **options)
    sizing = relief.values["sizing"]
    assert f"{sizing['max']:,} entries, which take {sizing['memory_bytes'] / 2**20:,.1f} MiB" in text
    assert sizing["max"] >= 2 * int(options["connections"])
    written = [item["target"] for item in relief.values["operations"] if item["kind"] == "file"]
    assert (written, relief.warnings) == ([ORIGINALS], ())
    assert f"`{ORIGINALS}`" in text
    without = tune(fake(HOST), **{name: value for name, value in options.items() if name != "memory_limit"})
    assert f"ends at {without.values['sizing']['max']:,} entries and a warning" in text
    assert len(without.warnings) == 1


@pytest.mark.parametrize("name", [HOST, "ubuntu2204", "el7", "el6"])
def test_the_relief_of_the_runbook_lengthens_no_timeout_of_a_hardened_host(name: str) -> None:
    host = fake(name)
    hardened = tune(host, profile="web_lb", persist=["all"]).values["after"]
    assert hardened["timeouts"]["tcp_established"] == 7200
    relief = tune(host, **relief_options())
    assert relief.values["after"]["timeouts"] == hardened["timeouts"]
    assert relief.values["after"]["hashsize"] > hardened["hashsize"]
    assert relief.warnings == ()


def test_the_policy_of_the_runbook_keeps_what_relieved() -> None:
    text = page("runbook-table-full.md")
    policy = dict(re.findall(r"^conntrack_(\w+): (.+)$", text, re.MULTILINE))
    host = fake(HOST)
    relief = tune(host, **relief_options())
    lasting = tune(host, **policy, persist=["all"])
    assert lasting.values["sizing"]["max"] == relief.values["sizing"]["max"]
    assert lasting.warnings == ()
    assert lasting.values["survives"]["reboot"]["ok"]


@pytest.mark.parametrize("name", ["docs/playbooks.md", "tests/lab/README.md"])
def test_a_reboot_command_with_a_blank_is_given_as_json(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    given = [json.loads(found) for found in re.findall(r"ansible-playbook .*-e '(\{.+\})' stateward", text)]
    assert {"conntrack_reboot": True, "conntrack_reboot_command": "systemctl reboot"} in given
    assert re.findall(r"conntrack_reboot_command=", text) == []


def test_the_roles_of_one_concern_leave_what_only_harden_writes() -> None:
    host = fake(HOST)
    tune(host, **ALL)
    for way in ("preload", "modprobe", "sysctl", "iptables_unload"):
        tune(host, state="absent", persist=[way])
    left = {path for path in host.nodes if path.startswith("/etc/") and "stateward-conntrack" in path}
    assert left == {"/etc/modprobe.d/stateward-conntrack-late.conf"}
    for role in ("preload", "modprobe", "sysctl"):
        text = " ".join((ROOT / "roles" / role / "README.md").read_text(encoding="utf-8").split())
        assert "(`late_load`). None of their `absent` takes that away, only `harden_state: absent` does." in text
    tune(host, state="absent", persist=["all"])
    assert not [path for path in host.nodes if "stateward-conntrack" in path]
