# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.kubeproxy import (
    KEYS,
    Item,
    duration_seconds,
    parse_kubeproxy,
)
from hypothesis import given, settings
from hypothesis import strategies as st

PLAIN = """apiVersion: kubeproxy.config.k8s.io/v1alpha1
bindAddress: 0.0.0.0
conntrack:
  maxPerCore: 32768   # per core
  # min: 1
  min: "131072"

  tcpCloseWaitTimeout: 1h0m0s
  tcpEstablishedTimeout: null
  nested:
    min: 7
  tcpBeLiberal: true
kind: KubeProxyConfiguration
min: 5
"""
CONFIG_MAP = """data:
  config.conf: |-
    conntrack:
      maxPerCore: 0
    mode: ipvs
  min: 5
"""


def test_yaml():
    assert parse_kubeproxy(PLAIN, "f") == (
        Item("maxPerCore", "32768", "f", 4),
        Item("min", "131072", "f", 6),
        Item("tcpCloseWaitTimeout", "1h0m0s", "f", 8),
        Item("tcpBeLiberal", "true", "f", 12),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CONFIG_MAP, [("maxPerCore", "0", 4)]),
        (PLAIN[:60].replace("\n", "\r\n") + "\r\nconntrack:\r\n  min: 1\r\n", [("min", "1", 4)]),
        ("conntrack: {min: 1, maxPerCore: '2'}\n", [("min", "1", 1), ("maxPerCore", "2", 1)]),
        ("conntrack: {}\nmin: 1\n", []),
        ("conntrack: null\n  min: 1\n", []),
        ("conntrack:\nmin: 1\n", []),
        ("conntrack:\n  min:\n  maxPerCore: ~\n  unknown: 1\n", []),
        ('"conntrack":\n  "min": 1\n', [("min", "1", 2)]),
        ("conntrack:\n  min: 1\n---\nconntrack:\n    min: 2\n", [("min", "1", 2), ("min", "2", 5)]),
        ("conntrack:\n  min: 1\nconntrack:\n  - min\n", [("min", "1", 2)]),
        ("{{ template }}\nconntrack:\n  min: 1\n", [("min", "1", 3)]),
        ("myconntrack:\n  min: 1\n", []),
        ("", []),
    ],
)
def test_yaml_shapes(text, expected):
    assert [(item.key, item.value, item.line) for item in parse_kubeproxy(text, "f")] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"min": 9,\n "conntrack": {\n  "maxPerCore": 0,\n  "min": 1}}', [("maxPerCore", "0", 3), ("min", "1", 4)]),
        (
            '{"conntrack": {"tcpBeLiberal": false, "udpTimeout": "30s"}}',
            [("tcpBeLiberal", "false", 1), ("udpTimeout", "30s", 1)],
        ),
        ('{"conntrack": {"min": null, "maxPerCore": [1]}}', []),
        ('{"conntrack": 5}', []),
        ('{"a": 5}', []),
        ("{", []),
        ('{"\\u0063onntrack": {"min": 1}}', [("min", "1", 1)]),
    ],
)
def test_json(text, expected):
    assert [(item.key, item.value, item.line) for item in parse_kubeproxy(text, "f")] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24h0m0s", 86400),
        ("1h", 3600),
        ("90s", 90),
        ("1.5h", 5400),
        (".5m", 30),
        ("1.s", 1),
        ("300ms", 0),
        ("1999ms", 1),
        ("2000000us", 2),
        ("2000000\u00b5s", 2),
        ("3000000000ns", 3),
        ("0", 0),
        ("0s", 0),
        ("-1m", -60),
        ("+1m", 60),
        (" 5m ", 300),
        ("5", None),
        ("", None),
        (".s", None),
        ("1d", None),
        ("h", None),
        ("1h ", 3600),
        ("1 h", None),
        ("99999999999999h", None),
    ],
)
def test_duration_seconds(text, expected):
    assert duration_seconds(text) == expected


@given(st.integers(0, 10**6), st.integers(0, 59), st.integers(0, 59))
@settings(max_examples=50, deadline=None)
def test_whole_durations(hours, minutes, seconds):
    assert duration_seconds(f"{hours}h{minutes}m{seconds}s") == hours * 3600 + minutes * 60 + seconds


@given(st.dictionaries(st.sampled_from(KEYS), st.integers(0, 10**6), max_size=7), st.integers(0, 4))
@settings(max_examples=50, deadline=None)
def test_yaml_and_json_say_the_same(values, depth):
    pad = " " * depth
    text = f"{pad}conntrack:\n" + "".join(f"{pad}  {key}: {value}\n" for key, value in values.items())
    expected = [(key, str(value)) for key, value in values.items()]
    assert [(item.key, item.value) for item in parse_kubeproxy(text, "f")] == expected
    document = json.dumps({"conntrack": values}, indent=depth)
    assert [(item.key, item.value) for item in parse_kubeproxy(document, "f")] == expected
