# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.modprobe import (
    Directive,
    is_unknown_parameter,
    malformed,
    option_values,
    parse_modprobe,
)
from hypothesis import given, settings
from hypothesis import strategies as st

FIREWALLD = (
    "install nf_conntrack /usr/sbin/modprobe --ignore-install nf_conntrack $CMDLINE_OPTS"
    " && /usr/sbin/sysctl --quiet --pattern 'net[.]netfilter[.]nf_conntrack.*' --system\n"
)


def triples(text):
    return [(line.command, line.module, line.args) for line in parse_modprobe(text, "f")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("options nf_conntrack hashsize=1\n", ("options", "nf_conntrack", ("hashsize=1",))),
        ("options\tnf-conntrack \t hashsize=1  acct=1", ("options", "nf_conntrack", ("hashsize=1", "acct=1"))),
        ('options m a="x y" b=2\n', ("options", "m", ('a="x y"', "b=2"))),
        ("options nf_conntrack hashsize=1\r\n", ("options", "nf_conntrack", ("hashsize=1",))),
        ("options nf_conntrack \\\n  hashsize=1 \\\n acct=1\n", ("options", "nf_conntrack", ("hashsize=1", "acct=1"))),
        ("options nf_conn\\\ntrack hashsize=1\n", ("options", "nf_conntrack", ("hashsize=1",))),
        ("options nf_conntrack hashsize=1 # why\n", ("options", "nf_conntrack", ("hashsize=1", "#", "why"))),
        ("install nf-conntrack  /bin/true -x\n", ("install", "nf_conntrack", ("/bin/true -x",))),
        ("remove m /bin/true\n", ("remove", "m", ("/bin/true",))),
        ("softdep m pre: a-b post: c\n", ("softdep", "m", ("pre:", "a-b", "post:", "c"))),
        ("blacklist nf-conntrack\n", ("blacklist", "nf_conntrack", ())),
        ("alias net-pf-[0-9]-x m\n", ("alias", "net_pf_[0-9]_x", ("m",))),
        ("include /etc/modprobe.d/more-1.conf\n", ("include", "", ("/etc/modprobe.d/more-1.conf",))),
        ("  options m a=1\n", ("options", "m", ("a=1",))),
    ],
)
def test_a_directive(text, expected):
    assert triples(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# options m a=1\n",
        "  # options m a=1\n",
        "#options m a=1 \\\noptions m a=2\n",  # kmod joins comments, too
        "options m\n",
        "options\n",
        "install m\n",
        "blacklist\n",
        "include\n",
        "Options m a=1\n",
        "config x\n",
        "options",
    ],
)
def test_what_modprobe_ignores(text):
    assert triples(text) == []


def test_every_field_of_a_directive():
    text = "# c\n\noptions nf-conntrack \\\n hashsize=1\nblacklist x\n"
    assert parse_modprobe(text, "/etc/modprobe.conf") == (
        Directive(
            "options",
            "nf_conntrack",
            ("hashsize=1",),
            "/etc/modprobe.conf",
            3,
            "options nf-conntrack \\\n hashsize=1",
        ),
        Directive("blacklist", "x", (), "/etc/modprobe.conf", 5, "blacklist x"),
    )


def test_the_last_line_may_end_in_a_backslash():
    (line,) = parse_modprobe("options m a=1 \\", "f")
    assert (line.args, line.raw) == (("a=1",), "options m a=1 \\")


def test_a_command_is_kept_whole():
    (line,) = parse_modprobe(FIREWALLD, "f")
    assert line.args == (FIREWALLD.partition("nf_conntrack ")[2].rstrip("\n"),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Two files a.conf and b.conf read by kmod, or one file with two lines: the tool decides which one counts.
        ("options nf_conntrack hashsize=1\noptions nf_conntrack hashsize=2\n", ["1", "2"]),
        ("options nf-conntrack hash-size=1 hash_size=2\n", []),
        ("options nf_conntrack hashsize=1 acct=1 hashsize=3\n", ["1", "3"]),
        ('options nf_conntrack hashsize="7"\n', ["7"]),
        ('options nf_conntrack "hashsize=8"\n', ["8"]),
        ("options nf_conntrack hashsize\n", []),
        ("options nf_conntrack hashsize=\n", [""]),
        ("options ip_conntrack hashsize=1\n", []),
        ("install nf_conntrack hashsize=1\n", []),
    ],
)
def test_option_values(text, expected):
    found = option_values(parse_modprobe(text, "f"), "nf-conntrack", "hashsize")
    assert [value for value, _directive in found] == expected


def test_dash_and_underscore_are_equal_in_parameter_names():
    ((value, directive),) = option_values(parse_modprobe("options m a-b=1", "f"), "m", "a_b")
    assert (value, directive.line) == ("1", 1)


def test_two_install_lines_stay_in_order():
    text = "install nf_conntrack /bin/first\ninstall nf_conntrack /bin/second\n"
    assert [line.args for line in parse_modprobe(text, "f")] == [("/bin/first",), ("/bin/second",)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("options nf_conntrack hashsize=262144", ""),
        ("options nf_conntrack hashsize=0x40000 expect_hashsize=010 acct=1 tstamp enable_hooks", ""),
        ("options nf_conntrack nf_conntrack_helper=0", ""),
        ("options ip_conntrack hashsize=262144", ""),
        ("options other ports=21,2121 x", ""),
        ("options other name= path=/x", ""),
        ("install nf_conntrack a = b", ""),
        ("blacklist nf_conntrack", ""),
        ("options nf_conntrack hashsize = 262144", "Blanks around '='"),
        ("options nf_conntrack hashsize= 262144", "Blanks around '='"),
        ("options nf_conntrack hashsize =262144", "Blanks around '='"),
        ("options other ports = 21", "Blanks around '='"),
        ("options nf_conntrack hashsize=abc", "hashsize is not a number"),
        ("options nf_conntrack hashsize=", "hashsize is not a number"),
        ("options nf_conntrack hashsize", "hashsize is not a number"),
        ("options nf_conntrack hashsize=-1", "hashsize is not a number"),
        ("options nf_conntrack hashsize=262144,", "hashsize is not a number"),
        ("options nf_conntrack hashsize=08", "hashsize is not a number"),
        ("options nf_conntrack hashsize=4294967296", "hashsize is not a number"),
        ("options nf_conntrack nf_conntrack_max=1", "nf_conntrack_max is a sysctl"),
        ("options ip_conntrack ip_conntrack_max=1", "ip_conntrack_max is a sysctl"),
        ("options nf_conntrack hashize=1", "nf_conntrack has no parameter hashize"),
        ("options nf_conntrack hashsize=1 # why", "has no parameter #"),
    ],
)
def test_malformed(line, expected):
    (directive,) = parse_modprobe(line, "f")
    sentence = malformed(directive)
    assert expected in sentence
    assert bool(sentence) == bool(expected)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("options nf_conntrack nf_conntrack_max=1", True),
        ("options nf_conntrack hashsize=1", False),
        ("options nf_conntrack nf_conntrack_max = 1", False),
        ("options other x=1", False),
    ],
)
def test_is_unknown_parameter(line, expected):
    (directive,) = parse_modprobe(line, "f")
    assert is_unknown_parameter(directive) == expected


WORD = st.text(alphabet="abz_019=.,/:", min_size=1, max_size=8)


@given(st.lists(WORD, min_size=1, max_size=5), st.lists(st.sampled_from([" ", "\t", " \\\n", "  "]), min_size=7))
@settings(max_examples=80, deadline=None)
def test_how_the_words_are_separated_makes_no_difference(words, blanks):
    text = "options m" + "".join(blank + word for word, blank in zip(words, blanks))
    assert triples(text + "\n") == [("options", "m", tuple(words))]
