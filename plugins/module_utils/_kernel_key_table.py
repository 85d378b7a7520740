# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of all sysctl keys of connection tracking, Linux 2.4 to 7.2.

Source of names, defaults and ranges unless a row says otherwise: the registration tables in
C(net/netfilter/nf_conntrack_standalone.c), C(nf_conntrack_proto_*.c) and their C(net/ipv4/netfilter/ip_conntrack_*)
predecessors of the versions named. Where a change could only be bracketed, C(first) is the first version seen with the
key and C(last) the last one.
"""

from __future__ import annotations

from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_key import (
    LONGEST_SECONDS,
    SETTING,
    TIMEOUT,
    Backports,
    Key,
    Timeline,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_version import Version

_INT_MAX = 2147483647

_K24 = (2, 4, 23)  # the release that brought the 2.4 keys; EL3 (2.4.21) has fixed timeouts
_K26 = (2, 6, 9)
_NF = (2, 6, 20)  # nf_conntrack


def _timeout(
    name: str,
    nf: str,
    defaults: Timeline,
    *,
    ip: bool = False,
    last: Version | None = None,
    tracker: str = "",
    note: str = "",
    backports: Backports = (),
) -> Key:
    first, old = defaults[0][0], nf if ip else None
    limits = (1, LONGEST_SECONDS)
    return Key(name, TIMEOUT, nf, old, defaults, "s", first, last, *limits, "netns", tracker, note, backports)


def _setting(
    name: str,
    defaults: Timeline,
    *,
    first: Version,
    ip: bool = False,
    last: Version | None = None,
    low: int = 0,
    high: int = 1,
    unit: str = "",
    scope: str = "netns",
    tracker: str = "",
    note: str = "",
    backports: Backports = (),
) -> Key:
    old = name if ip else None
    return Key(name, SETTING, name, old, defaults, unit, first, last, low, high, scope, tracker, note, backports)


_UDPLITE_NOTE = "UDP-Lite follows the udp timeouts since its tracker was merged into that of UDP"
_DCCP_NOTE = "the DCCP tracker was removed in 6.17 and nothing replaces it"
_GRE_NOTE = "GRE timeouts are fixed at 30 and 180 s before 5.0"
_SCTP_NOTE = "it needs the SCTP tracker, a module of its own up to 4.9"
# An early 2023 fix (6.2) set these anew; 5.10.223 and 6.1.192 carry it, 5.15.30 does not, so within a stable series the
# patch level decides.
_SCTP_REVISED: tuple[tuple[Version, bool], ...] = (((5, 10, 223), True), ((5, 11), False), ((6, 1), True))


def _sctp(name: str, default: int, revised: int | None = None) -> Key:
    later: Timeline = ()
    if revised is not None:
        later = tuple((since, revised if new else default) for since, new in _SCTP_REVISED)
    suffix = name.replace("sctp_", "sctp_timeout_", 1)
    return _timeout(name, suffix, ((_K26, default), *later), ip=True, tracker="sctp", note=_SCTP_NOTE)


def _udplite(name: str, nf: str, default: int) -> Key:
    # absent in 4.15; EL7 has them up to 3.10.0-514 and no more in -1160
    gone: Backports = (("el7", 1160, None),)
    return _timeout(name, nf, (((2, 6, 24), default),), last=(4, 9), note=_UDPLITE_NOTE, backports=gone)


def _dccp(name: str, default: int) -> Key:
    suffix = name.replace("dccp_", "dccp_timeout_", 1)
    return _timeout(name, suffix, (((2, 6, 29), default),), last=(6, 16), tracker="dccp", note=_DCCP_NOTE)


def _tcp(name: str, default: int) -> Key:
    return _timeout(name, name.replace("tcp_", "tcp_timeout_", 1), ((_K24, default),), ip=True)


TIMEOUTS: tuple[Key, ...] = (
    _tcp("tcp_established", 432000),  # five days, 2.4 to 7.2
    _tcp("tcp_syn_sent", 120),
    _tcp("tcp_syn_recv", 60),
    _tcp("tcp_fin_wait", 120),
    _tcp("tcp_close_wait", 60),
    _tcp("tcp_last_ack", 30),
    _tcp("tcp_time_wait", 120),
    _tcp("tcp_close", 10),
    # window tracking came with 2.6.9
    _timeout("tcp_max_retrans", "tcp_timeout_max_retrans", ((_K26, 300),), ip=True),
    # absent in 2.6.24
    _timeout("tcp_unacknowledged", "tcp_timeout_unacknowledged", (((2, 6, 29), 300),)),
    _timeout("udp", "udp_timeout", ((_K24, 30),), ip=True),
    # 5.0: 180 -> 120; EL8 (4.18) has the 120 too
    _timeout("udp_stream", "udp_timeout_stream", ((_K24, 180), ((5, 0), 120)), ip=True, backports=(("el8", 0, 120),)),
    _udplite("udplite", "udplite_timeout", 30),
    _udplite("udplite_stream", "udplite_timeout_stream", 180),
    _timeout("icmp", "icmp_timeout", ((_K24, 30),), ip=True),
    # a module of its own, nf_conntrack_ipv6, up to 4.18
    _timeout(
        "icmpv6",
        "icmpv6_timeout",
        ((_NF, 30),),
        tracker="icmpv6",
        note="it comes with IPv6 tracking, which up to 4.18 is the module nf_conntrack_ipv6",
    ),
    _timeout("generic", "generic_timeout", ((_K24, 600),), ip=True),
    _timeout("gre", "gre_timeout", (((5, 0), 30),), tracker="gre", note=_GRE_NOTE),
    _timeout("gre_stream", "gre_timeout_stream", (((5, 0), 180),), tracker="gre", note=_GRE_NOTE),
    _sctp("sctp_closed", 10),
    _sctp("sctp_cookie_wait", 3),
    _sctp("sctp_cookie_echoed", 3),
    _sctp("sctp_established", 432000, 210),
    # 0.3 s reads as 0
    _sctp("sctp_shutdown_sent", 0, 3),
    _sctp("sctp_shutdown_recd", 0, 3),
    _sctp("sctp_shutdown_ack_sent", 3),
    # first seen in 4.4, absent in 3.19; EL6 has it in 2.6.32-642 but not in -220, EL7 in 3.10.0-514
    _timeout(
        "sctp_heartbeat_sent",
        "sctp_timeout_heartbeat_sent",
        (((4, 4), 30),),
        tracker="sctp",
        note=_SCTP_NOTE,
        backports=(("el6", 642, 30), ("el7", 514, 30)),
    ),
    _timeout(
        "sctp_heartbeat_acked",
        "sctp_timeout_heartbeat_acked",
        (((4, 4), 210), ((5, 10, 223), None), ((5, 11), 210)),
        last=(6, 0),
        tracker="sctp",
        note="removed in 6.2 and its stable back-ports, where such an association stays established",
        backports=(("el6", 642, 210), ("el7", 514, 210)),
    ),
    _dccp("dccp_request", 240),
    _dccp("dccp_respond", 480),
    _dccp("dccp_partopen", 480),
    _dccp("dccp_open", 43200),
    _dccp("dccp_closereq", 64),
    _dccp("dccp_closing", 64),
    _dccp("dccp_timewait", 240),
    # owned by nf_defrag_ipv6
    _timeout("frag6", "frag6_timeout", ((_NF, 60),), tracker="frag6", note="it comes with the module nf_defrag_ipv6"),
)

_FRAG6_NOTE = "it comes with the module nf_defrag_ipv6"

SETTINGS: tuple[Key, ...] = (
    # 3 packets of grace in EL4, 2.6.11, 2.6.20 and EL5 before 2.6.18-128; 1 later
    _setting(
        "tcp_loose", ((_K26, 3), ((2, 6, 22), 1)), first=_K26, ip=True, backports=(("el5", 0, 3), ("el5", 128, 1))
    ),
    _setting("tcp_be_liberal", ((_K26, 0),), first=_K26, ip=True),
    # bounded to 0-255 by 5.15, any number before
    _setting("tcp_max_retrans", ((_K26, 3),), first=_K26, ip=True, high=255, unit="packets"),
    # absent in 5.10 and EL8; EL9 (5.14) has it
    _setting(
        "tcp_ignore_invalid_rst",
        (((5, 15), 0),),
        first=(5, 15),
        note="tcp_be_liberal=1 is the nearest older setting, and weaker",
        backports=(("el9", 0, 0),),
    ),
    # absent in 2.6.24; EL4 and EL5 count always (IP_NF_CT_ACCT=y)
    _setting("acct", (((2, 6, 29), 0),), first=(2, 6, 29), note="EL4 and EL5 always count packets and bytes"),
    # not in EL6 (2.6.32); needs NF_CONNTRACK_TIMESTAMP
    _setting("timestamp", (((3, 1), 0),), first=(3, 1), tracker="timestamp"),
    # an IP protocol number, 255 for all
    _setting("log_invalid", ((_K26, 0),), first=_K26, ip=True, high=255, unit="protocol"),
    # in EL5, not in EL4 nor 2.6.11
    _setting("checksum", (((2, 6, 18), 1),), first=(2, 6, 18), ip=True),
    # 5.19: 2 (only while somebody listens); EL9 since 5.14.0-149
    _setting(
        "events",
        (((2, 6, 32), 1), ((5, 19), 2)),
        first=(2, 6, 32),
        high=2,
        tracker="events",
        backports=(("el9", 149, 2),),
    ),
    # 4.7: 1 -> 0; 6.0 removed it (commit b118509076b3)
    _setting(
        "helper",
        (((3, 5), 1), ((4, 7), 0)),
        first=(3, 5),
        last=(5, 19),
        note="6.0 never assigns helpers itself: 0 is already so, 1 is impossible; use the CT target or nft ct helper",
    ),
    # computed at load: 4 x max(1, buckets / 256), so no constant default
    _setting("expect_max", (), first=(2, 6, 24), low=1, high=_INT_MAX, unit="expectations", scope="global"),
    _setting("dccp_loose", (((2, 6, 29), 1),), first=(2, 6, 29), last=(6, 16), tracker="dccp", note=_DCCP_NOTE),
    # measured on 6.18; the kernel's own documentation still gives 196608 and 262144, so nothing is claimed for older
    # ones
    _setting(
        "frag6_low_thresh",
        (((6, 18), 3145728),),
        first=_NF,
        high=_INT_MAX,
        unit="bytes",
        tracker="frag6",
        note=_FRAG6_NOTE,
    ),
    _setting(
        "frag6_high_thresh",
        (((6, 18), 4194304),),
        first=_NF,
        low=1,
        high=_INT_MAX,
        unit="bytes",
        tracker="frag6",
        note=_FRAG6_NOTE,
    ),
    # in 3.16 and EL7, gone in 3.19
    _setting(
        "events_retry_timeout",
        (((2, 6, 32), 15),),
        first=(2, 6, 32),
        last=(3, 18),
        low=1,
        high=LONGEST_SECONDS,
        unit="s",
        note="3.19 delivers events without this timer and nothing replaces it",
    ),
)
