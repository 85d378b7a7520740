# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked about the flows of a host, and the answer: a handful of counts, never the table itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Mapping

FLOW_LIMIT, TIME_LIMIT = "flow_limit", "time_limit"


@dataclass(frozen=True)
class FlowSource:
    """A place where flows are listed: a file, or else commands that are run one after the other.

    name: for people. commands: argument lists that begin with the absolute path of the program.
    """

    name: str
    path: str = ""
    commands: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class FlowQuery:
    """limit: lines of the listing that are read at most. seconds: after so many the reading ends. top: rows per
    ranking."""

    source: FlowSource
    limit: int
    seconds: float
    top: int


@dataclass(frozen=True)
class FlowWish:
    """What a task says about its queries. limit: None to choose by the source. seconds, top: those of FlowQuery."""

    limit: int | None
    seconds: float
    top: int


@dataclass(frozen=True)
class Ranking:
    """The most frequent keys, most frequent first.

    error: how much too low a count can be, and how often a key that is not in the list can have occurred more than the
    last one that is; 0 when everything was counted exactly.
    """

    rows: tuple[tuple[str, int], ...] = ()
    error: int = 0


@dataclass(frozen=True)
class _Totals:
    """What is counted in one pass over a listing, whatever its words."""

    entries: int = 0
    assured: int = 0
    unreplied: int = 0
    offloaded: int = 0
    sources: Ranking = Ranking()
    destinations: Ranking = Ranking()
    ports: Ranking = Ranking()


@dataclass(frozen=True)
class FlowSums(_Totals):
    """What one pass over a listing has summed up, before it is put in words.

    kinds: flows by name and number of the protocol and by state. wide: flows of IPv6. sources, destinations: addresses
    as they are written in the listing. ports: keys are C(tcp 6 443). full: the limit of lines cut some off.
    """

    kinds: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    wide: int = 0
    full: bool = False


@dataclass(frozen=True)
class FlowCounts(_Totals):
    """The flows that were read.

    l3, l4, tcp_states: flows by name. ports: keys are C(tcp/443). truncated: empty, or the limit that ended the
    reading.
    error: why there is nothing, or less than there should be; empty when all went well.
    """

    l3: Mapping[str, int] = field(default_factory=dict)
    l4: Mapping[str, int] = field(default_factory=dict)
    tcp_states: Mapping[str, int] = field(default_factory=dict)
    truncated: str = ""
    error: str = ""
