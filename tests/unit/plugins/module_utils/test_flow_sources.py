# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where flows are listed, in which order, and how much of it is read."""

from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._flow_sources import AT_WORK, find_listings
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Snapshot

NEW, OLD = "/proc/net/nf_conntrack", "/proc/net/ip_conntrack"


def snapshot(*paths: str, tool: str = "") -> Snapshot:
    """With the tool, of a host that tracks connections."""
    facts = {"tool:conntrack": tool} if tool else {}
    found = (*paths, AT_WORK[0]) if tool else paths
    return Snapshot(entries={path: Entry(path, "file") for path in found}, facts=facts)


def test_the_tool_is_not_asked_where_it_would_load_conntrack() -> None:
    assert find_listings(Snapshot(entries={}, facts={"tool:conntrack": "/sbin/conntrack"}), (6, 1, 0)) == ()


@pytest.mark.parametrize(
    ("found", "names"),
    [
        (snapshot(), []),
        (snapshot(NEW), [NEW]),
        (snapshot(OLD, NEW), [NEW, OLD]),
        (snapshot(NEW, tool="/usr/sbin/conntrack"), ["conntrack -L", NEW]),
        (snapshot(tool="/usr/sbin/conntrack"), ["conntrack -L"]),
    ],
)
def test_best_first(found: Snapshot, names: list[str]) -> None:
    assert [listing.source.name for listing in find_listings(found, (6, 1, 0))] == names


@pytest.mark.parametrize(
    ("version", "limit"),
    [((6, 18, 44), 5_000_000), ((6, 16, 0), 5_000_000), ((6, 15, 9), 50_000), ((2, 6, 18), 50_000)],
)
def test_old_kernels_list_slowly(version: tuple[int, ...], limit: int) -> None:
    (listing,) = find_listings(snapshot(NEW), version)
    assert (listing.limit, bool(listing.note)) == (limit, limit < 5_000_000)


def test_the_tool_is_asked_for_both_families() -> None:
    (listing,) = find_listings(snapshot(tool="/sbin/conntrack"), (3, 10, 0))
    assert listing.source.commands == (
        ("/sbin/conntrack", "-L", "-f", "ipv4"),
        ("/sbin/conntrack", "-L", "-f", "ipv6"),
    )
    assert (listing.limit, listing.note) == (5_000_000, "")
