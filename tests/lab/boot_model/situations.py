# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The situations: what is laid down on a host before it boots. Named ones first, then as many as wanted from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

PRELOAD = "/etc/modules-load.d/lab.conf"
OPTIONS = "/etc/modprobe.d/lab.conf"
HOOK = "/etc/modprobe.d/lab-hook.conf"
EARLY, LATE, VENDOR = "/etc/sysctl.d/10-lab.conf", "/etc/sysctl.d/99-zz-lab.conf", "/usr/lib/sysctl.d/60-lab.conf"
CONF = "/etc/sysctl.conf"
ODD_NAME = "/etc/sysctl.d/lab.cfg"
ETC_MODULES = "/etc/modules"
MASKING = "/etc/sysctl.d/60-lab.conf"

# Every path that a situation may lay down: what a host had there at first is put back before the next one.
PATHS = (PRELOAD, OPTIONS, HOOK, EARLY, LATE, VENDOR, CONF, ODD_NAME, ETC_MODULES, MASKING)

MAX, BUCKETS = "net.netfilter.nf_conntrack_max", "net.netfilter.nf_conntrack_buckets"
ESTABLISHED, UDP = "net.netfilter.nf_conntrack_tcp_timeout_established", "net.netfilter.nf_conntrack_udp_timeout"
GENERIC = "net.netfilter.nf_conntrack_generic_timeout"
HOOK_TO_OUR_FILE = (
    "install nf_conntrack /sbin/modprobe --ignore-install nf_conntrack $CMDLINE_OPTS"
    " && { /sbin/sysctl -e -p /etc/sysctl.d/10-lab.conf >/dev/null 2>&1 || :; }\n"
)
HOOK_TO_SYSTEM = (
    "install nf_conntrack /sbin/modprobe --ignore-install nf_conntrack $CMDLINE_OPTS"
    " && /sbin/sysctl --quiet --pattern 'net[.]netfilter[.]nf_conntrack.*' --system >/dev/null 2>&1 || :\n"
)


@dataclass(frozen=True)
class Situation:
    """files: path to text. append: words for the kernel command line."""

    name: str
    files: Mapping[str, str] = field(default_factory=dict)
    append: str = ""


def named() -> tuple[Situation, ...]:
    """The traps that administrators fall into, one each."""
    preload = {PRELOAD: "nf_conntrack\n"}
    return (
        Situation("nothing at all"),
        Situation("sysctl without preload", {EARLY: f"{MAX} = 50000\n{ESTABLISHED} = 3600\n"}),
        Situation("sysctl with preload", {**preload, EARLY: f"{MAX} = 50000\n{BUCKETS} = 5000\n{UDP} = 45\n"}),
        Situation("hashsize alone", {**preload, OPTIONS: "options nf_conntrack hashsize=5000\n"}),
        Situation(
            "hashsize and late sysctl", {OPTIONS: "options nf_conntrack hashsize=6000\n", EARLY: f"{MAX} = 6000\n"}
        ),
        Situation("hook to a file", {HOOK: HOOK_TO_OUR_FILE, EARLY: f"{MAX} = 40000\n{GENERIC} = 300\n"}),
        Situation("hook to the system", {HOOK: HOOK_TO_SYSTEM, EARLY: f"net.nf_conntrack_max = 41000\n{UDP} = 41\n"}),
        Situation("last name wins", {**preload, EARLY: f"{MAX} = 50000\n", LATE: f"{MAX} = 60000\n"}),
        Situation(
            "sysctl.conf against a late drop-in", {**preload, LATE: f"{MAX} = 60000\n", CONF: f"{MAX} = 70000\n"}
        ),
        Situation("sysctl.conf alone", {**preload, CONF: f"{MAX} = 70000\n{UDP} = 50\n"}),
        Situation("vendor file", {**preload, VENDOR: f"{MAX} = 33000\n", EARLY: f"{MAX} = 34000\n"}),
        Situation("masked vendor file", {**preload, VENDOR: f"{MAX} = 33000\n{UDP} = 33\n", MASKING: ""}),
        Situation(
            "slash form and alias",
            {**preload, EARLY: "net/netfilter/nf_conntrack_udp_timeout = 55\nnet.nf_conntrack_max = 43000\n"},
        ),
        Situation("dash and glob", {**preload, EARLY: f"-{UDP} = 56\nnet.netfilter.nf_conntrack_gen* = 200\n"}),
        Situation("a name that no reader takes", {**preload, ODD_NAME: f"{MAX} = 45000\n"}),
        Situation("refused value", {**preload, EARLY: f"{MAX} = 50000\n", LATE: f"{MAX} = many\n{UDP} = 57\n"}),
        Situation("spaces around the equals sign", {**preload, OPTIONS: "options nf_conntrack hashsize = 5000\n"}),
        Situation("a hook that loads nothing", {**preload, HOOK: "install nf_conntrack /bin/true\n"}),
        Situation("blacklisted", {**preload, HOOK: "blacklist nf_conntrack\n", EARLY: f"{MAX} = 50000\n"}),
        Situation("preload with an argument", {PRELOAD: "nf_conntrack hashsize=5000\n", EARLY: f"{MAX} = 50000\n"}),
        Situation(
            "kernel argument",
            {**preload, OPTIONS: "options nf_conntrack hashsize=5000\n"},
            "nf_conntrack.hashsize=9000",
        ),
        Situation("module by kernel argument", {EARLY: f"{MAX} = 47000\n"}, "modules_load=nf_conntrack"),
        Situation("/etc/modules", {ETC_MODULES: "nf_conntrack\n", EARLY: f"{MAX} = 48000\n"}),
        Situation("a module that needs it", {PRELOAD: "xt_conntrack\n", EARLY: f"{MAX} = 49000\n"}),
    )


def generated(seed: int) -> Iterator[Situation]:
    """Endless situations; the same seed gives the same ones."""
    dice = random.Random(seed)
    number = 0
    while True:
        number += 1
        files = {path: text for path, chance in _CHANCES if dice.random() < chance for text in [_text(dice, path)]}
        append = f"nf_conntrack.hashsize={dice.choice(_SIZES)}" if dice.random() < 0.1 else ""
        yield Situation(f"generated {seed}.{number}", files, append)


_SIZES = (513, 2048, 5000, 7777, 16384, 30000)
_CHANCES = (
    (PRELOAD, 0.5),
    (OPTIONS, 0.4),
    (HOOK, 0.25),
    (EARLY, 0.7),
    (LATE, 0.4),
    (VENDOR, 0.3),
    (CONF, 0.3),
    (MASKING, 0.1),
)
_KEYS = (MAX, MAX, "net.nf_conntrack_max", "net/netfilter/nf_conntrack_max", BUCKETS, ESTABLISHED, UDP, GENERIC)


def _text(dice: random.Random, path: str) -> str:
    if path == PRELOAD:
        return dice.choice(("nf_conntrack\n", "xt_conntrack\n", "# nf_conntrack\n", "loop\nnf_conntrack\n"))
    if path == OPTIONS:
        first = f"options nf_conntrack hashsize={dice.choice(_SIZES)}\n"
        return first + (f"options nf-conntrack hashsize={dice.choice(_SIZES)}\n" if dice.random() < 0.3 else "")
    if path == HOOK:
        return dice.choice((HOOK_TO_OUR_FILE, HOOK_TO_SYSTEM))
    lines = [_line(dice) for _number in range(dice.randint(1, 4))]
    return "".join(lines)


def _line(dice: random.Random) -> str:
    key = dice.choice(_KEYS)
    value = dice.choice(_SIZES) if ("max" in key or "buckets" in key) else dice.randint(20, 90000)
    prefix = "-" if dice.random() < 0.1 else ""
    return dice.choice(
        (
            f"{prefix}{key} = {value}\n",
            f"{prefix}{key}={value}\n",
            f"  {key} = {value}\n",
            f"# {key} = 1\n{key}={value}\n",
        )
    )
