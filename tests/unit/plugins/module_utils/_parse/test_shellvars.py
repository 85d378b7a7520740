# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.shellvars import (
    Variable,
    read_variable,
    set_variable,
    unquote,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st

NAME = "IPTABLES_MODULES_UNLOAD"


@pytest.mark.parametrize(
    ("text", "value", "quote", "line"),
    [
        (f'{NAME}="yes"\n', "yes", '"', 1),
        (f"{NAME}='yes'", "yes", "'", 1),
        (f"# c\n{NAME}=yes # c\n", "yes", "", 2),
        (f"{NAME}=\n", "", "", 1),
        (f'{NAME}=""\n', "", '"', 1),
        (f'  export {NAME}="yes"\r\n', "yes", '"', 1),
        (f'{NAME}="yes"\n#{NAME}="no"\n', "yes", '"', 1),
        (f'{NAME}="yes"\n{NAME}="no"\n', "no", '"', 2),
        (f'IP6{NAME}="no"\n{NAME}="yes"\n', "yes", '"', 2),
        (f"{NAME}=yes\r\n", "yes", "", 1),
        (f"{NAME}=a#b\n", "a#b", "", 1),
        (f"{NAME}=yes;X=1\n", "yes", "", 1),
        (f'{NAME}="a \\"b\\" \\$c \\n"\n', 'a "b" $c \\n', '"', 1),
        (f"{NAME}='a'\"b\"c\\ d\n", "abc d", "'", 1),
        (f'{NAME}="a\nb"\n', "a\nb", '"', 1),
        (f'{NAME}="a\\\nb"\n', "ab", '"', 1),
        (f"{NAME}=a\\\nb\n", "ab", "", 1),
        # A forgotten quote does not swallow the next assignments.
        (f'{NAME}="yes\nOTHER="no"\n', "yes", '"', 1),
        (f"{NAME}=a'b\n", "a'b", "", 1),
        (f'{NAME}="yes', "yes", '"', 1),
    ],
)
def test_read_variable(text, value, quote, line):
    found = read_variable(text, NAME)
    assert (found.value, found.quote, found.line) == (value, quote, line)


@pytest.mark.parametrize(
    "text", ["", f"#{NAME}=yes\n", f"{NAME} = yes\n", f"X{NAME}=1\n", f"{NAME}X=1\n", f"{NAME}+=1\n"]
)
def test_no_assignment(text):
    assert read_variable(text, NAME) is None


def test_raw_is_the_line_as_written():
    found = read_variable(f'A=1\r\n export {NAME}="x"  # c\r\nB=2\r\n', NAME)
    assert found == Variable(NAME, "x", 2, '"', f' export {NAME}="x"  # c')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'{NAME}="yes"\n', f'{NAME}="no"\n'),
        (f"{NAME}='yes'\n", f"{NAME}='no'\n"),
        (f"{NAME}=yes\n", f"{NAME}=no\n"),
        (f"{NAME}=\n", f"{NAME}=no\n"),
        (f'A=1\r\n  export {NAME}="yes" # c\r\nB=2', f'A=1\r\n  export {NAME}="no" # c\r\nB=2'),
        (f'#{NAME}="yes"\n', f'#{NAME}="yes"\n{NAME}="no"\n'),
        (f'{NAME}="a"\n{NAME}="b"\n', f'{NAME}="a"\n{NAME}="no"\n'),
        ("", f'{NAME}="no"\n'),
        ("A=1\n", f'A=1\n{NAME}="no"\n'),
        ("A=1", f'A=1\n{NAME}="no"\n'),
        ("A=1\r\nB=2", f'A=1\r\nB=2\r\n{NAME}="no"\r\n'),
        (f'{NAME}="a\nb"\nB=2\n', f'{NAME}="no"\nB=2\n'),
        (f'{NAME}="yes\nOTHER="no"\n', f'{NAME}="no"\nOTHER="no"\n'),
        (f"{NAME}='n'\"o\"\n", f"{NAME}='n'\"o\"\n"),
    ],
)
def test_set_variable(text, expected):
    assert set_variable(text, NAME, "no") == expected
    assert set_variable(expected, NAME, "no") == expected


@pytest.mark.parametrize(
    ("old", "value", "new"),
    [
        ("x", "a b", '"a b"'),
        ("'x'", "it's", '"it\'s"'),
        ("'x'", 'a"b', "'a\"b'"),
        ('"x"', 'a"b$c`d\\e', '"a\\"b\\$c\\`d\\\\e"'),
        ("x", "", ""),
    ],
)
def test_values_are_quoted_as_needed(old, value, new):
    assert set_variable(f"{NAME}={old}\n", NAME, value) == f"{NAME}={new}\n"
    assert read_variable(f"{NAME}={new}\n", NAME).value == value


@pytest.mark.parametrize(
    ("word", "expected"),
    [('"Debian GNU/Linux 12"', "Debian GNU/Linux 12"), ("debian", "debian"), ("a b", "a"), ("'x y'", "x y"), ("", "")],
)
def test_unquote(word, expected):
    assert unquote(word) == expected


LINES = st.sampled_from(
    ["A=1", "# c", "", f"#{NAME}=x", f'{NAME}="yes"', f"{NAME}=y # c", f"\t{NAME}='z'", "b 'c", 'D="\\']
)
VALUES = st.text(max_size=12).filter(lambda value: "\n" not in value)


@given(st.lists(LINES, max_size=6), st.sampled_from(["\n", "\r\n"]), st.booleans(), VALUES)
@settings(max_examples=150, deadline=None)
def test_setting_changes_only_the_line_that_counts(lines, ending, final_newline, value):
    text = ending.join(lines) + (ending if final_newline else "")
    before, after = text.split("\n"), set_variable(text, NAME, value).split("\n")
    old, new = read_variable(text, NAME), read_variable("\n".join(after), NAME)
    assert new.value == value
    if old:
        assert before[: old.line - 1] + before[old.line :] == after[: new.line - 1] + after[new.line :]
    else:
        kept = text if not text or text.endswith("\n") else text + ("\r\n" if "\r\n" in text else "\n")
        assert "\n".join(after).startswith(kept)


@given(
    st.text(max_size=60) | st.lists(LINES | st.sampled_from([f'{NAME}="', f"{NAME}=\\"]), max_size=5).map("\n".join),
    VALUES,
)
@settings(max_examples=150, deadline=None)
def test_any_value_set_in_any_text_is_read_back(text, value):
    changed = set_variable(text, NAME, value)
    assert read_variable(changed, NAME).value == value
    assert set_variable(changed, NAME, value) == changed


@given(VALUES)
@settings(max_examples=100, deadline=None)
def test_a_shell_would_see_one_word(value):
    assume("\0" not in value)
    text = set_variable("", NAME, value)
    assert unquote(text.partition("=")[2]) == value
