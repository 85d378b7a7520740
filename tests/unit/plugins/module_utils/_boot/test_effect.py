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
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.sysctl import (
    Syntax,
    normalize_key,
    parse_sysctl,
)
from hypothesis import given, settings
from hypothesis import strategies as st

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


# ---------------------------------------------------------------------------------------------- one key

MAX, UDP = NF + "max", NF + "udp_timeout"
SYSTEMD, EL8, EL7 = Syntax(), Syntax(globs=False), Syntax(dash="unknown", globs=False)


def decided(text: str, syntax: Syntax = SYSTEMD, *, refused: str = LAST) -> str | None:
    """The value of the one key."""
    found = effective(parse_sysctl(text, "f", syntax), {MAX: "max"}, refused=refused)
    return found["max"].value if found else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{MAX} = 1\n{MAX} = 2\n", "2"),
        (f"{MAX} = 1\nnet/netfilter/nf_conntrack_max = 2\n", "2"),
        # An explicit key beats a glob whatever their order.
        (f"{MAX} = 1\nnet.netfilter.* = 2\n", "1"),
        (f"net.netfilter.* = 2\n{MAX} = 1\n", "1"),
        (f"net.netfilter.* = 2\n-{MAX} = 1\n", "1"),
        ("net/netfilter/* = 2\n", "2"),
        ("net.*.nf_conntrack_ma? = 2\n", "2"),
        ("net.netfilter.nf_conntrack_[lm]ax = 2\n", "2"),
        # A pattern matches component by component.
        ("net.* = 2\n", None),
        ("net.netfilter.*.* = 2\n", None),
        # A dash line without a value takes the key away from globs, and from an assignment before it.
        (f"-{MAX}\nnet.netfilter.* = 2\n", None),
        (f"net.netfilter.* = 2\n-{MAX}\n", None),
        (f"{MAX} = 1\n-{MAX}\n", None),
        (f"-{MAX}\n{MAX} = 1\n", "1"),
        ("net.netfilter.* = 1\nnet.*.nf_conntrack_max = 2\n", "2"),
        ("net.netfilter.* = 1\nnet.*.nf_conntrack_max = 2\nnet.netfilter.* = 3\n", "3"),
        # Repeating a pattern with its old value does not move it behind the others.
        ("net.netfilter.* = 1\nnet.*.nf_conntrack_max = 2\nnet.netfilter.* = 1\n", "2"),
        ("net.netfilter.* = 1\n-net.netfilter.*\n", None),
        ("net.netfilter.[z-a]* = 1\n", None),
        (f"#{MAX} = 1\n", None),
        (f"{UDP} = 1\n", None),
    ],
)
def test_what_systemd_makes_of_a_key(text: str, expected: str | None) -> None:
    assert decided(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # What is written line by line is the last one that was written, whatever was taken away or repeated.
        (f"{MAX} = 1\n-{MAX}\n", "1"),
        (f"-{MAX}\n{MAX} = 1\n", "1"),
        (f"-{MAX}\nnet.netfilter.* = 2\n", None),
        ("net.netfilter.* = 1\nnet.*.nf_conntrack_max = 2\nnet.netfilter.* = 1\n", "1"),
    ],
)
def test_what_procps_makes_of_a_key(text: str, expected: str | None) -> None:
    assert decided(text, refused=EARLIER) == expected


@pytest.mark.parametrize(("refused", "expected"), [(LAST, "2"), (EARLIER, "1")])
def test_a_repeated_line_is_not_written_again_by_systemd(refused: str, expected: str) -> None:
    """Both names are one variable; systemd writes a name where it first got its value."""
    assert chosen(f"{MAX}=1\nnet.nf_conntrack_max=2\n{MAX}=1\n", refused=refused) == {"max": expected}


def test_without_globs_a_pattern_is_an_unknown_key() -> None:
    assert decided("net.netfilter.* = 2\n", EL8) is None


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        # The order of reading decides, not the directory: 10-a.conf in /etc, then 20-b.conf in /usr/lib.
        ([("/etc/sysctl.d/10-a.conf", "1"), ("/usr/lib/sysctl.d/20-b.conf", "2")], "2"),
        # EL5 and EL6 at boot: the file, then the directory; sysctl --system on the same host: the other way round.
        ([("/etc/sysctl.conf", "2"), ("/etc/sysctl.d/zz.conf", "1")], "1"),
        ([("/etc/sysctl.d/zz.conf", "1"), ("/etc/sysctl.conf", "2")], "2"),
        # Where both say the same, the last one is named, too.
        ([("/etc/sysctl.d/a.conf", "3"), ("/etc/sysctl.d/b.conf", "3")], "3"),
    ],
)
@pytest.mark.parametrize("refused", [LAST, EARLIER])
def test_the_last_file_wins_and_is_named(files: list[tuple[str, str]], expected: str, refused: str) -> None:
    lines = [line for path, value in files for line in parse_sysctl(f"{MAX} = {value}\n", path, SYSTEMD)]
    winner = effective(lines, NAMES, refused=refused)["max"]
    assert (winner.value, winner.source) == (expected, files[-1][0])


LINES = st.lists(
    st.tuples(st.sampled_from([MAX, UDP, "net/netfilter/nf_conntrack_max"]), st.integers(0, 9)), max_size=8
)


@given(LINES, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.sampled_from([LAST, EARLIER, STOP]))
@settings(max_examples=100, deadline=None)
def test_the_last_line_of_a_key_decides_however_the_file_is_written(
    lines: list[tuple[str, int]], ending: str, final_newline: bool, refused: str
) -> None:
    text = ending.join(f"{key} = {value}" for key, value in lines) + (ending if final_newline else "")
    expected = [str(value) for key, value in lines if normalize_key(key) == MAX]
    assert decided(text, EL7, refused=refused) == (expected[-1] if expected else None)
