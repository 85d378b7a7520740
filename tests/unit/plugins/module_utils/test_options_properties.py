# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option parser never fails in another way than with an error of ours, whatever it is given."""

from __future__ import annotations

from typing import Any

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import OptionError
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_keys import keys
from ansible_collections.stateward.conntrack.plugins.module_utils._options import Options, parse_options
from ansible_collections.stateward.conntrack.tests.support.options import INT_MAX
from hypothesis import given, settings
from hypothesis import strategies as st

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
VALUES = st.recursive(
    SCALARS | st.sampled_from(["auto", "keep", "all", "5%", "1G", "sysctl", "absent", "none", "yes"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)
NAMES = st.sampled_from(sorted(Options.__dataclass_fields__))
KEY_NAMES = st.sampled_from([key.name for group in ("timeout", "setting") for key in keys(group)])


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_nothing_but_an_option_error(params: dict[str, Any]) -> None:
    try:
        parsed = parse_options(params)
    except OptionError:
        return
    assert isinstance(parsed, Options)


@settings(max_examples=200, deadline=None)
@given(SCALARS | st.integers().map(str) | st.integers(1, INT_MAX))
def test_an_accepted_size_is_in_range(value: Any) -> None:
    try:
        parsed = parse_options({"max": value, "hashsize": value})
    except OptionError:
        return
    for size in (parsed.max, parsed.hashsize):
        assert size in ("auto", "keep") or (isinstance(size, int) and 1 <= size <= INT_MAX)
        assert not isinstance(size, bool)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(KEY_NAMES, SCALARS | st.integers(0, 300), max_size=3), st.sampled_from(["timeout", "setting"]))
def test_an_accepted_key_is_in_its_range(value: dict[str, Any], group: str) -> None:
    try:
        parsed = parse_options({group + "s": value})
    except OptionError:
        return
    known = {key.name: key for key in keys(group)}
    for name, number in getattr(parsed, group + "s").items():
        assert known[name].low <= number <= known[name].high


@settings(max_examples=100, deadline=None)
@given(st.integers(1, INT_MAX))
def test_a_number_and_its_text_are_the_same(number: int) -> None:
    assert parse_options({"max": number}) == parse_options({"max": str(number)})
