# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a file contains, no parser raises: any text, and any bytes decoded as a snapshot decodes them."""

from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.effect import effective
from ansible_collections.stateward.conntrack.plugins.module_utils._parse import (
    cmdline,
    kernelargs,
    kubeproxy,
    lines,
    modprobe,
    modules,
    proc,
    sections,
    shellvars,
    sysctl,
)
from hypothesis import given, settings
from hypothesis import strategies as st

NAME = "IPTABLES_MODULES_UNLOAD"
FRAGMENTS = st.sampled_from(
    [
        *"\n\r\t =\\\"'#;-/.*?[]{}:,$`()&|<>0",
        "\r\n",
        "\0",
        "\ufeff",
        "\u00a0",
        "net.netfilter.nf_conntrack_max",
        "options nf_conntrack hashsize",
        "install nf_conntrack ",
        "modprobe ",
        "for m in a b; do",
        "[sysctl]",
        "conntrack:",
        "  maxPerCore: ",
        '{"conntrack": ',
        "MemTotal: ",
        "nf_conntrack.hashsize=",
        " -- ",
        NAME + "=",
        "[z-a]",
        "9" * 30,
    ]
)
RAW = st.binary(max_size=60).map(lambda data: data.decode("utf-8", "surrogateescape"))
ANY_TEXT = st.one_of(st.text(max_size=60), RAW, st.lists(FRAGMENTS, max_size=30).map("".join))
OLD, NEW = sysctl.Syntax(dash="unknown", globs=False, line_limit=3), sysctl.Syntax()

PARSERS = {
    "sysctl": lambda text: effective(sysctl.parse_sysctl(text, "f", NEW), {"net.netfilter.x": "max"}),
    "sysctl-old": lambda text: effective(sysctl.parse_sysctl(text, "f", OLD), {text: "max"}),
    "normalize_key": sysctl.normalize_key,
    "kernel_int": sysctl.kernel_int,
    "modprobe": lambda text: [modprobe.malformed(line) for line in modprobe.parse_modprobe(text, "f")],
    "options": lambda text: modprobe.option_values(modprobe.parse_modprobe(text, "f"), "nf_conntrack", "hashsize"),
    "unsigned_int": kernelargs.unsigned_int,
    "modules": lambda text: modules.parse_modules(text, "f"),
    "modules_script": lambda text: modules.parse_modules_script(text, "f"),
    "module_list": modules.parse_module_list,
    "read_variable": lambda text: shellvars.read_variable(text, NAME),
    "set_variable": lambda text: shellvars.set_variable(text, NAME, "no"),
    "cmdline": lambda text: (cmdline.modules_to_load(text), cmdline.module_parameter(text, "a", "b")),
    "memory_bytes": proc.memory_bytes,
    "cpu_count": proc.cpu_count,
    "loaded_modules": proc.loaded_modules,
    "slab_object_bytes": proc.slab_object_bytes,
    "os_release": proc.os_release,
    "module_names": proc.module_names,
    "int_value": proc.int_value,
    "sections": sections.parse_sections,
    "kubeproxy": lambda text: kubeproxy.parse_kubeproxy(text, "f"),
    "duration_seconds": kubeproxy.duration_seconds,
    "blocks": lambda text: lines.remove_block(lines.replace_block(text, "a", "b", text), "a", "b"),
}


@pytest.mark.parametrize("parser", PARSERS.values(), ids=PARSERS.keys())
@given(text=ANY_TEXT)
@settings(max_examples=60, deadline=None)
def test_no_text_makes_a_parser_raise(parser, text):
    parser(text)


@pytest.mark.parametrize("parser", PARSERS.values(), ids=PARSERS.keys())
@pytest.mark.parametrize(
    "text", ["x" * 300_000, "a=" * 100_000, '"' * 100_000, "9" * 5_000, "[" * 5_000, "{" * 5_000, '{"a":' * 5_000]
)
def test_a_huge_text_is_no_trouble(parser, text):
    parser(text)


@given(text=ANY_TEXT)
@settings(max_examples=60, deadline=None)
def test_line_numbers_lie_in_the_text(text):
    total = text.count("\n") + 1
    found = [
        *sysctl.parse_sysctl(text, "f", NEW),
        *sysctl.parse_sysctl(text, "f", OLD),
        *modprobe.parse_modprobe(text, "f"),
        *modules.parse_modules(text, "f"),
        *modules.parse_modules_script(text, "f"),
        *sections.parse_sections(text),
        *kubeproxy.parse_kubeproxy(text, "f"),
    ]
    assert all(1 <= item.line <= total for item in found)
