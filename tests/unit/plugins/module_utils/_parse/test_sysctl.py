# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.sysctl import (
    Assignment,
    Syntax,
    kernel_int,
    normalize_key,
    parse_sysctl,
)
from hypothesis import given, settings
from hypothesis import strategies as st

MAX = "net.netfilter.nf_conntrack_max"
UDP = "net.netfilter.nf_conntrack_udp_timeout"
SYSTEMD = Syntax()
EL8 = Syntax(globs=False)
EL7 = Syntax(dash="unknown", globs=False)
BUSYBOX = Syntax(dash="skip", globs=False)
PROCPS32 = Syntax(dash="unknown", globs=False, line_limit=255)


def pairs(text, syntax=SYSTEMD):
    return [(line.key, line.value) for line in parse_sysctl(text, "f", syntax)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{MAX} = 5\n", [(MAX, "5")]),
        (f"{MAX}=5", [(MAX, "5")]),
        (f"  \t{MAX}\t=\t5  \n", [(MAX, "5")]),
        ("net/netfilter/nf_conntrack_max = 5\n", [(MAX, "5")]),
        ("/net/netfilter//nf_conntrack_max = 5\n", [(MAX, "5")]),
        (f"{MAX} = 5\r\n{UDP} = 6\r\n", [(MAX, "5"), (UDP, "6")]),
        (f"{MAX} = 5\r{UDP} = 6\n", [(MAX, "5")]),
        (f"# {MAX} = 1\n ; {MAX} = 2\n\n", []),
        (f"{MAX} = 46 # why\n", [(MAX, "46 # why")]),
        (f"{MAX} = 1\n{MAX} = 2\n", [(MAX, "1"), (MAX, "2")]),
        (f"{MAX}==5\n", [(MAX, "=5")]),
        (f"{MAX} =\n", [(MAX, "")]),
        (f"{MAX}\n", []),
        ("= 5\n", []),
        (". = 5\n", []),
        (f"\ufeff{MAX} = 1\n{UDP} = 2\n", [("\ufeff" + MAX, "1"), (UDP, "2")]),
        (f"{MAX} = 5\0{UDP} = 6\n", [(MAX, "5")]),
        (f"\u00a0{MAX} = 5\n", [("\u00a0" + MAX, "5")]),
        (f"{MAX} = 5\u2028{UDP} = 6\n", [(MAX, f"5\u2028{UDP} = 6")]),
        ("", []),
    ],
)
def test_lines(text, expected):
    assert pairs(text) == expected


@pytest.mark.parametrize(
    ("syntax", "line", "expected"),
    [
        # A dash on 219, 229, procps up to 3.3.12: part of a key that does not exist. On busybox never set.
        (EL7, f"-{MAX} = 5", [("-" + MAX, "5")]),
        (BUSYBOX, f"-{MAX} = 5", []),
        (EL8, f"-{MAX} = 5", [(MAX, "5")]),
        (SYSTEMD, f"- {MAX} = 5", [(MAX, "5")]),
        (EL8, f"-{MAX}", []),
        (EL7, f"-{MAX}", []),
        (SYSTEMD, f"-{MAX}", [(MAX, "")]),
        (SYSTEMD, "-", []),
    ],
)
def test_a_leading_dash(syntax, line, expected):
    assert pairs(line, syntax) == expected


def test_every_field_of_an_assignment():
    text = f"# c\r\n\r\n -{UDP[:-7]}* = 7 \r\n-{MAX}\n"
    assert parse_sysctl(text, "/etc/sysctl.d/a.conf", SYSTEMD) == (
        Assignment(
            UDP[:-7] + "*",
            "7",
            "/etc/sysctl.d/a.conf",
            3,
            f" -{UDP[:-7]}* = 7 ",
            quiet=True,
            glob=True,
        ),
        Assignment(MAX, "", "/etc/sysctl.d/a.conf", 4, "-" + MAX, quiet=True, excludes=True),
    )


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("#" * 255 + f"{MAX} = 5", [(MAX, "5")]),
        ("#" * 254 + f"{MAX} = 5", [(MAX[1:], "5")]),
        ("#" * 255, []),
        ("#" * 510, []),
        # Bytes count, not characters: 127 of these are 254 bytes.
        ("#" + "\u00e4" * 127 + f"{MAX} = 5", [(MAX, "5")]),
        ("#" + "x" * 200, []),
    ],
)
def test_old_procps_reads_the_tail_of_a_long_line_as_a_new_line(comment, expected):
    assert pairs(comment + "\n", PROCPS32) == expected
    assert pairs(comment + "\n", EL7) == []


def test_the_tail_of_a_long_line_has_the_number_of_its_line():
    (line,) = parse_sysctl("\n#" + "x" * 254 + "a = 1", "f", PROCPS32)
    assert (line.line, line.raw) == (2, "a = 1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MAX, MAX),
        ("net/netfilter/nf_conntrack_max", MAX),
        ("/net/netfilter/nf_conntrack_max", MAX),
        ("net.ipv4/netfilter", "net.ipv4/netfilter"),
        ("net/ipv4/conf/eth0.100/rp_filter", "net.ipv4.conf.eth0/100.rp_filter"),
        ("net.ipv4.conf.eth0/100.rp_filter", "net.ipv4.conf.eth0/100.rp_filter"),
        ("net/./ipv4", "net.ipv4"),
        ("a.b", "a.b"),
        ("/a.b/c", "/a.b/c"),
        (" kernel ", "kernel"),
        ("///", ""),
        ("", ""),
    ],
)
def test_normalize_key(text, expected):
    assert normalize_key(text) == expected


@given(st.text(alphabet="ab./-*", max_size=12))
@settings(max_examples=200, deadline=None)
def test_normalizing_twice_changes_nothing(text):
    assert normalize_key(normalize_key(text)) == normalize_key(text)


COMPONENTS = st.lists(st.text(alphabet="ab.", min_size=1, max_size=3), min_size=2, max_size=4)


@given(COMPONENTS, COMPONENTS)
@settings(max_examples=200, deadline=None)
def test_two_paths_never_share_a_key(first, second):
    first, second = ([part for part in path if part != "."] for path in (first, second))
    same = normalize_key("/" + "/".join(first)) == normalize_key("/" + "/".join(second))
    assert same == (first == second)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("262144", 262144),
        ("5 6", 5),
        ("46 # why", 46),
        ("46\t# why", 46),
        ("0x100", 256),
        ("0X1f", 31),
        ("010", 8),
        ("0", 0),
        ("-5", -5),
        ("-0x10", -16),
        (" 7 ", 7),
        ("2147483647", 2147483647),
        ("2147483648", None),
        ("-2147483648", -2147483648),
        ("99999999999999999999999", None),
        ("0000000000000000000001", None),
        ("abc", None),
        ("", None),
        ("5k", None),
        ("5#", None),
        ("08", None),
        ("0x", None),
        ("+5", None),
        ("- 5", None),
        ("--5", None),
        ("5,6", None),
        ("\u0665", None),
    ],
)
def test_kernel_int(value, expected):
    assert kernel_int(value) == expected


@given(st.integers(min_value=-(2**31), max_value=2**31 - 1), st.sampled_from(["", " ", "\t", " x"]))
@settings(max_examples=100, deadline=None)
def test_every_int_is_read_back(number, tail):
    assert kernel_int(f"{number}{tail}") == number
