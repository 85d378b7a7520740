# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.sections import Item, parse_sections
from hypothesis import given, settings
from hypothesis import strategies as st

TUNED = """# c
[main]
summary=Optimize # c
include = throughput-performance

[sysctl]
net.netfilter.nf_conntrack_max=1048576
 net.ipv4.neigh.x = "a b"
;net.ignored=1

[net]
nf_conntrack_hashsize=1048576
"""


def test_a_tuned_profile():
    assert parse_sections(TUNED) == (
        Item("main", "summary", "Optimize", 3),
        Item("main", "include", "throughput-performance", 4),
        Item("sysctl", "net.netfilter.nf_conntrack_max", "1048576", 7),
        Item("sysctl", "net.ipv4.neigh.x", "a b", 8),
        Item("net", "nf_conntrack_hashsize", "1048576", 12),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CleanupModulesOnExit=no\n", [("", "CleanupModulesOnExit", "no")]),
        ("[ s ]\r\na=1\r\n", [("s", "a", "1")]),
        ("\ufeff[s]\na=1", [("s", "a", "1")]),
        ("[s]\na=\n", [("s", "a", "")]),
        ("[s]\na=b=c\n", [("s", "a", "b=c")]),
        ("[s]\na=b#c\n", [("s", "a", "b#c")]),
        ("[s]\na='b\"\n", [("s", "a", "'b\"")]),
        ("[s\na=1\n", [("", "a", "1")]),
        ("[s]\nnothing\n#a=1\n", []),
        ("", []),
    ],
)
def test_lines(text, expected):
    assert [(item.section, item.key, item.value) for item in parse_sections(text)] == expected


WORD = st.from_regex(r"[a-z][a-z0-9_.]{0,8}", fullmatch=True)


@given(st.dictionaries(WORD, st.dictionaries(WORD, WORD, max_size=3), max_size=3), st.sampled_from(["=", " = ", "\t="]))
@settings(max_examples=50, deadline=None)
def test_what_was_written_is_read(content, equals):
    text = "".join(
        f"[{name}]\n" + "".join(f"{k}{equals}{v}\n" for k, v in part.items()) for name, part in content.items()
    )
    expected = [(name, key, value) for name, part in content.items() for key, value in part.items()]
    assert [(item.section, item.key, item.value) for item in parse_sections(text)] == expected
