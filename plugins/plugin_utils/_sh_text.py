# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell texts beside this file, and the frame in which the answer of a host comes back."""

from __future__ import annotations

import functools
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import ConntrackError, UnsupportedHostError

_DIRECTORY = Path(__file__).resolve().parent / "sh"
_SAID = 500


@functools.lru_cache(maxsize=None)
def load(name: str) -> str:
    """One of the shell texts, without its comments and indentation: what is sent is paid for with every run.

    No line of these texts is part of a longer word, except for the one that ends the value of NL.
    """
    lines = (line.strip(" ") for line in (_DIRECTORY / name).read_text(encoding="utf-8").splitlines())
    return "".join(line + "\n" for line in lines if line and not line.startswith("#"))


def make_nonce() -> str:
    """A word that occurs in no file of any host."""
    return secrets.token_hex(12)


@dataclass(frozen=True)
class Record:
    """One record of an answer: a kind of one or more words, and any text."""

    kind: str
    text: str

    @property
    def words(self) -> list[str]:
        return self.kind.split(" ")


def parse_records(
    output: str, nonce: str, *, status: int = 0, messages: str = "", error: type[ConntrackError] = UnsupportedHostError
) -> list[Record]:
    """The records of an answer.

    status and messages: how the command ended and what it said besides, for the error. Raises the error when the answer
    does not begin and end as it must.
    """
    mark = f"@{nonce} "
    start = output.find(mark)
    if start < 0:
        raise error(_describe(status, messages or output))
    body = output[start + len(mark) :]
    # A terminal in between (requiretty) makes every line end two characters; undone, the text is what it was.
    if re.match(r"[^\r\n]*\r\n", body):
        body = body.replace("\r\n", "\n")
    records = [_record(part) for part in body.split("\n" + mark)]
    if records[-1].kind != "end":
        raise error(_describe(status, messages, cut=True))
    return records


def _record(part: str) -> Record:
    kind, _newline, text = part.partition("\n")
    return Record(kind, text)


def _describe(status: int, said: str, *, cut: bool = False) -> str:
    what = "the answer of the shell was cut off" if cut else "the shell of this host did not run the script"
    detail = said.strip()[-_SAID:]
    return f"{what} (exit status {status}): {detail or 'it said nothing'}"
