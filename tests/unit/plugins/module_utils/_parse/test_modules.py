# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.modules import (
    ModuleLine,
    parse_module_list,
    parse_modules,
    parse_modules_script,
)
from hypothesis import given, settings
from hypothesis import strategies as st

KUBE = """#!/bin/bash
ipvs_modules="ip_vs ip_vs_lc nf_conntrack"
for kernel_module in ${ipvs_modules}; do
  /sbin/modinfo -F filename ${kernel_module} > /dev/null 2>&1
  if [ $? -eq 0 ]; then
    /sbin/modprobe ${kernel_module}
  fi
done
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nf_conntrack\n", [("nf_conntrack", (), 1)]),
        ("# c\n; c\n\n  nf-conntrack  ", [("nf_conntrack", (), 4)]),
        ("nf_conntrack hashsize=16384 acct=1\r\n", [("nf_conntrack", ("hashsize=16384", "acct=1"), 1)]),
        ("nf_conntrack # why\n", [("nf_conntrack", ("#", "why"), 1)]),
        ("a\nb\n", [("a", (), 1), ("b", (), 2)]),
        ("", []),
    ],
)
def test_parse_modules(text, expected):
    assert parse_modules(text, "f") == tuple(ModuleLine(name, args, "f", line) for name, args, line in expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", ()),
        ("  ", ()),
        ("nf-conntrack", ("nf_conntrack",)),
        (" a  b\n\tc ", ("a", "b", "c")),
    ],
)
def test_parse_module_list(value, expected):
    assert parse_module_list(value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#!/bin/sh\nmodprobe ip_conntrack\n", [("ip_conntrack", (), 2)]),
        ("exec /sbin/modprobe nf-conntrack hashsize=9 >/dev/null 2>&1", [("nf_conntrack", ("hashsize=9",), 1)]),
        ("modprobe nf_conntrack > /dev/null 2> /dev/null || true", [("nf_conntrack", (), 1)]),
        ("modprobe -- ip_vs\nmodprobe -- nf_conntrack_ipv4\n", [("ip_vs", (), 1), ("nf_conntrack_ipv4", (), 2)]),
        ("modprobe -q 'nf_conntrack' &>/dev/null", [("nf_conntrack", (), 1)]),
        ("modprobe -a a b-c", [("a", (), 1), ("b_c", (), 1)]),
        ("modprobe --all a b", [("a", (), 1), ("b", (), 1)]),
        ("modprobe -C /x/y.conf a", [("a", (), 1)]),
        ("if [ -e /x ] ; then modprobe a; else modprobe b; fi", [("a", (), 1), ("b", (), 1)]),
        ("modprobe nf_conntrack \\\n  hashsize=9\n", [("nf_conntrack", ("hashsize=9",), 1)]),
        ("for m in a b; do modprobe $m; done", [("a", (), 1), ("b", (), 1)]),
        ("for m in a b\ndo\n modprobe -q $m x=1\ndone", [("a", ("x=1",), 3), ("b", ("x=1",), 3)]),
        (KUBE, [("ip_vs", (), 6), ("ip_vs_lc", (), 6), ("nf_conntrack", (), 6)]),
        ("N=nf_conntrack; \nmodprobe $N hashsize=$H", [("nf_conntrack", ("hashsize=$H",), 2)]),
        ("modprobe nf_conntrack\r\n", [("nf_conntrack", (), 1)]),
        ("(modprobe a) & modprobe b", [("a", (), 1), ("b", (), 1)]),
    ],
)
def test_scripts_that_load(text, expected):
    found = parse_modules_script(text, "f")
    assert [(line.name, line.args, line.line) for line in found] == expected


@pytest.mark.parametrize(
    "text",
    [
        "# modprobe a",
        "true # modprobe a",
        "echo modprobe a",
        "modprobe",
        "modprobe -r a",
        "modprobe --remove a",
        "modprobe -n a",
        "modprobe -l",
        "modprobe $UNKNOWN",
        "modprobe $(cat list)",
        "my-modprobe a",
        "insmod a",
        "",
    ],
)
def test_scripts_that_load_nothing(text):
    assert parse_modules_script(text, "f") == ()


NAMES = st.lists(st.from_regex(r"[a-z][a-z0-9_-]{0,6}", fullmatch=True), max_size=5)


@given(NAMES, st.sampled_from(["\n", "\r\n", "\n\n# c\n"]))
@settings(max_examples=50, deadline=None)
def test_every_name_is_found_in_order(names, separator):
    expected = parse_module_list(" ".join(names))
    assert tuple(line.name for line in parse_modules(separator.join(names), "f")) == expected
    script = separator.join("modprobe " + name for name in names)
    assert tuple(line.name for line in parse_modules_script(script, "f")) == expected
