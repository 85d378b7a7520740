# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counting flows in one pass: whole chunks of a listing in, counts out, in bounded memory however large the table
is."""

from __future__ import annotations

import heapq
import ipaddress
import re
from collections import Counter
from typing import Callable, Generic, Iterable, Mapping, Tuple, TypeVar

from ansible_collections.stateward.conntrack.plugins.module_utils._flow_model import (
    FLOW_LIMIT,
    FlowCounts,
    FlowSums,
    Ranking,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.flows import (
    ASSURED,
    FLOW,
    OFFLOADED,
    UNREPLIED,
    family,
    protocol,
)

# Keys that one ranking remembers: all ports of a protocol, and about 10 MB of addresses.
CAPACITY = 65536

TCP, OFFLOAD = "tcp", "OFFLOAD"

# The rest of the line belongs to the match, so that a line counts once.
_MARKS = {mark: re.compile(re.escape(mark) + rb"[^\n]*") for mark in (ASSURED, UNREPLIED, OFFLOADED)}

_Key = TypeVar("_Key")
# Name and number of a protocol, and a state or a port.
_Kind = Tuple[bytes, bytes, bytes]


class Frequencies(Generic[_Key]):
    """Counts of the most frequent keys in bounded memory.

    When there are more keys than capacity, the rarer half is forgotten. A key that comes back starts anew, so a count
    can be too low, but never by more than error: the sum of the largest counts that were forgotten (lossy counting,
    Manku and Motwani 2002, with the width of a round given by the capacity). A key that occurs more often than error is
    never missing.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._counts: Counter[_Key] = Counter()
        self.error = 0

    def add(self, keys: Iterable[_Key]) -> None:
        """Count all of these."""
        self._counts.update(keys)
        if len(self._counts) > self._capacity:
            self._forget()

    def _forget(self) -> None:
        forgotten = sorted(self._counts.values(), reverse=True)[self._capacity // 2]
        self._counts = Counter({key: count for key, count in self._counts.items() if count > forgotten})
        self.error += forgotten

    def top(self, number: int) -> list[tuple[_Key, int]]:
        """The most frequent ones; of equal ones those whose key sorts first."""
        order: list[tuple[int, _Key]] = [(-count, key) for key, count in self._counts.items()]
        return [(key, -count) for count, key in heapq.nsmallest(number, order)]


class Tally:
    """The counts of a listing that comes in chunks of whole lines.

    limit: lines that are counted at most. capacity: keys that each ranking remembers.
    """

    def __init__(self, limit: int, capacity: int = CAPACITY) -> None:
        self._left = limit
        self._full = False
        self._wide = 0
        self._kinds: Counter[_Kind] = Counter()
        self._marks: Counter[bytes] = Counter()
        self._sources: Frequencies[bytes] = Frequencies(capacity)
        self._destinations: Frequencies[bytes] = Frequencies(capacity)
        self._ports: Frequencies[_Kind] = Frequencies(capacity)

    def add(self, chunk: bytes) -> bool:
        """Count the flows of whole lines; False once the limit has cut some off: no more chunks are needed."""
        lines = chunk.count(b"\n")
        if lines > self._left:
            chunk = b"".join(chunk.splitlines(keepends=True)[: self._left])
            self._full = True
        self._left -= min(lines, self._left)
        flows = FLOW.findall(chunk)
        if flows:
            self._count(flows)
            self._count_marks(chunk, flows=len(flows))
        return not self._full

    def _count(self, flows: list[tuple[bytes, ...]]) -> None:
        # Column by column: each of these loops runs in C.
        names, numbers, states, sources, destinations, ports = zip(*flows)
        self._wide += len([source for source in sources if b":" in source])
        self._kinds.update(zip(names, numbers, states))
        self._sources.add(sources)
        self._destinations.add(destinations)
        self._ports.add(zip(names, numbers, ports))

    def _count_marks(self, chunk: bytes, *, flows: int) -> None:
        if flows != chunk.count(b"\n"):
            chunk = b"\n".join(line for line in chunk.split(b"\n") if FLOW.match(line))
        self._marks.update({mark: len(pattern.findall(chunk)) for mark, pattern in _MARKS.items()})

    def sums(self, top: int) -> FlowSums:
        """Everything that was counted, with so many rows per ranking."""
        ports = [(b" ".join(key), count) for key, count in self._ports.top(top + len(self._kinds)) if key[2]]
        return FlowSums(
            kinds={(_text(name), _text(number), _text(state)): n for (name, number, state), n in self._kinds.items()},
            entries=sum(self._kinds.values()),
            wide=self._wide,
            assured=self._marks[ASSURED],
            unreplied=self._marks[UNREPLIED],
            offloaded=self._marks[OFFLOADED],
            sources=_ranking(self._sources.top(top), self._sources.error),
            destinations=_ranking(self._destinations.top(top), self._destinations.error),
            ports=_ranking(ports[:top], self._ports.error),
            full=self._full,
        )


def _text(data: bytes) -> str:
    return data.decode("ascii")


def _ranking(rows: list[tuple[bytes, int]], error: int) -> Ranking:
    return Ranking(tuple((_text(key), count) for key, count in rows), error)


# ---------------------------------------------------------------------------------------------- in words


def describe_sums(sums: FlowSums, *, truncated: str = "", error: str = "") -> FlowCounts:
    """The counts as people read them. truncated: the limit, if it was another one than that of the lines."""
    families = {"ipv4": sums.entries - sums.wide, "ipv6": sums.wide}
    kinds = sums.kinds.items()
    return FlowCounts(
        entries=sums.entries,
        l3={name: count for name, count in families.items() if count},
        l4=_summed((protocol(name, number), count) for (name, number, _state), count in kinds),
        tcp_states=_summed((state or OFFLOAD, count) for (name, _number, state), count in kinds if name == TCP),
        assured=sums.assured,
        unreplied=sums.unreplied,
        offloaded=sums.offloaded,
        sources=_show(sums.sources, show_address),
        destinations=_show(sums.destinations, show_address),
        ports=_show(sums.ports, _show_port),
        truncated=truncated or (FLOW_LIMIT if sums.full else ""),
        error=error,
    )


def _summed(pairs: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """The largest first."""
    totals: Counter[str] = Counter()
    for name, count in pairs:
        totals[name] += count
    return dict(sorted(totals.items(), key=lambda pair: (-pair[1], pair[0])))


def _show(ranking: Ranking, show: Callable[[str], str]) -> Ranking:
    return Ranking(tuple((show(key), count) for key, count in ranking.rows), ranking.error)


def _show_port(key: str) -> str:
    name, number, port = key.split(" ")
    return f"{protocol(name, number)}/{port}"


def show_address(address: str) -> str:
    """The usual short form: /proc writes all eight groups of an IPv6 address."""
    if family(address) == "ipv4":
        return address
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address
