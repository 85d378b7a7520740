# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import OptionError
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_keys import (
    BUCKETS_PATHS,
    COUNT_PATHS,
    IP,
    LONGEST_SECONDS,
    MAX_PATHS,
    NF,
    SETTING,
    TIMEOUT,
    Key,
    canonical_key,
    default_value,
    find_key,
    kernel_family,
    kernel_version,
    keys,
    missing_reason,
    proc_path,
    sysctl_name,
)

RELEASES = {
    "K24": "2.4.32",
    "EL3": "2.4.21-63.EL",
    "EL4": "2.6.9-89.EL",
    "EL5": "2.6.18-274.el5",
    "EL6a": "2.6.32-220.el6.x86_64",
    "EL6b": "2.6.32-642.6.2.el6.x86_64",
    "EL7b": "3.10.0-514.el7.x86_64",
    "EL7c": "3.10.0-1160.el7.x86_64",
    "EL8": "4.18.0-240.el8.x86_64",
    "EL9": "5.14.0-427.el9.x86_64",
}


def _default(group: str, name: str, release: str) -> int | None:
    release = RELEASES.get(release, release)
    return default_value(find_key(group, name), kernel_version(release), kernel_family(release))


def _missing(group: str, name: str, release: str) -> str:
    release = RELEASES.get(release, release)
    version = kernel_version(release)
    dialect = NF if version >= (2, 6, 20) else IP
    return missing_reason(find_key(group, name), version, dialect, kernel_family(release))


# Read back from a 6.18.44 kernel with built-in conntrack.
MEASURED_ON_6_18 = {
    "acct": 0,
    "checksum": 1,
    "events": 2,
    "frag6_high_thresh": 4194304,
    "frag6_low_thresh": 3145728,
    "log_invalid": 0,
    "tcp_be_liberal": 0,
    "tcp_ignore_invalid_rst": 0,
    "tcp_loose": 1,
    "tcp_max_retrans": 3,
    "timestamp": 0,
}
TIMEOUTS_ON_6_18 = {
    "frag6": 60,
    "generic": 600,
    "gre": 30,
    "gre_stream": 180,
    "icmp": 30,
    "icmpv6": 30,
    "sctp_closed": 10,
    "sctp_cookie_echoed": 3,
    "sctp_cookie_wait": 3,
    "sctp_established": 210,
    "sctp_heartbeat_sent": 30,
    "sctp_shutdown_ack_sent": 3,
    "sctp_shutdown_recd": 3,
    "sctp_shutdown_sent": 3,
    "tcp_close": 10,
    "tcp_close_wait": 60,
    "tcp_established": 432000,
    "tcp_fin_wait": 120,
    "tcp_last_ack": 30,
    "tcp_max_retrans": 300,
    "tcp_syn_recv": 60,
    "tcp_syn_sent": 120,
    "tcp_time_wait": 120,
    "tcp_unacknowledged": 300,
    "udp": 30,
    "udp_stream": 120,
}


@pytest.mark.parametrize(("group", "measured"), [(TIMEOUT, TIMEOUTS_ON_6_18), (SETTING, MEASURED_ON_6_18)])
def test_the_table_gives_exactly_the_keys_and_values_of_a_real_6_18(group: str, measured: dict[str, int]) -> None:
    present = {
        key.name: _default(group, key.name, "6.18.44")
        for key in keys(group)
        if not _missing(group, key.name, "6.18.44")
    }
    assert {name: value for name, value in present.items() if value is not None} == measured
    assert [name for name, value in present.items() if value is None] == ([] if group == TIMEOUT else ["expect_max"])


@pytest.mark.parametrize(
    ("name", "release", "value"),
    [
        ("tcp_established", "K24", 432000),
        ("tcp_established", "EL3", None),  # no key at all
        ("tcp_max_retrans", "K24", None),
        ("tcp_max_retrans", "EL4", 300),
        ("tcp_unacknowledged", "EL5", None),
        ("tcp_unacknowledged", "EL6a", 300),
        ("udp_stream", "EL7c", 180),
        ("udp_stream", "EL8", 120),
        ("udp_stream", "4.19.72", 180),
        ("udp_stream", "4.18.20", 180),
        ("udp_stream", "5.0.21", 120),
        ("icmpv6", "EL5", None),
        ("icmpv6", "EL6a", 30),
        ("gre", "EL8", None),
        ("gre_stream", "5.0.0", 180),
        ("udplite", "EL7b", 30),
        ("udplite", "EL7c", None),
        ("udplite_stream", "4.9.0", 180),
        ("udplite", "4.15.0", None),
        ("sctp_established", "EL5", 432000),
        ("sctp_established", "5.15.30", 432000),
        ("sctp_established", "5.10.223", 210),
        ("sctp_established", "6.1.192", 210),
        ("sctp_shutdown_sent", "5.4.30", 0),
        ("sctp_shutdown_recd", "6.12.117", 3),
        ("sctp_heartbeat_sent", "EL6a", None),
        ("sctp_heartbeat_sent", "EL6b", 30),
        ("sctp_heartbeat_sent", "3.19.8", None),
        ("sctp_heartbeat_acked", "EL7b", 210),
        ("sctp_heartbeat_acked", "4.4.0", 210),
        ("sctp_heartbeat_acked", "5.10.223", None),
        ("sctp_heartbeat_acked", "5.15.30", 210),
        ("sctp_heartbeat_acked", "6.1.192", None),
        ("dccp_open", "EL6a", 43200),
        ("dccp_open", "6.16.12", 43200),
        ("dccp_open", "6.17.0", None),
    ],
)
def test_default_timeout(name: str, release: str, value: int | None) -> None:
    assert _default(TIMEOUT, name, release) == value


@pytest.mark.parametrize(
    ("name", "release", "value"),
    [
        ("tcp_loose", "EL4", 3),
        ("tcp_loose", "2.6.18-8.el5", 3),
        ("tcp_loose", "2.6.18-128.el5", 1),
        ("tcp_loose", "2.6.20", 3),
        ("tcp_loose", "EL6a", 1),
        ("checksum", "EL4", None),
        ("checksum", "EL5", 1),
        ("acct", "EL5", None),
        ("acct", "EL6a", 0),
        ("timestamp", "EL6b", None),
        ("timestamp", "EL7b", 0),
        ("events", "EL8", 1),
        ("events", "5.15.30", 1),
        ("events", "5.19.0", 2),
        ("events", "5.14.0-70.el9.x86_64", 1),
        ("events", "EL9", 2),
        ("helper", "EL6b", None),
        ("helper", "EL7c", 1),
        ("helper", "4.4.0", 1),
        ("helper", "EL8", 0),
        ("helper", "EL9", 0),
        ("helper", "5.19.17", 0),
        ("helper", "6.0.0", None),
        ("events_retry_timeout", "EL7c", 15),
        ("events_retry_timeout", "3.19.8", None),
        ("tcp_ignore_invalid_rst", "5.10.223", None),
        ("tcp_ignore_invalid_rst", "EL9", 0),
        ("dccp_loose", "6.17.0", None),
        ("frag6_high_thresh", "4.19.72", None),  # present, its default not known
        ("expect_max", "6.18.44", None),  # computed from the buckets
    ],
)
def test_default_setting(name: str, release: str, value: int | None) -> None:
    assert _default(SETTING, name, release) == value


@pytest.mark.parametrize(
    ("group", "name", "release", "words"),
    [
        (
            SETTING,
            "helper",
            "6.18.44",
            "gone: last in 5.19, this is kernel 6.18.44; 6.0 never assigns helpers itself: 0 is already so",
        ),
        (SETTING, "timestamp", "EL6b", "exists since 3.1, this is kernel 2.6.32 el6"),
        (SETTING, "acct", "EL5", "always count packets and bytes"),
        (SETTING, "events_retry_timeout", "4.4.0", "nothing replaces it"),
        (TIMEOUT, "udplite", "EL7c", "is not in kernel 3.10.0 el7; UDP-Lite follows the udp timeouts"),
        (TIMEOUT, "gre", "EL8", "exists since 5.0"),
        (TIMEOUT, "sctp_heartbeat_acked", "6.1.192", "removed in 6.2 and its stable back-ports"),
        (TIMEOUT, "dccp_open", "6.17.0", "the DCCP tracker was removed in 6.17"),
        (TIMEOUT, "tcp_established", "EL3", "exists since 2.4.23"),
        (TIMEOUT, "icmpv6", "EL5", "exists since 2.6.20"),
    ],
)
def test_missing_reason(group: str, name: str, release: str, words: str) -> None:
    assert words in _missing(group, name, release)


def test_a_key_that_should_be_there_has_no_missing_reason() -> None:
    assert _missing(TIMEOUT, "udp_stream", "EL5") == ""
    assert _missing(SETTING, "frag6_high_thresh", "4.19.72") == ""
    assert _missing(SETTING, "tcp_ignore_invalid_rst", "EL9") == ""


def test_a_key_of_the_new_dialect_only_is_missing_in_the_old_one() -> None:
    reason = missing_reason(find_key(TIMEOUT, "icmpv6"), (2, 6, 20), IP, "")
    assert "has no counterpart among the ip_conntrack keys" in reason


@pytest.mark.parametrize(
    ("group", "name", "words"),
    [
        (TIMEOUT, "tcp_etablished", "Did you mean tcp_established?"),
        (TIMEOUT, "nf_conntrack_tcp_timeout_time_wait", "Did you mean tcp_time_wait?"),
        (TIMEOUT, "net.netfilter.nf_conntrack_udp_timeout", "Did you mean udp?"),
        (TIMEOUT, "tcp_timeout_close", "Did you mean tcp_close?"),
        (SETTING, "tcp_lose", "Did you mean tcp_loose?"),
        (SETTING, "udp_stream", "udp_stream belongs to timeouts"),
        (TIMEOUT, "tcp_loose", "tcp_loose belongs to settings"),
        (TIMEOUT, "nf_conntrack_acct", "acct belongs to settings"),
        (TIMEOUT, "%%%", "Known are: tcp_established, tcp_syn_sent"),
    ],
)
def test_an_unknown_name_is_answered_with_a_known_one(group: str, name: str, words: str) -> None:
    with pytest.raises(OptionError, match=words.replace("?", r"\?")):
        find_key(group, name)


def test_the_two_keys_named_tcp_max_retrans_are_kept_apart() -> None:
    timeout, setting = find_key(TIMEOUT, "tcp_max_retrans"), find_key(SETTING, "tcp_max_retrans")
    assert sysctl_name(timeout, NF) == "net.netfilter.nf_conntrack_tcp_timeout_max_retrans"
    assert sysctl_name(setting, IP) == "net.ipv4.netfilter.ip_conntrack_tcp_max_retrans"


@pytest.mark.parametrize(
    ("dotted", "canonical"),
    [
        ("net.netfilter.nf_conntrack_max", "max"),
        ("net.nf_conntrack_max", "max"),
        ("net.ipv4.ip_conntrack_max", "max"),
        ("net.ipv4.netfilter.ip_conntrack_max", "max"),
        ("net.netfilter.nf_conntrack_buckets", "hashsize"),
        ("net.ipv4.netfilter.ip_conntrack_buckets", "hashsize"),
        ("net.netfilter.nf_conntrack_tcp_timeout_established", "timeout:tcp_established"),
        ("net.ipv4.netfilter.ip_conntrack_tcp_timeout_established", "timeout:tcp_established"),
        ("net.ipv4.netfilter.ip_conntrack_udp_timeout_stream", "timeout:udp_stream"),
        ("net.netfilter.nf_conntrack_tcp_loose", "setting:tcp_loose"),
        ("net.netfilter.nf_conntrack_count", None),
        ("net.ipv4.netfilter.ip_conntrack_icmpv6_timeout", None),
        ("net.ipv4.ip_forward", None),
        ("", None),
    ],
)
def test_canonical_key(dotted: str, canonical: str | None) -> None:
    assert canonical_key(dotted) == canonical


@pytest.mark.parametrize("key", keys(TIMEOUT) + keys(SETTING), ids=lambda key: f"{key.group}:{key.name}")
def test_every_row_is_sound(key: Key) -> None:
    assert canonical_key(sysctl_name(key, NF) or "") == f"{key.group}:{key.name}"
    assert (proc_path(key, NF) or "").startswith("/proc/sys/net/netfilter/nf_conntrack_")
    assert (proc_path(key, IP) is None) == (key.ip is None)
    assert list(key.defaults) == sorted(key.defaults, key=lambda row: row[0])
    assert key.low < key.high
    assert key.group == SETTING or (key.low, key.high, key.unit) == (1, LONGEST_SECONDS, "s")
    assert key.last is None or key.first <= key.last


def test_paths_of_the_sizes() -> None:
    assert MAX_PATHS[NF] == ("/proc/sys/net/netfilter/nf_conntrack_max", "/proc/sys/net/nf_conntrack_max")
    assert MAX_PATHS[IP][0] == "/proc/sys/net/ipv4/ip_conntrack_max"
    assert BUCKETS_PATHS[NF] == ("/proc/sys/net/netfilter/nf_conntrack_buckets",)
    assert COUNT_PATHS[IP] == ("/proc/sys/net/ipv4/netfilter/ip_conntrack_count",)
