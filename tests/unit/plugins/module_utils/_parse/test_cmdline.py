# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.cmdline import (
    module_parameter,
    modules_to_load,
    parse_cmdline,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.kernelargs import split_words, unsigned_int
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("ro quiet\n", [("ro", None), ("quiet", None)]),
        ("root=/dev/sda1  ro\t x=", [("root", "/dev/sda1"), ("ro", None), ("x", "")]),
        ('a="b c" "d=e f" g="h', [("a", "b c"), ("d", "e f"), ("g", "h")]),
        ('a=b"c d"e "x" "', [("a", 'b"c d"e'), ("x", None), ("", None)]),
        ("root=UUID=x=y", [("root", "UUID=x=y")]),
        ("=x", [("=x", None)]),
        ("a=1 -- b=2", [("a", "1")]),
        ("a=1 --b --c=2", [("a", "1"), ("--b", None), ("--c", "2")]),
        ("a=1\0b=2", [("a", "1")]),
    ],
)
def test_parse_cmdline(text, expected):
    assert list(parse_cmdline(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ro nf_conntrack.hashsize=262144 quiet", "262144"),
        ("nf-conntrack.hashsize=1", "1"),
        ("nf_conntrack.hashsize=1 nf_conntrack.hashsize=2", "2"),
        ("nf_conntrack.hashsize=1 nf_conntrack.hashsize", "1"),
        ('nf_conntrack.hashsize="7"', "7"),
        ("nf_conntrack.hashsize=", ""),
        ("nf_conntrack.hashsize", None),
        ("ip_conntrack.hashsize=1 hashsize=2", None),
        ("ro -- nf_conntrack.hashsize=1", None),
        ("", None),
    ],
)
def test_module_parameter(text, expected):
    assert module_parameter(text, "nf_conntrack", "hashsize") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("modules_load=nf_conntrack", ("nf_conntrack",)),
        ("modules-load=a,b-c rd.modules-load=d rd.modules_load=,e,", ("a", "b_c", "d", "e")),
        ("modules_load modules_load=", ()),
        ("modules=a,b", ()),
    ],
)
def test_modules_to_load(text, expected):
    assert modules_to_load(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("262144", 262144),
        ("0", 0),
        ("+5", 5),
        ("0x10", 16),
        ("010", 8),
        ("4294967295", 4294967295),
        ("4294967296", None),
        ("-1", None),
        ("08", None),
        ("0x", None),
        ("5 6", None),
        (" 5", None),
        ("abc", None),
        ("", None),
        ("9" * 40, None),
    ],
)
def test_unsigned_int(text, expected):
    assert unsigned_int(text) == expected


PLAIN = st.text(alphabet="abc=.-_/\u00e4", min_size=1, max_size=6)


@given(st.lists(PLAIN, max_size=6))
@settings(max_examples=60, deadline=None)
def test_words_without_blanks_stay_whole(words):
    assert split_words("\t ".join(words)) == tuple(words)
