# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures and sentences of the pages are those that the code comes to, on a host with 4 GiB."""

from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import RefusedError
from ansible_collections.stateward.conntrack.plugins.plugin_utils._fleet_table import fleet_table
from ansible_collections.stateward.conntrack.plugins.plugin_utils._rollout import REFUSED, Member
from ansible_collections.stateward.conntrack.tests.support.playbooks import ROOT
from ansible_collections.stateward.conntrack.tests.support.tasks import fake, tune

HOST = "debian12"


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_the_refusal_in_the_table_of_harden() -> None:
    with pytest.raises(RefusedError) as refusal:
        tune(fake(HOST), max=10000000)
    row = fleet_table([Member("fw1", REFUSED, str(refusal.value))])[-1]
    (shown,) = (line for line in page("playbooks.md").splitlines() if line.startswith("fw1 "))
    assert shown.split() == row.split()
