# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A late load of the module: what its hooks and udev rules apply, and what keeps it out."""

from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.simulate import DEFAULT
from ansible_collections.stateward.conntrack.tests.support.boots import (
    CONF,
    CT,
    DROP_IN,
    ESTABLISHED,
    ETC,
    MAX,
    SET,
    simulator,
)

LOAD_IT = "/sbin/modprobe --ignore-install nf_conntrack $CMDLINE_OPTS"
FIREWALLD = f"{LOAD_IT} && sysctl --quiet --pattern 'net[.]netfilter[.]nf_conntrack.*' --system"
HOOKS: list[tuple[str, str, str, int | None]] = [
    # host, hook, settings, max that is left, None for the default
    ("debian12", "", f"{MAX} = 5\n", None),
    ("debian12", FIREWALLD, f"{MAX} = 5\n", 5),
    ("debian12", FIREWALLD, "net/netfilter/nf_conntrack_max = 5\n", None),
    ("debian12", FIREWALLD, "net.nf_conntrack_max = 5\n", None),
    ("debian12", f"{LOAD_IT}; sysctl --system", "net.nf_conntrack_max = 5\n", 5),
    ("debian12", f"{LOAD_IT}; sysctl -p {DROP_IN}", "net.nf_conntrack_max = 5\n", 5),
    ("debian12", f"{LOAD_IT}; sysctl -p /etc/none.conf", f"{MAX} = 5\n", None),
    ("debian12", f"{LOAD_IT}; sysctl -w {MAX}=7", f"{MAX} = 5\n", 7),
    ("debian12", f"{LOAD_IT}; /lib/systemd/systemd-sysctl --prefix=/net/netfilter", f"{MAX} = 5\n", 5),
    ("debian12", f"{LOAD_IT}; /lib/systemd/systemd-sysctl --prefix=/proc/sys/net", f"{MAX} = 5\n", None),
    ("debian12", f"{LOAD_IT}; /lib/systemd/systemd-sysctl --prefix=/net/netfilter", "net.nf_conntrack_max = 5\n", None),
    ("el8-firewalld", f"{LOAD_IT}; /lib/systemd/systemd-sysctl --prefix=/proc/sys/net", f"{MAX} = 5\n", 5),
    ("alpine", f"{LOAD_IT}; sysctl -p {DROP_IN}", f"{MAX} = 5\n", None),
]


@pytest.mark.parametrize(("host", "hook", "settings", "left"), HOOKS)
def test_late_load(host: str, hook: str, settings: str, left: int | None) -> None:
    line = f"install nf_conntrack {hook}\n" if hook else ""
    kernel = simulator(host, {f"{ETC}/a.conf": line, DROP_IN: settings}).late_load()
    assert (kernel.values["max"] if kernel.sources["max"] != DEFAULT else None) == left
    assert kernel.loaded_by == "a late load"


def test_a_hook_writes_buckets() -> None:
    hook = f"install nf_conntrack {LOAD_IT}; echo 1000 > /sys/module/nf_conntrack/parameters/hashsize; sysctl a.b=1\n"
    assert simulator("debian12", {f"{ETC}/a.conf": hook}).late_load().values["hashsize"] == 1024


def test_a_hook_applies_only_our_block() -> None:
    conf = f"{MAX} = 4\n# BEGIN stateward.conntrack\n{ESTABLISHED} = 600\n# END stateward.conntrack\n"
    line = f"install nf_conntrack {LOAD_IT} && sed -n '/BEGIN stateward.conntrack/,/END/p' {CONF} | sysctl -e -p -\n"
    kernel = simulator("debian12", {CONF: conf, f"{ETC}/a.conf": line}).late_load()
    assert (kernel.sources["max"], kernel.values["timeout:tcp_established"]) == (DEFAULT, 600)


@pytest.mark.parametrize(
    "text",
    ["install nf_conntrack /bin/true\n", "options nf_conntrack hashsize = 5\n", "options nf_conntrack hashsize=x\n"],
)
def test_what_keeps_the_module_out(text: str) -> None:
    target = simulator("debian12", CT, SET, {f"{ETC}/a.conf": text})
    for kernel in (target.boot(), target.late_load(), target.firewall_restart({})):
        assert (kernel.loaded, kernel.values) == (False, {})
        assert any(f"{ETC}/a.conf:1" in note for note in kernel.notes)


RULE = {
    "/etc/udev/rules.d/50-x.rules": 'ACTION=="add", SUBSYSTEM=="module", KERNEL=="nf_conntrack", '
    'RUN+="/lib/systemd/systemd-sysctl --prefix=/net/netfilter --prefix=/net/nf_conntrack_max"\n'
}


def test_udev_rule() -> None:
    assert simulator("debian12", SET, RULE).late_load().values["max"] == 5
    early = simulator("debian11", SET, RULE).late_load()
    assert early.sources["max"] == DEFAULT
    assert any("50-x.rules: before Linux 5.11" in note for note in early.notes)
    assert simulator("builtin", RULE).late_load().sources["max"] == DEFAULT
