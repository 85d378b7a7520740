# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counting flows in one pass: whole chunks of a listing in, counts out, in bounded memory however large the table
is."""

from __future__ import annotations

import heapq
import ipaddress
from collections import Counter
from typing import Generic, Iterable, Mapping, Tuple, TypeVar

from ansible_collections.stateward.conntrack.plugins.module_utils._flow_model import FLOW_LIMIT, FlowCounts, Ranking
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

_Key = TypeVar("_Key")
_Port = Tuple[bytes, bytes]


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
        self._kinds: Counter[tuple[bytes, bytes]] = Counter()
        self._families: Counter[str] = Counter()
        self._marks: Counter[bytes] = Counter()
        self._sources: Frequencies[bytes] = Frequencies(capacity)
        self._destinations: Frequencies[bytes] = Frequencies(capacity)
        self._ports: Frequencies[_Port] = Frequencies(capacity)

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
            self._marks.update({mark: chunk.count(mark) for mark in (ASSURED, UNREPLIED, OFFLOADED)})
        return not self._full

    def _count(self, flows: list[tuple[bytes, bytes, bytes, bytes, bytes]]) -> None:
        # Column by column: each of these loops runs in C.
        heads, states, sources, destinations, ports = zip(*flows)
        wide = len([source for source in sources if b":" in source])
        self._families.update(ipv4=len(sources) - wide, ipv6=wide)
        self._kinds.update(zip(heads, states))
        self._sources.add(sources)
        self._destinations.add(destinations)
        self._ports.add(zip(heads, ports))

    def counts(self, *, top: int, truncated: str = "", error: str = "") -> FlowCounts:
        """Everything that was counted. truncated: the limit, if it was another one than that of the lines."""
        ports = [(key, count) for key, count in self._ports.top(top + len(self._kinds)) if key[1]]
        return FlowCounts(
            entries=sum(self._families.values()),
            l3={name: count for name, count in self._families.items() if count},
            l4=_summed((protocol(head), count) for (head, _state), count in self._kinds.items()),
            tcp_states=_summed(
                (state.decode("ascii", "replace") or OFFLOAD, count)
                for (head, state), count in self._kinds.items()
                if protocol(head) == TCP
            ),
            assured=self._marks[ASSURED],
            unreplied=self._marks[UNREPLIED],
            offloaded=self._marks[OFFLOADED],
            sources=_ranking(self._sources, top),
            destinations=_ranking(self._destinations, top),
            ports=Ranking(tuple((_port(key), count) for key, count in ports[:top]), self._ports.error),
            truncated=truncated or (FLOW_LIMIT if self._full else ""),
            error=error,
        )


def _summed(pairs: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """The largest first."""
    totals: Counter[str] = Counter()
    for name, count in pairs:
        totals[name] += count
    return dict(totals.most_common())


def _ranking(frequencies: Frequencies[bytes], top: int) -> Ranking:
    return Ranking(tuple((show_address(key), count) for key, count in frequencies.top(top)), frequencies.error)


def _port(key: _Port) -> str:
    return f"{protocol(key[0])}/{key[1].decode('ascii', 'replace')}"


def show_address(address: bytes) -> str:
    """The usual short form: /proc writes all eight groups of an IPv6 address."""
    text = address.decode("ascii", "replace")
    if family(address) == "ipv4":
        return text
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text
