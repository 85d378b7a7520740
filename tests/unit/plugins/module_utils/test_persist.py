# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._desired import Skipped, find_desired
from ansible_collections.stateward.conntrack.plugins.module_utils._draft import Draft
from ansible_collections.stateward.conntrack.plugins.module_utils._manifest import MANIFEST
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import Observed, observe
from ansible_collections.stateward.conntrack.plugins.module_utils._options import parse_options
from ansible_collections.stateward.conntrack.plugins.module_utils._persist import persist
from ansible_collections.stateward.conntrack.plugins.module_utils._persist_base import Persisting, modules
from ansible_collections.stateward.conntrack.plugins.module_utils._ways import writes_values
from ansible_collections.stateward.conntrack.tests.support.fakehost import FakeHost
from ansible_collections.stateward.conntrack.tests.support.hosts import host_names, load_host

LATE = "/etc/modprobe.d/stateward-conntrack-late.conf"
SIZES = {"max": 20000, "hashsize": 8192, "profile": "none"}


def look(host: str, files: dict[str, object] | None = None, **facts: str) -> Observed:
    fake = FakeHost(load_host(host, files))
    fake.facts.update({name.replace("tool_", "tool:"): value for name, value in facts.items()})
    return observe(fake.read(MANIFEST))


def write(observed: Observed, *ways: str, **options: object) -> tuple[Draft, tuple[Skipped, ...]]:
    draft = Draft(observed.snapshot)
    desired = find_desired(parse_options({**SIZES, "persist": list(ways), **options}), observed)
    return draft, persist(frozenset(ways), Persisting(observed, desired, draft))


def hook_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("install ")]


DROP_IN = "-e -p /etc/sysctl.d/99-stateward-conntrack.conf >/dev/null 2>&1 || :; }"
BLOCK = (
    "sed -n '/BEGIN stateward.conntrack/,/END stateward.conntrack/p' /etc/sysctl.conf | /sbin/sysctl -e -p - "
    ">/dev/null 2>&1 || :; }"
)


@pytest.mark.parametrize(
    ("host", "lines"),
    [
        (
            "debian12",
            [
                "install nf_conntrack /sbin/modprobe --ignore-install nf_conntrack $CMDLINE_OPTS && "
                f"{{ /sbin/sysctl {DROP_IN}"
            ],
        ),
        # up to 4.18 the families bring most timeouts; 3.10.0-1160 is the first of EL7 to bear an option twice
        (
            "el7",
            [
                f"install {name} /usr/sbin/modprobe --ignore-install {name} $CMDLINE_OPTS && "
                f"{{ /usr/sbin/sysctl {DROP_IN}"
                for name in ("nf_conntrack", "nf_conntrack_ipv4", "nf_conntrack_ipv6")
            ],
        ),
        (
            "el7-iptables-services",
            [
                f"install {name} /usr/sbin/modprobe --ignore-install {name} && {{ /usr/sbin/sysctl {DROP_IN}"
                for name in ("nf_conntrack", "nf_conntrack_ipv4", "nf_conntrack_ipv6")
            ],
        ),
        (
            "el6-early",
            [
                f"install {name} /sbin/modprobe --ignore-install {name} && {{ {BLOCK}"
                for name in ("nf_conntrack", "nf_conntrack_ipv4", "nf_conntrack_ipv6")
            ],
        ),
    ],
)
def test_hook_lines(host: str, lines: list[str]) -> None:
    draft, skipped = write(look(host), "late_load")
    assert skipped == ()
    assert hook_lines(draft.raw(LATE)) == lines


def test_hook_in_the_one_file_of_el5() -> None:
    draft, _skipped = write(look("el5"), "late_load", "modprobe")
    line = f"install ip_conntrack /sbin/modprobe --ignore-install ip_conntrack && {{ {BLOCK}\n"
    block = f"# BEGIN stateward.conntrack\noptions ip_conntrack hashsize=8192\n{line}# END stateward.conntrack\n"
    assert draft.raw("/etc/modprobe.conf").endswith(block)


def test_tools_that_were_not_found_are_where_they_always_were() -> None:
    observed = look("debian12")
    facts = {name: value for name, value in observed.snapshot.facts.items() if not name.startswith("tool:")}
    fake = FakeHost(load_host("debian12"))
    fake.facts = facts
    draft, _skipped = write(observe(fake.read(MANIFEST)), "late_load")
    assert "/sbin/modprobe --ignore-install" in draft.raw(LATE)
    assert "{ /sbin/sysctl -e -p" in draft.raw(LATE)


HOOK = "install {0} /sbin/modprobe --ignore-install {0} $CMDLINE_OPTS; /bin/logger loaded\n"


@pytest.mark.parametrize(
    ("host", "foreign", "hooked", "reason"),
    [
        (
            "debian12",
            "install nf_conntrack /bin/true\n",
            [],
            "aa.conf:1 has an install line that keeps the module from",
        ),
        ("debian12", HOOK.format("nf_conntrack"), [], "aa.conf:1 has an install line that is run when the module"),
        ("el7", HOOK.format("nf_conntrack"), ["nf_conntrack_ipv4", "nf_conntrack_ipv6"], ""),
        ("el7", HOOK.format("nf_conntrack_ipv4"), ["nf_conntrack", "nf_conntrack_ipv6"], ""),
        ("el7", "install nf_conntrack /bin/false\n", [], "aa.conf:1 has an install line that keeps the module from"),
    ],
)
def test_foreign_install_lines(host: str, foreign: str, hooked: list[str], reason: str) -> None:
    draft, skipped = write(look(host, {"/etc/modprobe.d/aa.conf": foreign}), "late_load")
    assert [line.split()[1] for line in hook_lines(draft.raw(LATE))] == hooked
    assert [item.name for item in skipped] == (["late_load"] if reason else [])
    assert all(reason in item.reason for item in skipped)


def test_our_own_hook_is_no_foreign_one() -> None:
    observed = look("debian12", {LATE: "# anything\n" + HOOK.format("nf_conntrack")})
    draft, skipped = write(observed, "late_load")
    assert skipped == ()
    assert "logger" not in draft.raw(LATE)


@pytest.mark.parametrize(
    ("release", "refused"),
    [
        ("3.10.0-957.el7.x86_64", True),
        ("3.10.0-1160.el7.x86_64", False),
        ("3.16.0-4-amd64", True),
        ("4.4.0-210-generic", False),
    ],
)
def test_option_beside_a_hook_that_hands_it_on_twice(release: str, refused: bool) -> None:
    files = {"/etc/modprobe.d/firewalld-sysctls.conf": HOOK.format("nf_conntrack")}
    draft, skipped = write(look("el7", files, release=release), "modprobe")
    assert bool(draft.raw("/etc/modprobe.d/stateward-conntrack.conf")) is not refused
    assert [item.reason.split(" hands")[0] for item in skipped] == (
        ["/etc/modprobe.d/firewalld-sysctls.conf:1"] if refused else []
    )


@pytest.mark.parametrize("present", ["alias eth0 e1000\n", "alias eth0 e1000", "alias eth0 e1000\r\n", ""])
def test_both_lines_share_the_block_of_modprobe_conf(present: str) -> None:
    """Whatever the ends of its lines, and in whichever runs they come."""
    observed = look("el5", {"/etc/modprobe.conf": present})
    both, _skipped = write(observed, "modprobe", "late_load")
    text = both.raw("/etc/modprobe.conf")
    assert [line.split()[:2] for line in text.splitlines() if "ip_conntrack" in line] == [
        ["options", "ip_conntrack"],
        ["install", "ip_conntrack"],
    ]
    for way in ("modprobe", "late_load"):
        again, _skipped = write(look("el5", {"/etc/modprobe.conf": text}), way)
        assert again.raw("/etc/modprobe.conf") == text


@pytest.mark.parametrize(
    ("ways", "expected"),
    [
        ((), False),
        (("preload",), False),
        (("iptables_unload", "preload"), False),
        (("sysctl",), True),
        (("modprobe",), True),
        (("late_load", "preload"), True),
    ],
)
def test_which_ways_bring_the_values(ways: tuple[str, ...], expected: bool) -> None:
    assert writes_values(frozenset(ways)) is expected


@pytest.mark.parametrize("host", sorted(set(host_names()) - {"minimal"}))
@pytest.mark.parametrize("way", ["modprobe", "late_load"])
def test_no_option_and_no_hook_without_max_in_a_sysctl_file(host: str, way: str) -> None:
    observed = look(host)
    draft, _skipped = write(observed, way)
    written = [item.target for item in draft.operations() if "modprobe" in item.target or "modules" in item.target]
    if written:
        assert "conntrack_max = 20000\n" in draft.raw(observed.platform.boot.sysctl_path)


def test_lines_stay_short_for_old_readers() -> None:
    draft, _skipped = write(look("el5"), "sysctl", "preload")
    ours = [item.after or "" for item in draft.operations() if "stateward" in item.target or "sysctl" in item.target]
    assert ours
    assert max(len(line) for text in ours for line in text.splitlines()) < 255


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("el5", ("ip_conntrack",)),
        ("el6", ("nf_conntrack", "nf_conntrack_ipv4", "nf_conntrack_ipv6")),
        ("debian12", ("nf_conntrack",)),
        ("alpine-old", ("nf_conntrack",)),
    ],
)
def test_modules(host: str, names: tuple[str, ...]) -> None:
    assert modules(look(host)) == names


def test_variable_with_words_of_others() -> None:
    observed = look("sles11", {"/etc/sysconfig/kernel": 'MODULES_LOADED_ON_BOOT="loop nf_conntrack"\n'})
    draft, _skipped = write(observed, "preload")
    wanted = 'MODULES_LOADED_ON_BOOT="loop nf_conntrack nf_conntrack_ipv4 nf_conntrack_ipv6"\n'
    assert draft.raw("/etc/sysconfig/kernel") == wanted


def test_openwrt_keeps_the_option_in_its_list() -> None:
    observed = look("openwrt", {"/etc/modules.d/05-stateward-conntrack": "nf_conntrack hashsize=4096\n"})
    draft, _skipped = write(observed, "preload")
    assert draft.operations() == ()


def test_unknown_init_has_nothing_that_would_read_a_list() -> None:
    files = {"/run/systemd/system": None, "/usr/sbin/init": None, "/proc/1/comm": "sh\n", "/etc/init.d/procps": None}
    _draft, skipped = write(look("debian12", files), "preload")
    assert [(item.name, "no init system" in item.reason) for item in skipped] == [("preload", True)]
