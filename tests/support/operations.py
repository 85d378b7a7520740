# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations on a host in memory, and the kernel's files that they are about."""

from __future__ import annotations

from ansible_collections.stateward.conntrack.plugins.module_utils._model import Operation, Snapshot

NET = "/proc/sys/net/"
MAX, ALIAS = NET + "netfilter/nf_conntrack_max", NET + "nf_conntrack_max"
BUCKETS, HASHSIZE = NET + "netfilter/nf_conntrack_buckets", "/sys/module/nf_conntrack/parameters/hashsize"
UDP = NET + "netfilter/nf_conntrack_udp_timeout"
DROP_IN = "/etc/sysctl.d/90-x.conf"
SET_UDP = Operation("value", UDP, "30", "40", "test")


def value(path: str, after: str, before: str | None = None, *, optional: bool = False) -> Operation:
    return Operation("value", path, before, after, "test", optional=optional)


def file(path: str, after: str | None, before: str | None = None) -> Operation:
    return Operation("file", path, before, after, "test")


def module(name: str) -> Operation:
    return Operation("module", name, None, "loaded", "test")


def number(snapshot: Snapshot, path: str) -> int:
    return int(snapshot.text(path) or "")
