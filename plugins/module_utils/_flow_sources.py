# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the flows of a host can be listed, best first, and how many lines of that listing may be read."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.stateward.conntrack.plugins.module_utils._flow_model import FlowSource
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_version import Version, show_version
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Snapshot

# Lines that are read when the task does not say how many.
DEFAULT_LIMIT = 5_000_000
# Measured on 6.1 (user-mode Linux): 20,000 lines in 0.7 s, 40,000 in 3.4 s, 160,000 in 91 s.
QUADRATIC_LIMIT = 50_000

# 6.16: each read of /proc goes on where the last one ended; before, each began at the first bucket again.
LINEAR_SINCE = (6, 16)

LISTINGS = ("/proc/net/nf_conntrack", "/proc/net/ip_conntrack")

TOOL = "conntrack"
# One of them is there where connections are tracked. Elsewhere the tool would load conntrack, and looking must not.
AT_WORK = ("/proc/sys/net/netfilter/nf_conntrack_count", "/proc/sys/net/ipv4/netfilter/ip_conntrack_count")
# Without a family, conntrack-tools before 1.4.6 list IPv4 only.
TOOL_CALLS = (("-L", "-f", "ipv4"), ("-L", "-f", "ipv6"))

NOT_AVAILABLE = (
    "not available on this kernel: it was built without /proc/net/nf_conntrack (CONFIG_NF_CONNTRACK_PROCFS), and the "
    "conntrack tool is not installed; install the package conntrack or conntrack-tools"
)


@dataclass(frozen=True)
class Listing:
    """limit: lines when the task does not say; note: why so few, empty when it is the usual number."""

    source: FlowSource
    limit: int = DEFAULT_LIMIT
    note: str = ""


def find_listings(snapshot: Snapshot, version: Version) -> tuple[Listing, ...]:
    """What to try, one after the other until one works; empty when there is nothing."""
    tool = snapshot.facts.get("tool:" + TOOL)
    found = [_by_tool(tool)] if tool and any(snapshot.exists(path) for path in AT_WORK) else []
    return (*found, *(_by_file(path, version) for path in LISTINGS if snapshot.exists(path)))


def _by_tool(tool: str) -> Listing:
    commands = tuple((tool, *arguments) for arguments in TOOL_CALLS)
    return Listing(FlowSource("conntrack -L", commands=commands))


def _by_file(path: str, version: Version) -> Listing:
    if version >= LINEAR_SINCE:
        return Listing(FlowSource(path, path))
    note = (
        f"before Linux 6.16 the time to read {path} grows with the square of the entries (this is "
        f"{show_version(version)}): at most {QUADRATIC_LIMIT:,} lines are read unless flow_limit says more; install "
        "the conntrack tool to read all"
    )
    return Listing(FlowSource(path, path), QUADRATIC_LIMIT, note)
