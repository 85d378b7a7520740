# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of conntrack_info."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._argument_spec import INFO_OPTIONS
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import OptionError
from ansible_collections.stateward.conntrack.plugins.module_utils._info_options import InfoOptions, parse_info_options
from ansible_collections.stateward.conntrack.plugins.module_utils._option_values import MemoryLimit

DEFAULTS = InfoOptions(
    warning=75,
    critical=90,
    memory_limit=MemoryLimit(percent=15),
    flows=False,
    top=10,
    flow_limit=None,
    time_limit=30,
    transport="auto",
)


def test_defaults() -> None:
    assert parse_info_options({}) == parse_info_options(dict.fromkeys(INFO_OPTIONS)) == DEFAULTS
    assert set(InfoOptions.__dataclass_fields__) == set(INFO_OPTIONS)


def test_equal_thresholds_are_possible() -> None:
    options = parse_info_options({"warning": 100, "critical": "100", "flows": "yes", "memory_limit": "64M"})
    assert (options.warning, options.critical, options.flows, options.memory_limit.size) == (100, 100, True, 64 << 20)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"warning": 0}, "warning"),
        ({"critical": 101}, "critical"),
        ({"warning": 95}, "above critical"),
        ({"top": 0}, "top"),
        ({"top": 1001}, "top"),
        ({"flow_limit": -1}, "flow_limit"),
        ({"time_limit": 0}, "time_limit"),
        ({"memory_limit": "much"}, "memory_limit"),
        ({"transport": "pigeon"}, "transport"),
    ],
)
def test_bad_values(params: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        parse_info_options(params)


def test_all_problems_in_one_message() -> None:
    with pytest.raises(OptionError, match=r"top.*time_limit"):
        parse_info_options({"top": 0, "time_limit": 0})
