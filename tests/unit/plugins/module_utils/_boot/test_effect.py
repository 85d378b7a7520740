# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which assignment decides a key, and which names a filter lets through."""

from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.effect import (
    EARLIER,
    LAST,
    STOP,
    effective,
    under_prefixes,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.sysctl import Syntax, parse_sysctl

NF = "net.netfilter.nf_conntrack_"
NAMES = {
    NF + "max": "max",
    "net.nf_conntrack_max": "max",
    NF + "buckets": "hashsize",
    NF + "udp_timeout": "timeout:udp",
}


def chosen(text: str, *, pattern: str = "", refused: str = LAST) -> dict[str, str]:
    lines = parse_sysctl(text, "/etc/sysctl.conf", Syntax())
    return {key: line.value for key, line in effective(lines, NAMES, pattern=pattern, refused=refused).items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{NF}max=1\n{NF}max=2\n", {"max": "2"}),
        ("net.nf_conntrack_max=1\nnet/netfilter/nf_conntrack_max=2\n", {"max": "2"}),
        # an explicit name beats a glob, wherever it stands
        (f"{NF}max=1\n{NF}*=2\n", {"max": "1", "hashsize": "2", "timeout:udp": "2"}),
        # the alias is another path: the glob reaches it, or the long name, whichever is not written out
        (f"net.nf_conntrack_max=1\n{NF}m*=2\n", {"max": "2"}),
        # one star, one component
        ("net.*=2\n", {"max": "2"}),
        ("*=2\n", {}),
        # excluded from globs; an empty value is none
        (f"-{NF}max\n{NF}[mb]*=2\n", {"hashsize": "2"}),
        (f"{NF}max=1\n-{NF}max=\n", {"max": ""}),
        (f"{NF}[z-a]*=2\n", {}),
        ("vm.swappiness=1\n", {}),
    ],
)
def test_effective(text: str, expected: dict[str, str]) -> None:
    assert chosen(text) == expected


def test_order_is_that_of_the_writes() -> None:
    assert list(chosen(f"{NF}max=1\n{NF}buckets=2\n{NF}max=3\n")) == ["hashsize", "max"]


FIREWALLD = "net[.]netfilter[.]nf_conntrack.*"


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (FIREWALLD, f"{NF}max=1\n", {"max": "1"}),
        (FIREWALLD, f"-{NF}max=1\n", {"max": "1"}),
        # its pattern sees neither slashes nor the alias
        (FIREWALLD, "net/netfilter/nf_conntrack_max=1\n", {}),
        (FIREWALLD, "net.nf_conntrack_max=1\n", {}),
        # the key counts, not the value
        ("^net.netfilter.nf_conntrack_max$", f"{NF}max = 1\n", {"max": "1"}),
        ("7", f"{NF}max=7\n", {}),
        ("(", f"{NF}max=7\n", {}),
        ("a{99999999999999999999}", f"{NF}max=7\n", {}),
    ],
)
def test_pattern(pattern: str, text: str, expected: dict[str, str]) -> None:
    assert chosen(text, pattern=pattern) == expected


@pytest.mark.parametrize(
    ("refused", "expected"),
    [
        (LAST, {"hashsize": "0", "max": "five", "timeout:udp": "30"}),
        (EARLIER, {"hashsize": "512", "max": "9", "timeout:udp": "30"}),
        (STOP, {"hashsize": "512"}),
    ],
)
def test_refused(refused: str, expected: dict[str, str]) -> None:
    text = f"{NF}buckets=512\n{NF}buckets=0\n{NF}max=9\n{NF}max=five\n{NF}udp_timeout=30\n"
    assert chosen(text, refused=refused) == expected


@pytest.mark.parametrize(
    ("prefix", "old", "new"),
    [
        ("/net/netfilter", 3, 3),
        ("net/netfilter", 3, 3),
        ("net.netfilter", 3, 3),
        ("net.netfilter.nf_conntrack_max", 1, 1),
        ("/net/nf_conntrack_max", 1, 1),
        ("/net", 4, 4),
        # up to 239 only, then silently nothing
        ("/proc/sys/net/netfilter", 3, 0),
        # whole components only
        ("net/netfilter/nf_conntrack", 0, 0),
    ],
)
def test_prefixes(prefix: str, old: int, new: int) -> None:
    assert len(under_prefixes(NAMES, [prefix], proc_prefix=True)) == old
    assert len(under_prefixes(NAMES, [prefix], proc_prefix=False)) == new
