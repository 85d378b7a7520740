# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What kernels of each generation have: an oracle for tests, which owes nothing to the tables of the collection.

Each row is the row before it with a difference. Read in the sources of the kernels named, or measured where it says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Mapping

GIB = 1 << 30


@dataclass(frozen=True)
class Generation:
    """One generation of connection tracking.

    keys: name after the prefix -> default. steps: (with more memory than this many bytes, this many buckets), the
    largest first. heads: size of a bucket head in pointers. factor: default max per bucket. page_rounding: buckets fill
    whole pages. max_from_request: max is computed from the hashsize asked for, before it is rounded. ranges: a larger
    value gives EINVAL. families: nf_conntrack_ipv4 and _ipv6 are modules of their own and bring the protocol keys.
    stale_sysctl: buckets below /proc/sys do not follow a write to /sys. child_max_mode: of max in another network
    namespace. slab: name and bytes of an entry. columns: of the statistics file, old name -> name here, empty for none.
    """

    dialect: str
    keys: Mapping[str, str]
    steps: tuple[tuple[int, int], ...]
    heads: int = 1
    factor: int = 4
    minimum: int = 32
    page_rounding: bool = True
    max_from_request: bool = True
    buckets_mode: int = 0o444
    child_max_mode: int = 0o644
    families: bool = True
    stale_sysctl: bool = False
    minimum_max: int = 0
    timeouts_wrap: bool = False
    ranges: Mapping[str, int] = field(default_factory=dict)
    slab: tuple[str, int] = ("nf_conntrack", 320)
    columns: Mapping[str, str] = field(default_factory=dict)


def _timeouts(protocol: str, **seconds: int) -> dict[str, str]:
    return {f"{protocol}_timeout_{state}": str(value) for state, value in seconds.items()}


def _without(keys: Mapping[str, str], *prefixes: str) -> dict[str, str]:
    return {name: value for name, value in keys.items() if not name.startswith(prefixes)}


_TCP = _timeouts(
    "tcp",
    syn_sent=120,
    syn_recv=60,
    established=432000,
    fin_wait=120,
    close_wait=60,
    last_ack=30,
    time_wait=120,
    close=10,
    max_retrans=300,
)
_SCTP_OLD = _timeouts(
    "sctp",
    closed=10,
    cookie_wait=3,
    cookie_echoed=3,
    established=432000,
    shutdown_sent=0,
    shutdown_recd=0,
    shutdown_ack_sent=3,
    heartbeat_sent=30,
    heartbeat_acked=210,
)
# An early-2023 fix, carried into stable branches: 5.10.223 and 6.1.192 have it.
_SCTP_NEW = _without(
    {**_SCTP_OLD, **_timeouts("sctp", established=210, shutdown_sent=3, shutdown_recd=3)},
    "sctp_timeout_heartbeat_acked",
)
_DCCP = {
    "dccp_loose": "1",
    **_timeouts("dccp", request=240, respond=480, partopen=480, open=43200, closereq=64, closing=64, timewait=240),
}
_FRAG6 = {"frag6_timeout": "60", "frag6_low_thresh": "196608", "frag6_high_thresh": "262144"}
_FRAG6_LARGE = {**_FRAG6, "frag6_low_thresh": "3145728", "frag6_high_thresh": "4194304"}
_BOOLEANS = {
    "acct": 1,
    "checksum": 1,
    "timestamp": 1,
    "tcp_loose": 1,
    "tcp_be_liberal": 1,
    "dccp_loose": 1,
    "helper": 1,
    "log_invalid": 255,
}

_1G = (GIB, 16384)
_4G = (4 * GIB, 65536)

# 2.6.18-274.el5: IPv4 only, bucket heads of two pointers, nothing rounded.
EL5 = Generation(
    dialect="ip_conntrack",
    keys={
        "max": "", "count": "", "buckets": "", "checksum": "1", "log_invalid": "0",
        "tcp_loose": "1", "tcp_be_liberal": "0", "tcp_max_retrans": "3", **_TCP,
        "udp_timeout": "30", "udp_timeout_stream": "180", "icmp_timeout": "30", "generic_timeout": "600",
    },
    steps=((GIB, 8192),), heads=2, factor=8, minimum=16, page_rounding=False, families=False, timeouts_wrap=True,
    slab=("ip_conntrack", 304), columns={"search_restart": ""},
)  # fmt: skip
# 2.6.32.el6: the new dialect; sctp, dccp and udplite are modules that nobody loads.
EL6 = Generation(
    dialect="nf_conntrack",
    keys={
        **EL5.keys, "acct": "0", "expect_max": "", "events": "1", "events_retry_timeout": "15",
        "tcp_timeout_unacknowledged": "300", "icmpv6_timeout": "30", **_FRAG6,
    },
    steps=(_1G,), timeouts_wrap=True, slab=("nf_conntrack_ffffffff81b18540", 312), columns={"search_restart": ""},
)  # fmt: skip
# 2.6.38: timestamp. 3.5: helper. 3.19: no more events_retry_timeout.
V3_0 = replace(
    EL6,
    keys={**EL6.keys, "timestamp": "0"},
    timeouts_wrap=False,
    columns={},
    slab=("nf_conntrack_ffffffff81a0d2c0", 312),
)
V3_5 = replace(V3_0, keys={**V3_0.keys, "helper": "1"})
EL7_0 = replace(V3_5, slab=("nf_conntrack_ffffffff819f29c0", 320))
# 3.10.0-514.el7: the 4 GiB step. -1160.el7: sctp and dccp inside.
EL7_3 = replace(EL7_0, steps=(_4G, _1G), slab=("nf_conntrack_1", 320))
EL7_9 = replace(EL7_3, keys={**EL7_3.keys, **_SCTP_OLD, **_DCCP})
V4_4 = replace(EL7_3, keys={**_without(V3_5.keys, "events_retry"), **_FRAG6_LARGE})
# 4.7: one table and slab for all namespaces, helper off. 4.8: buckets writable. 4.10: sctp and dccp inside.
V4_7 = replace(V4_4, keys={**V4_4.keys, "helper": "0"}, max_from_request=False, slab=("nf_conntrack", 320))
V4_8 = replace(V4_7, buckets_mode=0o644, stale_sysctl=True)
V4_10 = replace(V4_8, keys={**V4_8.keys, **_SCTP_OLD, **_DCCP})
# Red Hat's 4.18 has the families merged already, as 4.19: nf_conntrack_ipv4 is not found there.
EL8 = replace(V4_10, keys={**V4_10.keys, "udp_timeout_stream": "120"}, families=False)
# 4.19: the families are merged. 5.0: gre keys, shorter udp streams. 5.4: booleans are checked.
V4_19 = replace(V4_10, families=False)
V5_0 = replace(
    V4_19, keys={**V4_19.keys, "udp_timeout_stream": "120", "gre_timeout": "30", "gre_timeout_stream": "180"}
)
V5_4 = replace(V5_0, ranges={**_BOOLEANS, "events": 1})
# 5.10 with its stable fixes: max is read-only outside of the initial namespace, new sctp times, smaller entries.
V5_10 = replace(
    V5_4,
    keys={**_without(V5_4.keys, "sctp_"), **_SCTP_NEW},
    stale_sysctl=False,
    child_max_mode=0o444,
    slab=("nf_conntrack", 256),
    columns={"searched": "clashres"},
)
# 5.15: one bucket per entry.
V5_15 = replace(
    V5_10,
    keys={**V5_10.keys, "tcp_ignore_invalid_rst": "0"},
    steps=((4 * GIB, 262144), (GIB, 65536)),
    factor=1,
    minimum=1024,
    columns={"searched": "clashres", "delete_list": "chainlength"},
    ranges={**V5_4.ranges, "tcp_max_retrans": 255, "tcp_ignore_invalid_rst": 1},
)
# 5.19 and 5.14.0-149.el9: events by need. 6.0: no helper. 6.17: no dccp.
# 7.2 has a smallest max of 1, by a patch of October 2025.
EL9 = replace(V5_15, keys={**V5_15.keys, "events": "2"}, ranges={**V5_15.ranges, "events": 2})
V6_0 = replace(EL9, keys=_without(EL9.keys, "helper"))
V6_17 = replace(V6_0, keys=_without(V6_0.keys, "dccp_"))
V7_0 = replace(V6_17, minimum_max=1)

# (family of the kernel package, first version, generation): the last that fits counts.
ROWS: tuple[tuple[str, tuple[int, ...], Generation], ...] = (
    ("el5", (2, 6, 18), EL5),
    ("el6", (2, 6, 32), EL6),
    ("el7", (3, 10, 0), EL7_0),
    ("el7", (3, 10, 0, 514), EL7_3),
    ("el7", (3, 10, 0, 1160), EL7_9),
    ("el8", (4, 18), EL8),
    ("el9", (5, 14), EL9),
    ("", (2, 6, 9), EL5),
    ("", (2, 6, 20), EL6),
    ("", (2, 6, 38), V3_0),
    ("", (3, 5), V3_5),
    ("", (3, 19), V4_4),
    ("", (4, 7), V4_7),
    ("", (4, 8), V4_8),
    ("", (4, 10), V4_10),
    ("", (4, 19), V4_19),
    ("", (5, 0), V5_0),
    ("", (5, 4), V5_4),
    ("", (5, 10), V5_10),
    ("", (5, 15), V5_15),
    ("", (5, 19), EL9),
    ("", (6, 0), V6_0),
    ("", (6, 17), V6_17),
    ("", (7, 0), V7_0),
)


def find_generation(release: str) -> Generation:
    """The generation of a kernel release, as C(uname -r) prints it. Raises LookupError before 2.6.9."""
    version = tuple(int(number) for number in re.findall(r"\d+", release)[:4])
    tag = re.search(r"\bel\d+", release)
    family = tag.group() if tag and any(tag.group() == name for name, _first, _row in ROWS) else ""
    fitting = [generation for name, first, generation in ROWS if name == family and first <= version]
    if not fitting:
        raise LookupError(f"no generation known for {release!r}")
    return fitting[-1]


# Modules: the directory of each, and which others it needs.
_IP = "kernel/net/ipv4/netfilter/"
_IP6 = "kernel/net/ipv6/netfilter/"
_NF = "kernel/net/netfilter/"
OLD_MODULES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "nfnetlink": (_NF, ()),
    "ip_conntrack": (_IP, ("nfnetlink",)),
    "ip_conntrack_ftp": (_IP, ("ip_conntrack",)),
    "ip_nat": (_IP, ("ip_conntrack",)),
}
FAMILY_MODULES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "nf_conntrack": (_NF, ()),
    "nf_conntrack_ftp": (_NF, ("nf_conntrack",)),
    "nf_defrag_ipv4": (_IP, ()),
    "nf_defrag_ipv6": (_IP6, ()),
    "nf_conntrack_ipv4": (_IP, ("nf_defrag_ipv4", "nf_conntrack")),
    "nf_conntrack_ipv6": (_IP6, ("nf_defrag_ipv6", "nf_conntrack")),
}
MERGED_MODULES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "nf_defrag_ipv4": (_IP, ()),
    "nf_defrag_ipv6": (_IP6, ()),
    "nf_conntrack": (_NF, ("nf_defrag_ipv6", "nf_defrag_ipv4")),
    "nf_conntrack_ftp": (_NF, ("nf_conntrack",)),
    "nf_conntrack_netlink": (_NF, ("nf_conntrack",)),
}


def modules_of(generation: Generation) -> Mapping[str, tuple[str, tuple[str, ...]]]:
    """Module -> (directory below /lib/modules/RELEASE, modules it needs)."""
    if generation.dialect == "ip_conntrack":
        return OLD_MODULES
    return FAMILY_MODULES if generation.families else MERGED_MODULES
