# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other programs that write the same keys after the boot's sysctl step: kube-proxy, TuneD, ufw, pve-firewall."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable, Iterator

from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_keys import canonical_key
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.kubeproxy import (
    duration_seconds,
    parse_kubeproxy,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.proc import cpu_count, int_value
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.sections import parse_sections
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.shellvars import read_variable
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.sysctl import (
    Syntax,
    kernel_int,
    parse_sysctl,
)


@dataclass(frozen=True)
class Write:
    """One value that an agent writes. key: canonical; source: C(file:line), or the agent and its rule."""

    key: str
    value: int
    source: str


@dataclass(frozen=True)
class Agent:
    """A program that writes conntrack keys. when: its boot step; reapplies: it applies /run and /etc sysctl files after its own."""

    name: str
    when: str
    writes: tuple[Write, ...]
    reapplies: bool = False


def find_agents(snapshot: Snapshot) -> tuple[Agent, ...]:
    """The agents of the host, in the order in which they write."""
    return tuple(agent for find in _FINDERS for agent in find(snapshot))


def _running(snapshot: Snapshot, name: str) -> bool:
    return any((entry.text or "").strip() == name for entry in snapshot.glob("/proc/[0-9]*/comm"))


# -------------------------------------------------------------------------------------------------- kube-proxy

_KUBE_FILES = (
    "/var/lib/kube-proxy/*",
    "/var/lib/kubelet/pods/*/volumes/kubernetes.io~configmap/kube-proxy/config.conf",
)
_KUBE_TIMEOUTS = {
    "tcpEstablishedTimeout": "timeout:tcp_established",
    "tcpCloseWaitTimeout": "timeout:tcp_close_wait",
    "udpTimeout": "timeout:udp",
    "udpStreamTimeout": "timeout:udp_stream",
}
# kube-proxy's own defaults: 24 h and 1 h, 32768 entries a core, at least 131072.
_KUBE_DEFAULTS = {"tcpEstablishedTimeout": "24h", "tcpCloseWaitTimeout": "1h", "maxPerCore": "32768", "min": "131072"}


def _find_kube_proxy(snapshot: Snapshot) -> Iterator[Agent]:
    settings, sources = dict(_KUBE_DEFAULTS), {}
    for pattern in _KUBE_FILES:
        for entry in snapshot.glob(pattern):
            for item in parse_kubeproxy(entry.text or "", entry.path):
                settings[item.key], sources[item.key] = item.value, f"{entry.path}:{item.line}"
    if not sources and not _running(snapshot, "kube-proxy"):
        return
    yield Agent("kube-proxy", "agents", tuple(_kube_writes(settings, sources, cpu_count(snapshot.text("/proc/stat") or ""))))


def _kube_writes(settings: dict[str, str], sources: dict[str, str], cpus: int) -> Iterator[Write]:
    per_core, floor = int_value(settings["maxPerCore"]), int_value(settings["min"])
    if per_core:
        source = sources.get("maxPerCore", f"kube-proxy (maxPerCore {per_core} x {cpus} CPUs, min {floor or 0})")
        yield Write("max", max(per_core * cpus, floor or 0), source)
    for name, key in _KUBE_TIMEOUTS.items():
        seconds = duration_seconds(settings[name]) if name in settings else None
        if seconds:
            yield Write(key, seconds, sources.get(name, f"kube-proxy ({name} {settings[name]})"))


# -------------------------------------------------------------------------------------------------- TuneD

_TUNED_DIRECTORIES = ("/etc/tuned", "/etc/tuned/profiles", "/usr/lib/tuned", "/usr/lib/tuned/profiles")


def _tuned_file(snapshot: Snapshot, profile: str) -> str:
    paths = (f"{directory}/{profile}/tuned.conf" for directory in _TUNED_DIRECTORIES)
    return next((path for path in paths if snapshot.exists(path)), "")


def _tuned_writes(snapshot: Snapshot, profile: str, depth: int = 0) -> Iterator[Write]:
    """The writes of a profile after those of the profiles that it includes."""
    path = _tuned_file(snapshot, profile)
    items = parse_sections(snapshot.text(path) or "") if path else ()
    for item in items:
        if item.section == "main" and item.key == "include" and depth < 8:
            for name in re.split(r"[\s,]+", item.value.strip()):
                yield from _tuned_writes(snapshot, name, depth + 1)
    for item in items:
        key = canonical_key(item.key) if item.section == "sysctl" else None
        if item.section == "net" and item.key == "nf_conntrack_hashsize":
            key = "hashsize"
        value = kernel_int(item.value)
        if key and value is not None:
            yield Write(key, value, f"{path}:{item.line}")


def _find_tuned(snapshot: Snapshot) -> Iterator[Agent]:
    active = (snapshot.text("/etc/tuned/active_profile") or "").split()
    writes = tuple(write for name in active for write in _tuned_writes(snapshot, name))
    if writes:
        reapply = read_variable(snapshot.text("/etc/tuned/tuned-main.conf") or "", "reapply_sysctl")
        yield Agent("TuneD", "agents", writes, reapplies=reapply is None or reapply.value.strip() in ("1", "true", "yes"))


# -------------------------------------------------------------------------------------------------- firewalls


def _find_ufw(snapshot: Snapshot) -> Iterator[Agent]:
    enabled = read_variable(snapshot.text("/etc/ufw/ufw.conf") or "", "ENABLED")
    if not enabled or enabled.value.lower() != "yes":
        return
    path = "/etc/ufw/sysctl.conf"
    lines = parse_sysctl(snapshot.text(path) or "", path, Syntax(dash="unknown", globs=False))
    pairs = ((canonical_key(line.key), kernel_int(line.value), f"{path}:{line.line}") for line in lines)
    writes = tuple(Write(key, value, source) for key, value, source in pairs if key and value is not None)
    if writes:
        yield Agent("ufw", "firewall", writes)


def _find_pve_firewall(snapshot: Snapshot) -> Iterator[Agent]:
    """pve-firewall writes every ten seconds: max 262144 unless host.fw asks for more, buckets a quarter of it."""
    if not _running(snapshot, "pve-firewall"):
        return
    match = re.search(r"(?m)^\s*nf_conntrack_max:\s*(\d+)", snapshot.text("/etc/pve/local/host.fw") or "")
    size = max(262144, int(match.group(1)) if match else 0)
    size = -(-size // 8192) * 8192
    source = "pve-firewall (every ten seconds)"
    writes = (
        Write("max", size, source),
        Write("hashsize", size // 4, source),
        Write("timeout:tcp_established", 432000, source),
    )
    yield Agent("pve-firewall", "agents", writes)


_FINDERS: tuple[Callable[[Snapshot], Iterator[Agent]], ...] = (
    _find_ufw,
    _find_kube_proxy,
    _find_tuned,
    _find_pve_firewall,
)
