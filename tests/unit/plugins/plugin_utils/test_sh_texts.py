# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is in a file, even what looks like the output of head, it comes back as it was."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_texts import split_texts
from hypothesis import given
from hypothesis import strategies as st

# Pieces of what head itself prints, so that they meet in every order.
_PIECES = st.sampled_from(
    [b"\n", b"==> ", b" <==", b"\n==> /b <==\n", b"\n==> /dev/null <==\n", b"/a", b"\r", b"\0", b"\xff"]
)
_TEXTS = st.lists(_PIECES, max_size=6).map(b"".join)
_NAMES = (b"/a", b"/b", b"/c d", b"/e <== f", b"/g\nh")


def show(files: dict[bytes, bytes]) -> bytes:
    parts = [(b"/dev/null", b""), *files.items(), (b"/dev/null", b"")]
    return b"\n".join(b"==> %s <==\n%s" % part for part in parts)


@given(st.dictionaries(st.sampled_from(_NAMES), _TEXTS))
def test_every_text_of_known_size_comes_back(files: dict[bytes, bytes]) -> None:
    assert dict(split_texts(show(files), {name: len(text) for name, text in files.items()})) == files


@given(st.dictionaries(st.sampled_from(_NAMES), st.text("ab =<>\n", max_size=9).map(str.encode)))
def test_without_a_size_it_ends_at_the_next_known_name(files: dict[bytes, bytes]) -> None:
    assert dict(split_texts(show(files), dict.fromkeys(files))) == files


def test_a_file_that_grew_meanwhile_does_not_spoil_the_next() -> None:
    sizes = {b"/a": 1, b"/b": 2}
    assert dict(split_texts(show({b"/a": b"longer\n", b"/b": b"y\n"}), sizes)) == {b"/a": b"longer\n", b"/b": b"y\n"}


def test_what_is_cut_off_is_as_long_as_it_came() -> None:
    assert dict(split_texts(show({b"/a": b"12345"})[:-21], {b"/a": 5})) == {b"/a": b"123"}


def test_head_prints_it_that_way(tmp_path: Path) -> None:
    paths = {
        str(tmp_path / name).encode(): text for name, text in {"a": b"", "b": b"\n==> /b <==\n", "c": b"x"}.items()
    }
    for path, text in paths.items():
        Path(path.decode()).write_bytes(text)
    for program in (["head"], ["busybox", "head"]):
        command = [*program, "-c", "100", "--", "/dev/null", *(path.decode() for path in paths), "/dev/null"]
        output = subprocess.run(command, capture_output=True, check=True).stdout
        assert dict(split_texts(output, {path: len(text) for path, text in paths.items()})) == paths
