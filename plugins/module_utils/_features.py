# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Features of a host that decide which platform rows fit: what its files show, not what its version number suggests."""

from __future__ import annotations

import posixpath
import re
from typing import Callable, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._model import Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.proc import os_release

RC_SYSINIT = "/etc/rc.d/rc.sysinit"
FUNCTIONS = "/etc/rc.d/init.d/functions"
FIREWALL_SCRIPTS = (
    "/etc/rc.d/init.d/iptables",
    "/etc/rc.d/init.d/ip6tables",
    "/usr/libexec/iptables/iptables.init",
    "/usr/libexec/iptables/ip6tables.init",
)
_RED_HAT_IDS = {"rhel", "centos", "fedora", "rocky", "almalinux", "ol", "amzn", "scientific"}
_SHARED_LIBRARIES = (
    "/usr/lib/systemd/libsystemd-shared-*",
    "/lib/systemd/libsystemd-shared-*",
    "/usr/lib/*/systemd/libsystemd-shared-*",
    "/usr/lib64/systemd/libsystemd-shared-*",
    "/lib64/systemd/libsystemd-shared-*",
)


def distribution_id(snapshot: Snapshot) -> str:
    """The ID of os-release, or what older releases say in a file of their own; empty when nothing says."""
    named = os_release(snapshot.text("/etc/os-release") or "").get("ID", "")
    if named:
        return named
    for path, name in _RELEASE_FILES.items():
        if snapshot.exists(path):
            return name
    return ""


_RELEASE_FILES = {
    "/etc/openwrt_release": "openwrt",
    "/etc/alpine-release": "alpine",
    "/etc/redhat-release": "rhel",
    "/etc/system-release": "amzn",
    "/etc/SuSE-release": "sles",
    "/etc/debian_version": "debian",
    "/etc/NIXOS": "nixos",
}


def distribution_name(snapshot: Snapshot) -> str:
    """What the host calls itself, for people: the pretty name, else the first line of its release file, else the ID."""
    pretty = os_release(snapshot.text("/etc/os-release") or "").get("PRETTY_NAME", "")
    if pretty:
        return pretty
    for path in ("/etc/redhat-release", "/etc/system-release", "/etc/SuSE-release"):
        lines = (snapshot.text(path) or "").splitlines()
        if lines and lines[0].strip():
            return lines[0].strip()
    version = (snapshot.text("/etc/debian_version") or snapshot.text("/etc/alpine-release") or "").strip()
    return f"{distribution_id(snapshot)} {version}".strip() or "unknown"


def systemd_version(snapshot: Snapshot) -> int | None:
    """The release number in the name of systemd's shared library.

    None where it has none (before 230), where it is elsewhere (NixOS), or where there is no systemd.
    """
    for pattern in _SHARED_LIBRARIES:
        for entry in snapshot.glob(pattern):
            match = re.search(r"libsystemd-shared-(\d+)", posixpath.basename(entry.path))
            if match:
                return int(match.group(1))
    return None


def init_process(snapshot: Snapshot) -> str:
    """The name of process 1; empty when unreadable (kernels before 2.6.33 have no comm)."""
    return (snapshot.text("/proc/1/comm") or "").strip()


def _real(snapshot: Snapshot, path: str) -> str:
    entry = snapshot.get(path)
    return (entry.real or entry.path) if entry else ""


def init_name(snapshot: Snapshot) -> str:
    """systemd, openrc, upstart, sysv, runit, procd or unknown: what runs, else what /sbin/init would start."""
    running = {"systemd": "systemd", "procd": "procd", "runit": "runit", "openrc-init": "openrc"}
    if snapshot.exists("/run/systemd/system"):
        return "systemd"
    if init_process(snapshot) in running:
        return running[init_process(snapshot)]
    if snapshot.exists("/run/openrc") or snapshot.exists("/sbin/openrc"):
        return "openrc"
    installed = posixpath.basename(_real(snapshot, "/sbin/init"))
    return _INSTALLED.get(installed, "unknown") if installed != "init" else _sysv_or_upstart(snapshot)


_INSTALLED = {"systemd": "systemd", "runit-init": "runit", "openrc-init": "openrc", "procd": "procd", "busybox": "sysv"}


def _sysv_or_upstart(snapshot: Snapshot) -> str:
    upstart = snapshot.exists("/etc/init/rcS.conf") or snapshot.exists("/etc/init/procps.conf")
    return "upstart" if upstart else "sysv"


def assumed_init(snapshot: Snapshot) -> str:
    """A sentence when process 1 is not the init system that the boot is predicted for; empty when it is."""
    comm, name = init_process(snapshot), init_name(snapshot)
    known = {"systemd", "init", "runit", "procd", "openrc-init", "linuxrc", ""}
    if comm in known or name == "unknown":
        return ""
    return f"process 1 is {comm!r}, no init system: predicted for a boot with /sbin/init ({name})"


def is_red_hat(snapshot: Snapshot) -> bool:
    release = os_release(snapshot.text("/etc/os-release") or "")
    words = {release.get("ID", ""), *release.get("ID_LIKE", "").split()}
    return bool(words & _RED_HAT_IDS) or snapshot.exists("/etc/redhat-release")


def _says(snapshot: Snapshot, path: str, word: str) -> bool:
    return word in (snapshot.text(path) or "")


def _firewall_rereads_conf(snapshot: Snapshot) -> bool:
    """Whether an iptables script re-applies sysctls after a start, and from /etc/sysctl.conf alone."""
    texts = [snapshot.text(path) or "" for path in FIREWALL_SCRIPTS]
    return any("_SYSCTL_LOAD_LIST" in text and "sysctl.d" not in text for text in texts)


def _alpine_version(snapshot: Snapshot) -> tuple[int, int]:
    match = re.match(r"(\d+)\.(\d+)", snapshot.text("/etc/alpine-release") or "")
    return (int(match.group(1)), int(match.group(2))) if match else (99, 0)


def _kmod_before_procps(snapshot: Snapshot) -> bool:
    """Scripts of one number run in parallel: only a smaller one is sure to come before."""
    names = [posixpath.basename(entry.path) for entry in snapshot.glob("/etc/rcS.d/S*")]
    order = {name[3:]: name[:3] for name in names}
    return "procps" not in order or order.get("kmod", order.get("module-init-tools", "S00")) < order["procps"]


def _modprobe_program(snapshot: Snapshot) -> str:
    """The name of what is run as modprobe, whatever the link to it is called."""
    found = _real(snapshot, snapshot.facts.get("tool:modprobe", "")) or _real(snapshot, "/sbin/modprobe")
    return posixpath.basename(found)


def _in_runlevel(snapshot: Snapshot, service: str) -> bool:
    return any(snapshot.exists(f"/etc/runlevels/{level}/{service}") for level in ("boot", "sysinit", "default"))


def _systemd_before(snapshot: Snapshot, version: int) -> bool:
    """Without a library that says so it is older than 230, except where libraries are in no common place."""
    found = systemd_version(snapshot)
    old = found < version if found is not None else distribution_id(snapshot) != "nixos"
    return init_name(snapshot) == "systemd" and old


def unit_enabled(snapshot: Snapshot, unit: str) -> bool:
    """Whether a target of systemd wants the unit."""
    wanted = snapshot.glob("/etc/systemd/system/*.wants/*.service")
    return any(posixpath.basename(entry.path) == unit for entry in wanted)


def is_running(snapshot: Snapshot, name: str) -> bool:
    """Whether a process of this name was there; only the names that the manifest asks for are ever found."""
    return any((entry.text or "").strip() == name for entry in snapshot.glob("/proc/[0-9]*/comm"))


_TESTS: Mapping[str, Callable[[Snapshot], bool]] = {
    "systemd": lambda s: init_name(s) == "systemd",
    "systemd_before_230": lambda s: _systemd_before(s, 230),
    "systemd_before_239": lambda s: _systemd_before(s, 239),
    "systemd_before_245": lambda s: _systemd_before(s, 245),
    "openrc": lambda s: init_name(s) == "openrc",
    "openrc_hwclock": lambda s: _in_runlevel(s, "hwclock"),
    "el_sysv": lambda s: s.exists(RC_SYSINIT) and init_name(s) != "systemd",
    "initscripts_sysctl_d": lambda s: _says(s, FUNCTIONS, "sysctl.d") or _says(s, RC_SYSINIT, "sysctl.d"),
    "firewall_rereads_conf": _firewall_rereads_conf,
    "suse_sysv": lambda s: s.exists("/etc/init.d/boot.sysctl") and init_name(s) != "systemd",
    "openwrt": lambda s: s.exists("/etc/openwrt_release"),
    "void": lambda s: s.exists("/etc/runit/core-services"),
    "alpine": lambda s: s.exists("/etc/alpine-release"),
    "alpine_old": lambda s: _alpine_version(s) < (3, 10),
    "red_hat": is_red_hat,
    "debian": lambda s: s.exists("/etc/debian_version"),
    "upstart_procps": lambda s: s.exists("/etc/init/procps.conf") and init_name(s) == "upstart",
    "debian_sysv": lambda s: s.exists("/etc/init.d/procps") and init_name(s) in ("sysv", "openrc"),
    # From Debian 8 on; before that a loop over the files.
    "procps_system": lambda s: _says(s, "/etc/init.d/procps", "--system"),
    "kmod_before_procps": _kmod_before_procps,
    "modules_load_d": lambda s: s.exists("/etc/modules-load.d"),
    "modprobe_conf_local": lambda s: s.exists("/etc/modprobe.conf.local") or s.exists(RC_SYSINIT),
    "old_dialect": lambda s: s.facts.get("release", "").startswith(("2.4.", "2.6.9-", "2.6.18-")),
    "busybox_modprobe": lambda s: _modprobe_program(s) == "busybox",
    "nixos": lambda s: s.exists("/etc/NIXOS") or distribution_id(s) == "nixos",
    "talos": lambda s: distribution_id(s) == "talos",
    "bottlerocket": lambda s: distribution_id(s) == "bottlerocket",
    "cos": lambda s: distribution_id(s) == "cos",
    "read_only_etc": lambda s: not _writable(s, "/etc"),
}


def _writable(snapshot: Snapshot, path: str) -> bool:
    entry = snapshot.get(path)
    return entry is None or entry.writable


def find_features(snapshot: Snapshot) -> frozenset[str]:
    """The names of all features that the host has."""
    return frozenset(name for name, test in _TESTS.items() if test(snapshot))
