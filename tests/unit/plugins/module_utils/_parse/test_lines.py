# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.lines import (
    comment_out,
    line_ending,
    remove_block,
    replace_block,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.modprobe import parse_modprobe
from hypothesis import assume, given, settings
from hypothesis import strategies as st

BEGIN, END = "# BEGIN conntrack", "# END conntrack"
MARK = "#off# "
OPEN = BEGIN + " (the file had no newline at its end)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", "\n"), ("a", "\n"), ("a\nb\r\n", "\n"), ("a\r\nb\n", "\r\n"), ("\n", "\n"), ("a\r", "\n")],
)
def test_line_ending(text, expected):
    assert line_ending(text) == expected


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("a=1\nb=2\n", 1, "#off# a=1\nb=2\n"),
        ("a=1\nb=2", 2, "a=1\n#off# b=2"),
        ("a=1\r\nb=2\r\n", 2, "a=1\r\n#off# b=2\r\n"),
        (" a=1\n", 1, "#off#  a=1\n"),
        ("\n\n", 2, "\n#off# \n"),
        ("a=1\x0bb\u2028c\nd\n", 2, "a=1\x0bb\u2028c\n#off# d\n"),
        # modprobe goes on after a backslash, sysctl does not.
        ("options m \\\n a=1 \\\n b=2\nx\n", 1, "#off# options m \\\n#off#  a=1 \\\n#off#  b=2\nx\n"),
        ("install m x\\\\\ny\n", 1, "#off# install m x\\\\\ny\n"),
        ("options m \\\n", 1, "#off# options m \\\n"),
        ("options m \\\r\n a=1\n", 1, "#off# options m \\\r\n a=1\n"),
        ("a = \\\nb = 2\n", 1, "#off# a = \\\nb = 2\n"),
    ],
)
def test_comment_out(text, line, expected):
    assert comment_out(text, line, MARK) == expected


@pytest.mark.parametrize(("text", "line"), [("", 1), ("a\n", 2), ("a\n", 0), ("a\nb", 3), ("a\n", -1)])
def test_there_must_be_such_a_line(text, line):
    with pytest.raises(ValueError, match="there is no line"):
        comment_out(text, line, MARK)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", f"{BEGIN}\nx\n{END}\n"),
        ("a\n", f"a\n{BEGIN}\nx\n{END}\n"),
        ("a", f"a\n{OPEN}\nx\n{END}\n"),
        ("a\r\nb", f"a\r\nb\r\n{OPEN}\r\nx\r\n{END}\r\n"),
        (f"a\n{BEGIN}\nold\n\n{END}\nb", f"a\n{BEGIN}\nx\n{END}\nb"),
        (f"a\n{OPEN}\nold\n{END}\nb\n", f"a\n{OPEN}\nx\n{END}\nb\n"),
        (f"{BEGIN}\nold\n{END}", f"{BEGIN}\nx\n{END}"),
        (f"{BEGIN}\n{END}\n{BEGIN}\n{END}\n", f"{BEGIN}\n{END}\n{BEGIN}\nx\n{END}\n"),
        (f"{BEGIN}\nlost\n", f"{BEGIN}\nlost\n{BEGIN}\nx\n{END}\n"),
        (f"{END}\n", f"{END}\n{BEGIN}\nx\n{END}\n"),
        (f" {BEGIN}\n{END}\n", f" {BEGIN}\n{END}\n{BEGIN}\nx\n{END}\n"),
    ],
)
@pytest.mark.parametrize("body", ["x", "x\n", "x\r\n"])
def test_replace_block(text, expected, body):
    assert replace_block(text, BEGIN, END, body) == expected
    assert replace_block(expected, BEGIN, END, body) == expected


def test_a_block_may_be_empty():
    assert replace_block("a\n", BEGIN, END, "") == f"a\n{BEGIN}\n{END}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"a\n{BEGIN}\nx\n{END}\nb\n", "a\nb\n"),
        (f"a\n{OPEN}\nx\n{END}\n", "a"),
        (f"a\r\nb\r\n{OPEN}\r\nx\r\n{END}\r\n", "a\r\nb"),
        (f"{BEGIN}\n{END}\na\n{BEGIN}\nx\n{END}", "a\n"),
        (f"{OPEN}\nx\n{END}\n", ""),
        (f"{BEGIN}\nlost\n", f"{BEGIN}\nlost\n"),
        ("a\n", "a\n"),
        ("", ""),
    ],
)
def test_remove_block(text, expected):
    assert remove_block(text, BEGIN, END) == expected


PIECES = st.lists(
    st.sampled_from(["a", "\n", "\r\n", "\r", BEGIN, "\u2028", "options m \\", " b=1", "\udcff"]), max_size=10
)
TEXTS = st.text(max_size=40) | PIECES.map("".join)
BODIES = st.text(alphabet="ab=1 \n", max_size=12)


@given(TEXTS, BODIES, BODIES)
@settings(max_examples=200, deadline=None)
def test_removing_an_appended_block_restores_the_text(text, body, other):
    once = replace_block(text, BEGIN, END, body)
    assert once.startswith(text)
    assert remove_block(once, BEGIN, END) == text
    twice = replace_block(once, BEGIN, END, other)
    assert twice == replace_block(text, BEGIN, END, other)


@given(TEXTS, TEXTS.map(lambda text: text + "\n"), BODIES)
@settings(max_examples=100, deadline=None)
def test_replacing_keeps_what_is_around_the_block(before, after, body):
    text = before + f"\n{BEGIN}\nold\n{END}\n"
    assume(END not in before)
    changed = replace_block(text + after, BEGIN, END, body)
    assert changed.startswith(before + f"\n{BEGIN}\n")
    assert changed.endswith(f"{END}\n" + after)


@given(TEXTS, st.data())
@settings(max_examples=150, deadline=None)
def test_commenting_out_changes_one_line(text, data):
    assume(text and "options" not in text)
    lines = text.split("\n")
    number = data.draw(st.integers(1, len(lines) - (lines[-1] == "")))
    changed = comment_out(text, number, MARK).split("\n")
    assert changed == [*lines[: number - 1], MARK + lines[number - 1], *lines[number:]]


@given(
    st.lists(st.sampled_from(["options m \\", " a=1", "blacklist b", "# c", "install m x\\"]), min_size=1, max_size=6)
)
@settings(max_examples=100, deadline=None)
def test_a_directive_commented_out_is_gone_and_no_other(lines):
    text = "\n".join(lines) + "\n"
    found = parse_modprobe(text, "f")
    assume(found)
    left = parse_modprobe(comment_out(text, found[0].line, MARK), "f")
    assert left == found[1:]
