# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kinds of system there are: how each boots, how its modprobe reads, and where our files go.

Two tables, because the questions are independent of each other. A row matches when the host has all of its features;
the first match counts.
"""

from __future__ import annotations

from dataclasses import dataclass

# Steps of a boot, in the words of the simulator.
MODULES, SYSCTL, FIREWALL, NETWORK, AGENTS = "modules", "sysctl", "firewall", "network", "agents"

# How a list of modules to load is kept.
LIST, BLOCK, SCRIPT, VARIABLE, ARGUMENTS = "list", "block", "script", "variable", "arguments"

SYSCTL_CONF = "/etc/sysctl.conf"
MODPROBE_CONF = "/etc/modprobe.conf"
SYSCTL_DROP_IN = "/etc/sysctl.d/99-stateward-conntrack.conf"
MODPROBE_DROP_IN = "/etc/modprobe.d/stateward-conntrack.conf"
LATE_LOAD_DROP_IN = "/etc/modprobe.d/stateward-conntrack-late.conf"


@dataclass(frozen=True)
class Loading:
    """How a system is told to load modules at boot.

    kind: a C(list) of names in a file of ours, a marked C(block) in a common file, an executable C(script), a shell
    C(variable) in a common file, or C(arguments) after the name. path: where. sources: all places that the boot reads,
    in the words of the preload table.
    """

    kind: str
    path: str
    sources: tuple[str, ...]
    variable: str = ""


_DROP_IN = "/etc/modules-load.d/stateward-conntrack.conf"
_SYSTEMD_LIST = Loading(LIST, _DROP_IN, ("systemd", "cmdline"))
_PLAIN_LIST = Loading(LIST, _DROP_IN, ("modules-load.d", "/etc/modules"))
_ETC_MODULES = Loading(BLOCK, "/etc/modules", ("modules-load.d", "/etc/modules"))
_EL_SCRIPT = Loading(SCRIPT, "/etc/sysconfig/modules/stateward-conntrack.modules", ("scripts",))
_SUSE_VARIABLE = Loading(VARIABLE, "/etc/sysconfig/kernel", ("suse",), "MODULES_LOADED_ON_BOOT")
_OPENRC_LIST = Loading(LIST, _DROP_IN, ("modules-load.d", "openrc"))
_OPENRC_VARIABLE = Loading(VARIABLE, "/etc/conf.d/modules", ("openrc",), "modules")
_OPENWRT = Loading(ARGUMENTS, "/etc/modules.d/05-stateward-conntrack", ("/etc/modules.d",))


@dataclass(frozen=True)
class BootRow:
    """How one kind of system boots.

    reader: who applies sysctl files at boot (a row of the readers table). steps: in the order of the boot; one whose
    service is not enabled is taken out when the host is looked at. sysctl_path: our drop-in, or the file that gets a
    marked block.
    """

    name: str
    features: tuple[str, ...]
    reader: str
    steps: tuple[str, ...]
    loading: Loading
    sysctl_path: str = SYSCTL_DROP_IN
    note: str = ""


_STANDARD = (MODULES, SYSCTL, FIREWALL, AGENTS)
_REVERSED = (SYSCTL, MODULES, FIREWALL, AGENTS)
# Red Hat before systemd: rc.sysinit runs *.modules, then sysctl; iptables is S08; the network service, S10, applies
# sysctl again.
_EL_SYSV = (MODULES, SYSCTL, FIREWALL, NETWORK, AGENTS)
# Upstart: no order between its kmod and procps jobs, but procps runs again once the network is up.
_UPSTART = (SYSCTL, MODULES, FIREWALL, NETWORK, AGENTS)

BOOT_ROWS: tuple[BootRow, ...] = (
    # Where the firewall script re-reads /etc/sysctl.conf alone after a restart, the settings live there, whatever else
    # is read.
    BootRow(
        "el-sysv-rereads-conf",
        ("el_sysv", "initscripts_sysctl_d", "firewall_rereads_conf"),
        "el-conf-then-d",
        _EL_SYSV,
        _EL_SCRIPT,
        SYSCTL_CONF,
    ),
    # initscripts 8.45.37 (EL5, 2011) and 9.03.24 (EL6, 2011) brought /etc/sysctl.d.
    BootRow("el-sysv", ("el_sysv", "initscripts_sysctl_d"), "el-conf-then-d", _EL_SYSV, _EL_SCRIPT),
    BootRow("el-sysv-conf", ("el_sysv",), "el-conf", _EL_SYSV, _EL_SCRIPT, SYSCTL_CONF),
    BootRow(
        "suse-sysv",
        ("suse_sysv",),
        "conf",
        _REVERSED,
        _SUSE_VARIABLE,
        SYSCTL_CONF,
        "boot.sysctl and boot.loadmodules have no declared order; the worse one is assumed",
    ),
    BootRow("openwrt", ("openwrt",), "openwrt", _STANDARD, _OPENWRT),
    BootRow("void", ("void",), "void", _STANDARD, _PLAIN_LIST),
    BootRow("alpine-old", ("alpine", "alpine_old"), "alpine-old", _STANDARD, _ETC_MODULES),
    BootRow("alpine", ("alpine", "modules_load_d"), "alpine", _STANDARD, _PLAIN_LIST),
    BootRow("alpine-etc-modules", ("alpine",), "alpine", _STANDARD, _ETC_MODULES),
    # EL7: systemd 219 with Red Hat's patch; known by the shared library that every later systemd has and this one
    # lacks.
    BootRow("systemd-el7", ("systemd", "red_hat", "systemd_before_230"), "systemd-el7", _STANDARD, _SYSTEMD_LIST),
    # Debian 8's 215 to Ubuntu 18.04's 237 drop a line with a dash; EL8's 239 knows it, by a backport, as 245 does.
    BootRow("systemd-229", ("systemd", "systemd_before_239"), "systemd-229", _STANDARD, _SYSTEMD_LIST),
    BootRow("systemd-239", ("systemd", "systemd_before_245"), "systemd-239", _STANDARD, _SYSTEMD_LIST),
    BootRow("systemd", ("systemd",), "systemd", _STANDARD, _SYSTEMD_LIST),
    # Debian's own scripts under OpenRC 0.45 (Debian 12), seen on a boot: procps is pulled forward by networking, kmod
    # comes later, and nothing orders the two.
    BootRow(
        "debian-openrc",
        ("openrc", "debian"),
        "procps",
        _REVERSED,
        _PLAIN_LIST,
        note="nothing orders kmod before procps, and procps starts first",
    ),
    # OpenRC itself never says modules before sysctl; the chain is modules, hwclock, sysctl.
    BootRow("openrc", ("openrc", "openrc_hwclock", "modules_load_d"), "procps", _STANDARD, _OPENRC_LIST),
    BootRow("openrc-conf", ("openrc", "openrc_hwclock"), "procps", _STANDARD, _OPENRC_VARIABLE),
    BootRow(
        "openrc-unordered",
        ("openrc",),
        "procps",
        _REVERSED,
        _OPENRC_LIST,
        note="without hwclock in the boot runlevel nothing orders modules before sysctl; the worse one is assumed",
    ),
    BootRow("upstart", ("upstart_procps", "modules_load_d"), "d-then-conf", _UPSTART, _PLAIN_LIST),
    BootRow("upstart-etc-modules", ("upstart_procps",), "d-then-conf", _UPSTART, _ETC_MODULES),
    BootRow("debian-sysv", ("debian_sysv", "modules_load_d", "kmod_before_procps"), "procps", _STANDARD, _PLAIN_LIST),
    BootRow(
        "debian-sysv-etc-modules",
        ("debian_sysv", "procps_system", "kmod_before_procps"),
        "procps",
        _STANDARD,
        _ETC_MODULES,
    ),
    BootRow("debian-sysv-old", ("debian_sysv", "kmod_before_procps"), "d-then-conf", _STANDARD, _ETC_MODULES),
    BootRow(
        "debian-sysv-reversed",
        ("debian_sysv",),
        "procps",
        _REVERSED,
        _ETC_MODULES,
        note="the links in /etc/rcS.d run procps before kmod",
    ),
)

UNKNOWN_BOOT = BootRow(
    "unknown",
    (),
    "none",
    (AGENTS,),
    _SYSTEMD_LIST,
    note="no init system that this collection knows: nothing is known to apply settings at boot",
)


@dataclass(frozen=True)
class ModprobeRow:
    """How one kind of modprobe reads its configuration.

    first_option_wins: of several options lines. install: whether install lines are obeyed. cmdline: whether
    module.option= words of the kernel command line reach a module (not a built-in one). conf: the file that gets a
    marked block, else drop-ins. any_name: not only C(*.conf). leftovers: endings of names that are never read.
    options_at_preload: options stand behind the names in the lists of modules to load.
    """

    name: str
    features: tuple[str, ...]
    directories: tuple[str, ...]
    files: tuple[str, ...] = ()
    conf: str = ""
    first_option_wins: bool = False
    install: bool = True
    cmdline: bool = True
    any_name: bool = False
    leftovers: tuple[str, ...] = ("~",)
    options_at_preload: bool = False


_KMOD_DIRECTORIES = (
    "/etc/modprobe.d",
    "/run/modprobe.d",
    "/usr/local/lib/modprobe.d",
    "/usr/lib/modprobe.d",
    "/lib/modprobe.d",
)

MODPROBE_ROWS: tuple[ModprobeRow, ...] = (
    # OpenWrt's kmodloader: options are arguments on the lines of /etc/modules.d; it reads no modprobe.d.
    ModprobeRow("kmodloader", ("openwrt",), (), install=False, cmdline=False, options_at_preload=True),
    # busybox: every name that is no dot file; alias, options, include and blacklist only.
    ModprobeRow(
        "busybox",
        ("busybox_modprobe",),
        ("/etc/modprobe.d",),
        files=(MODPROBE_CONF,),
        install=False,
        cmdline=False,
        any_name=True,
    ),
    # module-init-tools 3.3 (EL5): modprobe.conf and every name in modprobe.d; the first definition wins, even over the
    # command line. Told by the system, not by the file: EL5 without /etc/modprobe.conf has the same modprobe.
    ModprobeRow(
        "module-init-tools-3.3",
        ("el_sysv", "old_dialect"),
        ("/etc/modprobe.d",),
        files=(MODPROBE_CONF,),
        conf=MODPROBE_CONF,
        first_option_wins=True,
        cmdline=False,
        any_name=True,
    ),
    # module-init-tools 3.5 and later (EL6, SLES 11): sorted, the last definition wins, names without .conf still read,
    # backups skipped.
    ModprobeRow(
        "module-init-tools",
        ("modprobe_conf_local",),
        ("/etc/modprobe.d",),
        files=(MODPROBE_CONF, "/etc/modprobe.conf.local"),
        any_name=True,
        leftovers=("~", ".bak", ".orig", ".rpmnew", ".rpmorig", ".rpmsave", ".dpkg-old", ".dpkg-dist"),
    ),
    ModprobeRow("kmod", (), _KMOD_DIRECTORIES),
)


# Systems whose files are made from a description elsewhere: writing to them is lost or forbidden. Marker -> what to do
# instead.
DECLARATIVE: dict[str, str] = {
    "nixos": "NixOS builds /etc from its configuration: set boot.kernel.sysctl, boot.kernelModules and "
    "boot.extraModprobeConfig there",
    "talos": "Talos has no writable /etc: use machine.sysctls and machine.kernel.modules of its machine configuration",
    "bottlerocket": "Bottlerocket keeps /etc in memory: use settings.kernel.sysctl, settings.kernel.modules and "
    "settings.boot",
    "cos": "Container-Optimized OS starts with a fresh /etc at every boot: set the values from its startup script or "
    "cloud-init",
}
