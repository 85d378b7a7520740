# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._parse import proc
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MemTotal:        1018540 kB\nMemFree: 5 kB\n", 1018540 * 1024),
        # 2.4 has a table in bytes before the lines.
        ("        total:    used:\nMem:  525484032 1\nMemTotal:       513168 kB\n", 513168 * 1024),
        ("MemTotal: 0 kB", 0),
        ("XMemTotal: 5 kB", None),
        ("MemTotal: many kB", None),
        ("", None),
    ],
)
def test_memory_bytes(text, expected):
    assert proc.memory_bytes(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cpu  1 2 3\ncpu0 1 2 3\ncpu1 1 2 3\nintr 5\n", 2),
        ("cpu  1 2 3\ncpu0 1 2 3\n", 1),
        ("cpu  1 2 3\n" + "".join(f"cpu{n} 0\n" for n in range(0, 128, 2)), 64),
        ("", 1),
    ],
)
def test_cpu_count(text, expected):
    assert proc.cpu_count(text) == expected


def test_loaded_modules():
    text = "nf_conntrack 172032 2 nf_nat,xt_conntrack, Live 0x0000000000000000\nsnd-pcm 1 0 -\n\n"
    assert proc.loaded_modules(text) == {"nf_conntrack", "snd_pcm"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nf_conntrack         960    960    256   16    1 : tunables    0    0    0", 256),
        ("ip_conntrack           4     26    304   13    1 : tunables   54   27    8", 304),
        ("nf_conntrack_ffffffff81b18540    10 20  312 13 1 : tunables", 312),
        ("nf_conntrack_1  10 20  312 1\nnf_conntrack_2  10 20  320 1\n", 320),
        ("nf_conntrack_expect      0      0    208   19    1", None),
        ("ip_conntrack_expect  0 0 136 1\nnf_conntrack 0 0 256 1", 256),
        ("# name <active_objs> <num_objs> <objsize>\n", None),
        ("", None),
    ],
)
def test_slab_object_bytes(text, expected):
    assert proc.slab_object_bytes(text) == expected


def test_os_release():
    text = 'NAME="Debian GNU/Linux"\nID=debian\n# ID=x\nVERSION_ID=\'12\'\r\nEMPTY=\nID_LIKE="a b" # c\n\nnonsense\n'
    assert proc.os_release(text) == {
        "NAME": "Debian GNU/Linux",
        "ID": "debian",
        "VERSION_ID": "12",
        "EMPTY": "",
        "ID_LIKE": "a b",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kernel/net/netfilter/nf_conntrack.ko: kernel/net/ipv4/netfilter/nf_defrag_ipv4.ko\n", {"nf_conntrack"}),
        (
            "kernel/net/netfilter/nf_conntrack.ko.xz: a/b.ko.xz\nkernel/c-d.ko.gz:\nkernel/e.ko.zst:",
            {"nf_conntrack", "c_d", "e"},
        ),
        ("kernel/net/netfilter/nf_conntrack.ko\nkernel/x.ko\r\n", {"nf_conntrack", "x"}),
        ("/lib/modules/2.6.18/kernel/ip_conntrack.ko: /lib/modules/nfnetlink.ko\n", {"ip_conntrack"}),
        ("/lib/modules/2.4.21/kernel/ip_nat.o: \\\n\t/lib/modules/2.4.21/kernel/ip_conntrack.o\n", {"ip_nat"}),
        ("nf_conntrack.ko:\n# c\n\nREADME\n", {"nf_conntrack"}),
        ("", set()),
    ],
)
def test_module_names(text, expected):
    assert proc.module_names(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("262144\n", 262144),
        ("0\n", 0),
        ("-1\n", -1),
        (" 7 ", 7),
        ("0x10\n", None),
        ("1 2\n", None),
        ("1_000", None),
        ("\u0665", None),
        ("", None),
        (None, None),
    ],
)
def test_int_value(text, expected):
    assert proc.int_value(text) == expected


@given(st.integers(-(2**31), 2**63))
@settings(max_examples=50, deadline=None)
def test_every_number_is_read_back(number):
    assert proc.int_value(f"{number}\n") == number
