# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a value holds, no shell runs, expands or changes it."""

from __future__ import annotations

import os

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import UnsupportedHostError
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_quote import quote, quote_pattern
from ansible_collections.stateward.conntrack.tests.support.shells import ALL_SHELLS, SHELLS, fit, run_script
from hypothesis import given, settings
from hypothesis import strategies as st

NASTY = (
    "",
    "-n",
    "--",
    "$(touch /tmp/never)",
    "`touch /tmp/never`",
    "'; touch /tmp/never; '",
    '"$HOME"',
    "a\\nb\\",
    "line\nline\n\n",
    "\ttab \r\n",
    "*?[a-z]{1,2}~!#&|<>()",
    "\u00e4\u20ac\U0001f600",
    "\udcff\udc80",
    "\x01\x02\x07\x08\x1b[31m\x7f",
    "'" * 4,
    "%s%n\\0",
)

PIECES = ("'", '"', "$(id)", "`id`", "\\", "\n", "-", "\u00e9", "\x1b", " ", "\udcfe")

# Any bytes but NUL, as the collection holds them.
VALUES = st.one_of(
    st.binary(max_size=40).map(lambda data: data.replace(b"\0", b"0").decode("utf-8", "surrogateescape")),
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
)


def echoed(shell: str, values: list[str]) -> list[str]:
    """The values after a shell has had them as words."""
    words = " ".join(quote(value) for value in values)
    environment = {**os.environ, "LC_ALL": "C"}
    status, output, _said = run_script(shell, f"env printf '%s\\0' {words}", env=environment)
    assert status == 0
    return [part.decode("utf-8", "surrogateescape") for part in output.split(b"\0")[:-1]]


def same_bytes(values: list[str]) -> list[bytes]:
    return [value.encode("utf-8", "surrogateescape") for value in values]


def test_all_shells_are_known() -> None:
    assert set(SHELLS) <= set(ALL_SHELLS)
    assert SHELLS


@pytest.mark.parametrize("shell", SHELLS)
def test_nasty_values(shell: str) -> None:
    values = [fit(shell, value) for value in NASTY]
    assert echoed(shell, values) == values


@pytest.mark.parametrize("shell", SHELLS)
@settings(max_examples=40, deadline=None)
@given(values=st.lists(VALUES, min_size=1, max_size=6))
def test_any_value(shell: str, values: list[str]) -> None:
    values = [fit(shell, value) for value in values]
    assert same_bytes(echoed(shell, values)) == same_bytes(values)


def test_nul_is_refused() -> None:
    with pytest.raises(UnsupportedHostError, match="NUL"):
        quote("a\0b")


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        ("/etc/x.conf", '"$ROOT"/etc/x.conf'),
        ("/etc/d/*.conf", '"$ROOT"/etc/d/*.conf'),
        ("/proc/[0-9]*/comm", '"$ROOT"/proc/[0-9]*/comm'),
        ("/lib/{release}/x", '"$ROOT"/lib/"$RELEASE"/x'),
        ("/a b/$(id)*", "\"$ROOT\"'/a b/$(id)'*"),
    ],
)
def test_patterns(pattern: str, word: str) -> None:
    assert quote_pattern(pattern) == word
