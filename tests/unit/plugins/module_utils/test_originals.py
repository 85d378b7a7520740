# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._draft import Edit
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import UnsupportedHostError
from ansible_collections.stateward.conntrack.plugins.module_utils._originals import (
    NO_ORIGINALS,
    Originals,
    originals_path,
    parse_originals,
    render_originals,
)
from hypothesis import given, settings
from hypothesis import strategies as st

PATH = "/var/lib/stateward-conntrack/originals.json"
SOME = Originals(
    values={"max": 65536, "timeout:udp": None},
    files=("/etc/a", "/etc/b"),
    edits=(Edit("/etc/c", "x\n", "# x\n", 7), Edit("/etc/caf\udce9", "", "\udcff\n", 1)),
    directories=("/etc/d",),
)


def test_path() -> None:
    assert originals_path("/var/lib/stateward-conntrack") == PATH


def test_missing_file_is_no_originals() -> None:
    assert parse_originals(None, PATH) == NO_ORIGINALS
    assert NO_ORIGINALS.empty
    assert not SOME.empty


def test_round_trip_with_bytes_that_are_no_text() -> None:
    text = render_originals(SOME)
    assert text.isascii()
    assert parse_originals(text, PATH) == SOME
    assert render_originals(parse_originals(text, PATH)) == text


def test_order_of_files_does_not_matter() -> None:
    swapped = Originals(SOME.values, ("/etc/b", "/etc/a"), SOME.edits, SOME.directories)
    assert render_originals(swapped) == render_originals(SOME)


def test_edits_without_a_line_are_of_an_older_release() -> None:
    data = json.loads(render_originals(SOME))
    for edit in data["edits"]:
        del edit["line"]
    assert [edit.line for edit in parse_originals(json.dumps(data), PATH).edits] == [0, 0]


WHOLE = json.loads(render_originals(SOME))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        json.dumps({**WHOLE, "format": 2}),
        json.dumps({**WHOLE, "values": {"max": "many"}}),
        json.dumps({**WHOLE, "values": {"max": float("inf")}}),
        json.dumps({**WHOLE, "values": []}),
        json.dumps({**WHOLE, "edits": [{"path": "/etc/c"}]}),
        json.dumps({**WHOLE, "edits": ["/etc/c"]}),
        json.dumps({key: value for key, value in WHOLE.items() if key != "files"}),
        json.dumps({**WHOLE, "directories": None}),
        "[" * 100000,
        "\udcff",
    ],
)
def test_damaged_file(text: str) -> None:
    with pytest.raises(UnsupportedHostError) as raised:
        parse_originals(text, PATH)
    assert str(raised.value).startswith(f"{PATH} is damaged (")
    assert "repair it, or move it away and accept that state=absent will not know them." in str(raised.value)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(st.fixed_dictionaries({key: st.one_of(st.just(value), JSON) for key, value in WHOLE.items()}))
def test_any_json_is_read_or_refused(data: dict[str, object]) -> None:
    try:
        originals = parse_originals(json.dumps(data), PATH)
    except UnsupportedHostError:
        return
    assert parse_originals(render_originals(originals), PATH).values == originals.values
