# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-ins, one row each: which described host, which programs, which ssh server."""

from __future__ import annotations

from dataclasses import dataclass


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# What CentOS had by these names: coreutils 5.97 (CentOS 5) and 8.4 (CentOS 6), grep, sed, findutils, util-linux. The
# programs are those of the lab's root, so their versions are not; names that came later (realpath, timeout, nproc,
# truncate) are left out.
_GNU = _words(
    """
    bash awk base64 basename cat chgrp chmod chown cksum cmp cp cut date dd df diff dirname du echo egrep env expr
    false fgrep find flock getconf grep head id install kill ln ls md5sum mkdir mkfifo mknod mktemp mv nice od
    printf ps pwd readlink rm rmdir sed seq sha1sum sha256sum sleep sort stat sync tail tee test touch tr true tty
    uniq wc xargs su
    """
)
# OpenWrt: package/utils/busybox/Config-defaults.in, those with "default y". Neither stat, install, base64, od, sha1sum,
# diff nor su.
_OPENWRT = _words(
    """
    [ [[ ash awk basename brctl cat chgrp chmod chown chroot clear cmp cp cut date dd df dirname dmesg du echo egrep
    env expr false fgrep find free grep gunzip gzip halt head hexdump hwclock id ifconfig ip kill killall less ln
    logger login ls md5sum mkdir mkfifo mknod mkswap mktemp mount mv nc netstat nslookup pidof ping ping6 pivot_root
    poweroff printf ps pwd readlink reboot reset rm rmdir route sed seq sh sha256sum sleep sort start-stop-daemon
    strings swapoff swapon switch_root sync tail tar taskset tee test time top touch tr traceroute traceroute6 true
    umount uniq uptime vi wc which xargs yes zcat
    """
)
# Alpine's busybox has nearly everything; of it, what is no server, editor or archiver.
_ALPINE = _OPENWRT + _words(
    """
    base64 blkid cal cpio diff dnsdomainname dos2unix expand factor fallocate fold getopt groups hostid hostname
    ionice last link losetup lsmod logname more nl nproc nsenter od paste patch realpath renice rev rmmod setsid
    sha1sum sha512sum shred shuf stat stty tac timeout truncate tty unexpand unlink unshare watch whoami xxd
    """
)

# What the servers of these releases can, of what a present OpenSSH still knows. OpenSSH 4.3 (CentOS 5) knows no key
# exchange and no signature without SHA-1; 4.4 brought diffie-hellman-group-exchange-sha256 (release notes), so 5.3
# (CentOS 6) has it.
_SHA1_EXCHANGES = "diffie-hellman-group-exchange-sha1,diffie-hellman-group14-sha1,diffie-hellman-group1-sha1"
_RSA_SHA1 = (
    "HostKey /etc/ssh/ssh_host_rsa_key",
    "HostKeyAlgorithms ssh-rsa",
    "PubkeyAcceptedAlgorithms ssh-rsa",
    "Ciphers aes128-ctr,aes192-ctr,aes256-ctr,aes128-cbc,3des-cbc",
    "MACs hmac-md5,hmac-sha1,hmac-sha1-96,hmac-md5-96",
)
_OPENSSH_4_3 = (*_RSA_SHA1, f"KexAlgorithms {_SHA1_EXCHANGES}")
_OPENSSH_5_3 = (*_RSA_SHA1, f"KexAlgorithms diffie-hellman-group-exchange-sha256,{_SHA1_EXCHANGES}")


@dataclass(frozen=True)
class Standin:
    """One stand-in.

    host: its description in tests/cases/hosts. port: where it answers on the address of the host that it is on.
    programs: copied from there. applets: links to busybox. sshd: lines for sshd_config; dropbear where there are none.
    sudo: whether it has sudo.
    """

    name: str
    host: str
    port: int
    programs: tuple[str, ...] = ()
    applets: tuple[str, ...] = ()
    sshd: tuple[str, ...] = ()
    sudo: bool = False

    @property
    def shell(self) -> str:
        return "/bin/ash" if self.applets else "/bin/bash"


STANDINS = (
    Standin("centos5", "el5", 2205, programs=_GNU, sshd=_OPENSSH_4_3),
    Standin("centos6", "el6", 2206, programs=_GNU, sshd=_OPENSSH_5_3, sudo=True),
    # flock and install: the busybox of Debian has neither, the one of Alpine has both, that of OpenWrt the first.
    Standin(
        "alpine",
        "alpine",
        2207,
        programs=("flock", "install"),
        applets=_ALPINE,
        sshd=("HostKey /etc/ssh/ssh_host_ed25519_key",),
    ),
    # Its own server, dropbear, which has no sftp.
    Standin("openwrt", "openwrt", 2208, programs=("flock",), applets=_OPENWRT),
)
