# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is ever read from a host, in one list: both transports read exactly this, in one pass."""

from __future__ import annotations

from ansible_collections.stateward.conntrack.plugins.module_utils._model import Read

_CONTENT = (
    # the kernel
    "/proc/sys/net/netfilter/*conntrack*",
    "/proc/sys/net/nf_conntrack_max",
    "/proc/sys/net/ipv4/ip_conntrack_max",
    "/proc/sys/net/ipv4/netfilter/ip_conntrack*",
    "/sys/module/nf_conntrack/parameters/*",
    "/sys/module/ip_conntrack/parameters/*",
    "/proc/cmdline",
    "/proc/meminfo",
    "/proc/1/comm",
    # who we are
    "/etc/os-release",
    "/etc/alpine-release",
    "/etc/debian_version",
    "/etc/openwrt_release",
    "/etc/redhat-release",
    "/etc/SuSE-release",
    "/etc/system-release",
    # sysctl at boot
    "/etc/sysctl.conf",
    "/etc/sysctl.d/*",
    "/run/sysctl.d/*",
    "/usr/local/lib/sysctl.d/*",
    "/usr/lib/sysctl.d/*",
    "/lib/sysctl.d/*",
    "/etc/ufw/sysctl.conf",
    "/etc/ufw/ufw.conf",
    # modules at boot
    "/etc/modules",
    "/etc/modules-load.d/*",
    "/run/modules-load.d/*",
    "/usr/local/lib/modules-load.d/*",
    "/usr/lib/modules-load.d/*",
    "/lib/modules-load.d/*",
    "/etc/modules.d/*",
    "/etc/sysconfig/modules/*",
    "/etc/rc.modules",
    "/etc/sysconfig/kernel",
    "/etc/conf.d/modules",
    # module options
    "/etc/modprobe.conf",
    "/etc/modprobe.conf.local",
    "/etc/modprobe.d/*",
    "/run/modprobe.d/*",
    "/usr/local/lib/modprobe.d/*",
    "/usr/lib/modprobe.d/*",
    "/lib/modprobe.d/*",
    # firewalls
    "/etc/sysconfig/iptables-config",
    "/etc/sysconfig/ip6tables-config",
    "/etc/firewalld/firewalld.conf",
    # agents that write the same keys
    "/etc/tuned/active_profile",
    "/etc/tuned/tuned-main.conf",
    "/etc/tuned/*/tuned.conf",
    "/etc/tuned/profiles/*/tuned.conf",
    "/usr/lib/tuned/*/tuned.conf",
    "/usr/lib/tuned/profiles/*/tuned.conf",
    "/var/lib/kube-proxy/*",
    "/var/lib/kubelet/pods/*/volumes/kubernetes.io~configmap/kube-proxy/config.conf",
    "/etc/pve/local/host.fw",
    "/etc/pve/firewall/cluster.fw",
    "/etc/apf/conf.apf",
    # what we did before
    "/var/lib/stateward-conntrack/originals.json",
    "/etc/stateward-conntrack/originals.json",
)

_LINES = (
    ("/proc/modules", ("conntrack",)),
    ("/proc/slabinfo", ("conntrack",)),
    ("/proc/stat", ("cpu",)),
    ("/lib/modules/{release}/modules.dep", ("conntrack",)),
    ("/lib/modules/{release}/modules.builtin", ("conntrack",)),
    ("/etc/rc.d/rc.sysinit", ("sysctl",)),
    ("/etc/rc.d/init.d/functions", ("sysctl",)),
    ("/etc/init.d/procps", ("sysctl",)),
    ("/etc/rc.d/init.d/iptables", ("_MODULES_UNLOAD", "_SYSCTL_LOAD_LIST", "sysctl")),
    ("/etc/rc.d/init.d/ip6tables", ("_MODULES_UNLOAD", "_SYSCTL_LOAD_LIST", "sysctl")),
    ("/usr/libexec/iptables/iptables.init", ("_MODULES_UNLOAD", "_SYSCTL_LOAD_LIST", "sysctl")),
    ("/usr/libexec/iptables/ip6tables.init", ("_MODULES_UNLOAD", "_SYSCTL_LOAD_LIST", "sysctl")),
    ("/usr/lib/python*/site-packages/firewall/config/__init__.py", ("VERSION",)),
    ("/usr/lib/python*/dist-packages/firewall/config/__init__.py", ("VERSION",)),
    ("/etc/udev/rules.d/*.rules", ("conntrack",)),
    ("/run/udev/rules.d/*.rules", ("conntrack",)),
    ("/usr/local/lib/udev/rules.d/*.rules", ("conntrack",)),
    ("/usr/lib/udev/rules.d/*.rules", ("conntrack",)),
    ("/lib/udev/rules.d/*.rules", ("conntrack",)),
    ("/proc/[0-9]*/comm", ("kube-proxy", "pve-firewall", "tuned", "firewalld")),
)

_PRESENCE = (
    "/proc/sys/net/netfilter",
    "/proc/sys/net/ipv4/netfilter",
    "/sys/module/nf_conntrack",
    "/sys/module/ip_conntrack",
    "/proc/modules",
    "/lib/modules/{release}/nf_conntrack.ko",
    "/proc/vz",
    "/proc/bc",
    "/run",
    "/run/systemd/system",
    "/run/openrc",
    "/run/ostree-booted",
    "/run/.containerenv",
    "/.dockerenv",
    "/etc",
    "/etc/NIXOS",
    "/etc/init/procps.conf",
    "/etc/init/rcS.conf",
    "/etc/init.d/boot.sysctl",
    "/etc/init.d/boot.d/*",
    "/etc/runit/core-services",
    "/etc/rcS.d/*",
    "/etc/rc.d/rc3.d/*",
    "/etc/runlevels/*/*",
    "/etc/sysctl.d",
    "/etc/modprobe.d",
    "/etc/modules-load.d",
    "/etc/modules.d",
    "/etc/conf.d",
    "/etc/sysconfig/modules",
    "/etc/sysconfig",
    "/etc/systemd/system/*.wants/*",
    "/etc/stateward-conntrack",
    "/etc/stateward-conntrack/backup",
    "/etc/stateward-conntrack/backup/*",
    "/sbin/init",
    "/sbin/modprobe",
    "/sbin/openrc",
    "/sbin/openrc-run",
    "/sbin/procd",
    "/usr/sbin/firewalld",
    "/usr/sbin/ufw",
    "/usr/lib/systemd/systemd",
    "/lib/systemd/systemd",
    "/usr/lib/systemd/libsystemd-shared-*",
    "/lib/systemd/libsystemd-shared-*",
    "/usr/lib/*/systemd/libsystemd-shared-*",
    "/usr/lib64/systemd/libsystemd-shared-*",
    "/lib64/systemd/libsystemd-shared-*",
    "/var/lib",
    "/var/lib/stateward-conntrack",
    "/var/lib/stateward-conntrack/backup",
    "/var/lib/stateward-conntrack/backup/*",
)

MANIFEST: tuple[Read, ...] = (
    *(Read(pattern) for pattern in _CONTENT),
    *(Read(pattern, lines=lines) for pattern, lines in _LINES),
    *(Read(pattern, content=False) for pattern in _PRESENCE),
)

# What conntrack_info reads beside the manifest. Where the kernel log goes to: Red Hat, Alpine and SUSE write messages,
# Debian and Ubuntu kern.log and syslog, systemd keeps a journal. The ring buffer forgets the older ones.
_TABLE_FULL = ("table full",)

# Of each file, that is 40,000 lines: a log that nobody rotates may have gigabytes.
LOG_BYTES = 4 * 1024 * 1024
# Of the journal, which is slow to read: kernel messages of this boot.
JOURNAL_LINES = 10000
_COUNT = "/proc/sys/net/netfilter/nf_conntrack_count"
_JOURNALCTL = ("journalctl", "-k", "-b", "-q", "-n", str(JOURNAL_LINES), "-o", "short", "--no-pager")

INFO: tuple[Read, ...] = (
    # Absent where the kernel was built without CONFIG_NF_CONNTRACK_PROCFS (Ubuntu); then conntrack -S tells the same.
    Read("/proc/net/stat/nf_conntrack"),
    Read("/proc/net/stat/ip_conntrack"),
    Read("/proc/net/nf_conntrack", content=False),
    Read("/proc/net/ip_conntrack", content=False),
    Read("/var/log/kern.log", lines=_TABLE_FULL, tail=LOG_BYTES),
    Read("/var/log/messages", lines=_TABLE_FULL, tail=LOG_BYTES),
    Read("/var/log/syslog", lines=_TABLE_FULL, tail=LOG_BYTES),
    Read("command:dmesg", lines=_TABLE_FULL, command=("dmesg",)),
    Read("command:journalctl -k", lines=_TABLE_FULL, command=_JOURNALCTL),
    # The tool loads conntrack where it is not at work yet: reading must not do that.
    Read("command:conntrack -S", command=("conntrack", "-S"), given=_COUNT),
)
