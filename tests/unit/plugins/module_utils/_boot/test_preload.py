# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which line makes the boot load the module, per system."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._boot import preload
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import observe
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host

LOAD, MODULES = "/etc/modules-load.d/x.conf", "/etc/modules"
SCRIPT = "/etc/sysconfig/modules/x.modules"
NF, IPV4 = "nf_conntrack", "nf_conntrack_ipv4"
CT = "nf_conntrack\n"
MODULES_DEP = "/lib/modules/6.1.0-18-amd64/modules.dep"
XT_DEP = "kernel/net/netfilter/xt_conntrack.ko: kernel/net/netfilter/nf_conntrack.ko kernel/lib/crc32c.ko\n"


def preloaded(host: str, files: dict[str, Any], module: str = "", blacklist: tuple[str, ...] = ()) -> str:
    snapshot = load_host(host, files)
    observed = observe(snapshot)
    modules_dep = snapshot.text(f"/lib/modules/{observed.release}/modules.dep") or ""
    row = observed.platform.boot
    return preload.where(preload.preloaded(row, snapshot, module or observed.dialect, modules_dep, blacklist))


def executable(text: str) -> dict[str, str]:
    return {"text": text, "mode": "0755"}


PLACES: list[tuple[str, dict[str, Any], str]] = [
    ("debian12", {}, ""),
    ("debian12", {LOAD: "# comment\n; another\nnf-conntrack\n"}, f"{LOAD}:3"),
    ("debian12", {LOAD: "nf_conntrack hashsize=5\n"}, ""),  # the whole line is the name
    ("debian12", {LOAD: "xt_conntrack\n", MODULES_DEP: XT_DEP}, f"{LOAD}:1"),  # needs it
    ("debian12", {LOAD: "ip_conntrack\n"}, f"{LOAD}:1"),  # an alias
    ("debian12", {LOAD: "nf_nat_x\nloop\n"}, ""),
    ("debian12", {LOAD.replace(".conf", ""): CT}, ""),
    ("debian12", {LOAD: "", "/usr/lib/modules-load.d/x.conf": CT}, ""),
    ("debian12", {"/usr/lib/modules-load.d/y.conf": CT}, "/usr/lib/modules-load.d/y.conf:1"),
    ("debian12", {MODULES: CT}, f"{MODULES}:1"),  # through the link modules.conf
    ("ubuntu2604", {MODULES: CT, "/etc/modules-load.d/modules.conf": None}, ""),  # without it
    ("debian12", {"/proc/cmdline": "modules-load=loop,nf_conntrack\n"}, "kernel command line"),
    ("debian12", {LOAD: {"link": "/srv/x"}, "/srv/x": "loop\nnf_conntrack\n"}, "/srv/x:2"),
    ("debian12", {LOAD: "loop\x0bx\n\x85\nnf_conntrack\n"}, f"{LOAD}:3"),
    ("debian12-sysvinit", {LOAD: "nf_conntrack hashsize=5\n"}, f"{LOAD}:1"),
    ("debian12-sysvinit", {MODULES: CT}, f"{MODULES}:1"),
    ("debian7", {MODULES: CT}, f"{MODULES}:1"),
    ("ubuntu1404", {MODULES: "nf_conntrack hashsize=5\n"}, f"{MODULES}:1"),
    ("alpine", {MODULES: "loop\nnf_conntrack hashsize=5\n"}, f"{MODULES}:2"),
    ("alpine", {"/usr/lib/modules-load.d/a.conf": CT}, "/usr/lib/modules-load.d/a.conf:1"),
    ("void", {LOAD: CT}, f"{LOAD}:1"),
    ("el5", {SCRIPT: executable("#!/bin/sh\nmodprobe ip_conntrack\n")}, f"{SCRIPT}:2"),
    ("el5", {SCRIPT: "#!/bin/sh\nmodprobe ip_conntrack\n"}, ""),  # without the x bit
    ("el6", {"/etc/rc.modules": executable("modprobe xt_state || modprobe nf_conntrack\n")}, "/etc/rc.modules:1"),
    ("el6", {"/etc/rc.modules": "modprobe nf_conntrack\n"}, ""),
    ("el7", {SCRIPT: executable("modprobe nf_conntrack\n")}, ""),  # not ordered before the sysctl step
    ("el7", {LOAD: CT}, f"{LOAD}:1"),
    ("sles11", {"/etc/sysconfig/kernel": 'MODULES_LOADED_ON_BOOT="loop nf_conntrack"\n'}, "/etc/sysconfig/kernel:1"),
    ("gentoo", {"/etc/conf.d/modules": 'modules="nf_conntrack"\n'}, "/etc/conf.d/modules:1"),
    ("gentoo", {LOAD: CT}, f"{LOAD}:1"),
    ("openwrt", {}, "/etc/modules.d/nf-conntrack:1"),
    ("openwrt", {"/etc/modules.d/05-x": "nf_conntrack hashsize=5\n"}, "/etc/modules.d/05-x:1"),
    ("minimal", {LOAD: "loop\n"}, ""),
]


@pytest.mark.parametrize(("host", "files", "where"), PLACES)
def test_places(host: str, files: dict[str, Any], where: str) -> None:
    assert preloaded(host, files) == where


@pytest.mark.parametrize(
    ("host", "files", "where"),
    [
        ("debian12", {LOAD: CT}, ""),
        # as a dependency all the same
        ("debian12", {LOAD: "nf_conntrack\nxt_conntrack\n", MODULES_DEP: XT_DEP}, f"{LOAD}:2"),
        ("debian12-sysvinit", {LOAD: CT}, f"{LOAD}:1"),
        ("alpine", {LOAD: CT}, f"{LOAD}:1"),
    ],
)
def test_blacklist_counts_under_systemd(host: str, files: dict[str, Any], where: str) -> None:
    assert preloaded(host, files, blacklist=(NF,)) == where


@pytest.mark.parametrize(
    ("text", "core", "family"),
    [(CT, ":1", ""), (f"{IPV4}\n", ":1", ":1"), (f"{CT}{IPV4}\n", ":1", ":2"), ("ip_conntrack\n", ":1", ":1")],
)
def test_families_of_older_kernels(text: str, core: str, family: str) -> None:
    expected = tuple(LOAD + line if line else "" for line in (core, family))
    assert (preloaded("el7", {LOAD: text}), preloaded("el7", {LOAD: text}, IPV4)) == expected


DEP = "net/nf_conntrack.ko.xz: lib/x.ko\nnet/nf_conntrack_ipv4.ko.xz: net/nf_conntrack.ko.xz\n"


@pytest.mark.parametrize(
    ("version", "module", "expected"),
    [
        ((3, 10, 0), NF, (NF, IPV4)),
        ((4, 18, 0), NF, (NF, IPV4)),
        ((4, 19, 0), NF, (NF,)),
        ((2, 6, 18), "ip_conntrack", ("ip_conntrack",)),
    ],
)
def test_tracking_modules(version: tuple[int, ...], module: str, expected: tuple[str, ...]) -> None:
    assert preload.tracking_modules(DEP, module, version) == expected


def test_dependents() -> None:
    assert preload.dependents(DEP, NF) == {NF, IPV4}
    assert preload.dependents("", NF) == {NF}
