# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is in a file, even what looks like the output of head, it comes back as it was."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_texts import Sent, split_texts
from hypothesis import given
from hypothesis import strategies as st

# Pieces of what head itself prints, so that they meet in every order.
_PIECES = st.sampled_from(
    [b"\n", b"==> ", b" <==", b"\n==> /b <==\n", b"\n==> /dev/null <==\n", b"/a", b"\r", b"\0", b"\xff"]
)
_TEXTS = st.lists(_PIECES, max_size=6).map(b"".join)
_NAMES = (b"/a", b"/b", b"/c d", b"/e <== f", b"/g\nh")
# What looks like the beginning of a heading, but names no file.
_LINES = st.text("ab =<>/\n", max_size=20).map(str.encode)


def show(files: dict[bytes, bytes]) -> bytes:
    parts = [(b"/dev/null", b""), *files.items(), (b"/dev/null", b"")]
    return b"\n".join(b"==> %s <==\n%s" % part for part in parts)


def split(output: bytes, sizes: dict[bytes, int | None]) -> dict[bytes, bytes]:
    return dict(split_texts(output, [Sent(*item) for item in sizes.items()]))


@given(st.dictionaries(st.sampled_from(_NAMES), _TEXTS))
def test_every_text_of_known_size_comes_back(files: dict[bytes, bytes]) -> None:
    assert split(show(files), {name: len(text) for name, text in files.items()}) == files


@given(st.dictionaries(st.sampled_from((b"/file1", b"/file2", b"/file3")), _LINES))
def test_without_a_size_it_ends_at_the_next_name(files: dict[bytes, bytes]) -> None:
    assert split(show(files), dict.fromkeys(files)) == files


@given(st.dictionaries(st.sampled_from((b"/file1", b"/file2", b"/file3")), _LINES), st.integers(0, 3))
def test_a_file_that_cannot_be_read_costs_no_other_one(files: dict[bytes, bytes], at: int) -> None:
    sizes: dict[bytes, int | None] = {name: len(text) for name, text in files.items()}
    names = [*files]
    names.insert(at, b"/gone")
    assert split(show(files), {name: sizes.get(name, 7) for name in names}) == files


def test_a_file_that_grew_meanwhile_does_not_spoil_the_next() -> None:
    files = {b"/a": b"longer\n==> /etc\n", b"/b": b"y\n"}
    assert split(show(files), {b"/a": 1, b"/b": 2}) == files


@pytest.mark.parametrize("output", [b"", b"==> /dev/null <==\n", show({b"/a": b"12345"})[:-1], b"12345"])
def test_what_is_not_whole_is_not_believed(output: bytes) -> None:
    with pytest.raises(ValueError, match="not to the end"):
        split(output, {b"/a": 5})


def test_head_prints_it_that_way(tmp_path: Path) -> None:
    files = {
        str(tmp_path / name).encode(): text for name, text in {"a": b"", "b": b"\n==> /b <==\n", "c": b"x"}.items()
    }
    for path, text in files.items():
        Path(path.decode()).write_bytes(text)
    for program in (["head"], ["busybox", "head"]):
        command = [*program, "-c", "100", "--", "/dev/null", *(path.decode() for path in files), "/dev/null"]
        output = subprocess.run(command, capture_output=True, check=True).stdout
        assert split(output, {path: len(text) for path, text in files.items()}) == files
