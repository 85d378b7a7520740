# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roots that a lab host can have, as data: one row per userland.

A new root, a stand-in for a foreign distribution too, is a new row here and, where it needs files of its own, a new
folder under guest/ that its `overlays` name. Nothing else has to change.
"""

from __future__ import annotations

from dataclasses import dataclass

from .errors import LabError

DEFAULT_ROOT = "bookworm"
KINDS = ("uml", "qemu")


@dataclass(frozen=True)
class Root:
    """What one image is made of."""

    name: str
    suite: str
    summary: str
    init: str
    variant: str
    packages: tuple[str, ...]
    overlays: tuple[str, ...]  # folders under guest/, laid over the root in this order
    commands: tuple[str, ...]  # run by sh inside the root, after the overlays
    kernels: dict[str, str]  # kind -> kernel package; "" = the kernel is not from the root
    options: tuple[str, ...] = ()  # more options for mmdebstrap


COMMON_PACKAGES = (
    "openssh-server",
    "python3",
    "iptables",
    "nftables",
    "conntrack",
    "procps",
    "kmod",
    "iproute2",
    "udev",
)
SYSTEMD_PACKAGES = (*COMMON_PACKAGES, "systemd-sysv")
# The variant "important" pulls systemd in and conflicts with sysvinit-core: these roots start from "minbase".
INITD_PACKAGES = (*COMMON_PACKAGES, "sysvinit-core", "initscripts", "ifupdown")

# What only costs boot time here: 18 s become 13 s without them. ifupdown has nothing to do, lab-net sets the address.
MASKED_UNITS = (
    "networking.service",
    "ifupdown-wait-online.service",
    "e2scrub_reap.service",
    "e2scrub_all.timer",
    "getty-static.service",
    "getty@tty1.service",
    "systemd-timesyncd.service",
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "fstrim.timer",
)
SYSTEMD_COMMANDS = ("systemctl mask --quiet " + " ".join(MASKED_UNITS), "systemctl enable --quiet lab-net.service")
# There is no terminal behind tty1 to tty6, so init would start their gettys for ever.
INITD_COMMANDS = ("sed -i '/getty/d' /etc/inittab", "update-rc.d lab-net defaults")

_ROWS = (
    Root(
        name="bookworm",
        suite="bookworm",
        summary="Debian 12: systemd 252, Python 3.11, /etc/sysctl.d/99-sysctl.conf links to /etc/sysctl.conf",
        init="systemd",
        variant="important",
        packages=SYSTEMD_PACKAGES,
        overlays=("common", "systemd"),
        commands=SYSTEMD_COMMANDS,
        kernels={"uml": "", "qemu": "linux-image-cloud-amd64"},  # 6.1
    ),
    Root(
        name="bullseye",
        suite="bullseye",
        summary="Debian 11: systemd 247, Python 3.9, iptables 1.8.7, 99-sysctl.conf links to /etc/sysctl.conf",
        init="systemd",
        variant="important",
        packages=SYSTEMD_PACKAGES,
        overlays=("common", "systemd"),
        commands=SYSTEMD_COMMANDS,
        # By its exact name: the metapackage may ask for a version that only the security archive had.
        kernels={"uml": "", "qemu": "linux-image-5.10.0-32-cloud-amd64"},
        # Debian 11's installer merges /usr, its packages do not. Only the first step of the hook directory "merged-usr"
        # works: the second wants a package that Debian 11 does not have.
        options=("--setup-hook=/usr/share/mmdebstrap/hooks/merged-usr/setup00.sh",),
    ),
    Root(
        name="trixie",
        suite="trixie",
        summary="Debian 13: systemd 257, Python 3.13, neither /etc/sysctl.conf nor a link to it",
        init="systemd",
        variant="important",
        packages=SYSTEMD_PACKAGES,
        overlays=("common", "systemd"),
        commands=SYSTEMD_COMMANDS,
        kernels={"uml": "", "qemu": "linux-image-cloud-amd64"},  # 6.12
    ),
    Root(
        name="bookworm-sysvinit",
        suite="bookworm",
        summary="Debian 12 with SysV init: kmod before procps in rcS.d",
        init="sysvinit",
        variant="minbase",
        packages=(*INITD_PACKAGES, "sysv-rc", "insserv"),
        overlays=("common", "initd"),
        commands=INITD_COMMANDS,
        kernels={"uml": ""},
    ),
    Root(
        name="bookworm-openrc",
        suite="bookworm",
        summary="Debian 12 with OpenRC: its runlevels, Debian's scripts for kmod and procps",
        init="openrc",
        variant="minbase",
        packages=(*INITD_PACKAGES, "openrc"),  # which conflicts with sysv-rc
        overlays=("common", "initd"),
        commands=INITD_COMMANDS,
        kernels={"uml": ""},
    ),
)
ROOTS = {row.name: row for row in _ROWS}


def find_root(name: str, kind: str) -> Root:
    """The row called `name`. Raises LabError when there is none, or when it has no kernel of this kind."""
    if name not in ROOTS:
        raise LabError(f"There is no root '{name}'. There are: {', '.join(ROOTS)}.")
    if kind not in ROOTS[name].kernels:
        raise LabError(f"The root '{name}' has no kernel of kind '{kind}'. It has: {', '.join(ROOTS[name].kernels)}.")
    return ROOTS[name]
