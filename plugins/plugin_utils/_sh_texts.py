# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What C(head) prints of several files, taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, Sequence

_END = b"/dev/null"


@dataclass(frozen=True)
class Sent:
    """A file that head was given, and how many bytes of it are to come; None where that is not known."""

    name: bytes
    size: int | None = None

    @property
    def heading(self) -> bytes:
        # Before each file but the first, head puts a newline of its own.
        return b"\n==> %s <==\n" % self.name


def split_texts(output: bytes, sent: Sequence[Sent]) -> Iterator[tuple[bytes, bytes]]:
    """The name and the text of each file that could be read.

    output: of C(head -c NUMBER /dev/null FILE... /dev/null). sent: the files in that order. A text may look like a
    heading itself; where the size says so, it is none. A file that has another size by now ends at the next heading.
    Raises ValueError when the output is not whole.
    """
    files = [*sent, Sent(_END)]
    begin = files[-1].heading[1:]
    if not (output.startswith(begin) and output.endswith(files[-1].heading, len(begin))):
        raise ValueError("head does not print what it must of several files, or not to the end")
    number, at = _search(output, len(begin), files, 0)
    while number < len(sent):
        file, start = files[number], at + len(files[number].heading)
        known = None if file.size is None else _match(output, start + file.size, files, number + 1)
        following, at = known or _search(output, start, files, number + 1)
        yield file.name, output[start:at]
        number = following


def _match(output: bytes, at: int, files: Sequence[Sent], first: int) -> tuple[int, int] | None:
    """The number of the file whose heading is here; those that could not be read have none."""
    here = (number for number in range(first, len(files)) if output.startswith(files[number].heading, at))
    return next(((number, at) for number in here), None)


def _search(output: bytes, start: int, files: Sequence[Sent], first: int) -> tuple[int, int]:
    """The first of the files that has a heading from here on, and where; the last one always has."""
    places = ((number, output.find(files[number].heading, start)) for number in range(first, len(files) - 1))
    last = len(files) - 1, len(output) - len(files[-1].heading)
    return next(((number, place) for number, place in places if place >= 0), last)
