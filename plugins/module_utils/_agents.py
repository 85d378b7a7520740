# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other programs that write the same keys after the boot's sysctl step: kube-proxy, TuneD, ufw, APF, pve-firewall."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable, Iterator, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._features import is_running, unit_enabled
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
    normalize_key,
    parse_sysctl,
)


@dataclass(frozen=True)
class Write:
    """One value that an agent writes.

    key: canonical; source: C(file:line), or the agent and its rule. raises_only: a larger value stays. unless_max: not
    written when max is this already.
    """

    key: str
    value: int
    source: str
    raises_only: bool = False
    unless_max: int | None = None

    def is_due(self, values: Mapping[str, int]) -> bool:
        """Whether the agent writes it over these values."""
        if self.raises_only and values.get(self.key, 0) >= self.value:
            return False
        return self.unless_max is None or values.get("max") != self.unless_max


@dataclass(frozen=True)
class Agent:
    """A program that writes conntrack keys.

    when: its boot step. reapplies: it applies /run and /etc sysctl files after its own. repeats: it writes again and
    again, so after every event.
    """

    name: str
    when: str
    writes: tuple[Write, ...]
    reapplies: bool = False
    repeats: bool = False


def find_agents(snapshot: Snapshot) -> tuple[Agent, ...]:
    """The agents of the host, in the order in which they write."""
    return tuple(agent for find in _FINDERS for agent in find(snapshot))


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
    if not sources and not is_running(snapshot, "kube-proxy"):
        return
    cpus = cpu_count(snapshot.text("/proc/stat") or "")
    yield Agent("kube-proxy", "agents", tuple(_kube_writes(settings, sources, cpus)))


def _kube_writes(settings: dict[str, str], sources: dict[str, str], cpus: int) -> Iterator[Write]:
    per_core, floor = int_value(settings["maxPerCore"]), int_value(settings["min"])
    if per_core:  # 0: left alone, and min does not count
        source = sources.get("maxPerCore", f"kube-proxy (maxPerCore {per_core} x {cpus} CPUs, min {floor or 0})")
        size = max(per_core * cpus, floor or 0)
        yield Write("max", size, source)
        yield Write("hashsize", size // 4, "kube-proxy (a quarter of max)", raises_only=True)
    if settings.get("tcpBeLiberal") == "true":
        yield Write("setting:tcp_be_liberal", 1, sources["tcpBeLiberal"])
    for name, key in _KUBE_TIMEOUTS.items():
        seconds = duration_seconds(settings[name]) if name in settings else None
        if seconds:
            yield Write(key, seconds, sources.get(name, f"kube-proxy ({name} {settings[name]})"))


# -------------------------------------------------------------------------------------------------- TuneD

_TUNED_DIRECTORIES = ("/etc/tuned", "/etc/tuned/profiles", "/usr/lib/tuned", "/usr/lib/tuned/profiles")


def _tuned_file(snapshot: Snapshot, profile: str) -> str:
    paths = (f"{directory}/{profile}/tuned.conf" for directory in _TUNED_DIRECTORIES)
    return next((path for path in paths if snapshot.exists(path)), "")


def _tuned_profiles(snapshot: Snapshot, names: list[str], seen: list[str]) -> list[str]:
    """The files of the profiles, each after those that it includes."""
    for name in names:
        path = _tuned_file(snapshot, name)
        if path and path not in seen:
            seen.append(path)
            items = parse_sections(snapshot.text(path) or "")
            words = " ".join(item.value for item in items if (item.section, item.key) == ("main", "include"))
            _tuned_profiles(snapshot, [word.lstrip("-") for word in re.split(r"[\s,;]+", words)], seen)
            seen.append(seen.pop(seen.index(path)))
    return seen


def _tuned_writes(snapshot: Snapshot, path: str) -> Iterator[Write]:
    for item in parse_sections(snapshot.text(path) or ""):
        key = canonical_key(normalize_key(item.key)) if item.section == "sysctl" else None
        if (item.section, item.key) == ("net", "nf_conntrack_hashsize"):
            key = "hashsize"
        # C(>N): at least N (plugins/base.py, assignment modifiers).
        value = kernel_int(item.value.lstrip(">"))
        if key and value is not None:
            yield Write(key, value, f"{path}:{item.line}", raises_only=item.value.startswith(">"))


def _find_tuned(snapshot: Snapshot) -> Iterator[Agent]:
    active = (snapshot.text("/etc/tuned/active_profile") or "").split()
    if not (is_running(snapshot, "tuned") or unit_enabled(snapshot, "tuned.service")):
        return
    paths = _tuned_profiles(snapshot, active, [])
    writes = tuple(write for path in paths for write in _tuned_writes(snapshot, path))
    if writes:
        reapply = read_variable(snapshot.text("/etc/tuned/tuned-main.conf") or "", "reapply_sysctl")
        reapplies = reapply is None or reapply.value.strip().lower() in ("1", "true", "yes")
        yield Agent("TuneD", "agents", writes, reapplies=reapplies)


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


_APF = "/etc/apf/conf.apf"


def _find_apf(snapshot: Snapshot) -> Iterator[Agent]:
    """Advanced Policy Firewall writes both sizes at its start."""
    writes = []
    for name, key in (("SYSCTL_CONNTRACK_BUCKETS", "hashsize"), ("SYSCTL_CONNTRACK", "max")):
        variable = read_variable(snapshot.text(_APF) or "", name)
        value = int_value(variable.value) if variable else None
        if variable and value:
            writes.append(Write(key, value, f"{_APF}:{variable.line}"))
    if writes:
        yield Agent("APF", "firewall", tuple(writes))


def _pve_option(text: str | None, name: str) -> int | None:
    match = re.search(rf"(?mi)^[ \t]*{name}:[ \t]*(\d{{1,10}})[ \t\r]*$", text or "")
    return int(match.group(1)) if match else None


_PVE_SOURCE = "pve-firewall (every ten seconds)"


def _find_pve_firewall(snapshot: Snapshot) -> Iterator[Agent]:
    """pve-firewall, while it is enabled for the cluster and the nftables variant is not chosen (Firewall.pm).

    max is 262144 unless host.fw asks for more, in multiples of 8192; the buckets, a quarter of it, only change with it.
    """
    host = snapshot.text("/etc/pve/local/host.fw")
    enabled = _pve_option(snapshot.text("/etc/pve/firewall/cluster.fw"), "enable")
    if not (enabled and is_running(snapshot, "pve-firewall")) or _pve_option(host, "nftables"):
        return
    size = -(-max(262144, _pve_option(host, "nf_conntrack_max") or 0) // 8192) * 8192
    established = _pve_option(host, "nf_conntrack_tcp_timeout_established")
    writes = (
        Write("hashsize", size // 4, _PVE_SOURCE, unless_max=size),
        Write("max", size, _PVE_SOURCE),
        Write("timeout:tcp_established", 432000 if established is None else established, _PVE_SOURCE),
        # The option for this one is read under a misspelled name, so the default it is.
        Write("timeout:tcp_syn_recv", 60, _PVE_SOURCE),
    )
    yield Agent("pve-firewall", "agents", writes, repeats=True)


_FINDERS: tuple[Callable[[Snapshot], Iterator[Agent]], ...] = (
    _find_ufw,
    _find_apf,
    _find_kube_proxy,
    _find_tuned,
    _find_pve_firewall,
)
