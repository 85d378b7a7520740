# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tree of a stand-in consists of, made from the description of its host. Pure.

A tree is meant for a chroot. Beside it lies what is mounted over its /proc: everything below /proc/sys/net, and a few
single files. What belongs to the lab, not to the distribution, is in /lib/standin of the tree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Iterable, Iterator

from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Snapshot
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host
from ansible_collections.stateward.conntrack.tests.support.kernel_model import KernelModel
from ansible_collections.stateward.conntrack.tests.support.kernels import modules_of
from ansible_collections.stateward.conntrack.tests.support.tree import real_nodes

from .rows import Standin

GUEST = Path(__file__).resolve().parent / "guest"
LAB = "/lib/standin"
# Single files of /proc that show the described host; the rest of it is the kernel's own.
PROC_FILES = (
    "/proc/1/comm",
    "/proc/cmdline",
    "/proc/meminfo",
    "/proc/modules",
    "/proc/stat",
    "/proc/sys/kernel/modprobe",
    "/proc/sys/kernel/osrelease",
)
NET = "/proc/sys/net"
PASSWORD = "standin"  # of root, for su
_CRYPTED = "$6$standin$cjwv7RsgAycOCK8PE0GL2Zv0WY/J.buZqxeBEQnQjC4K.LhHBQIGLWcfcicAEZUZRgrFeUfbnyy1X0Vm8.pDD0"
USER = "ops"
_PERMIT = "".join(f"{kind} required pam_permit.so\n" for kind in ("auth", "account", "session"))
_STUB = "#!/bin/sh\nexit 0\n"


@dataclass(frozen=True)
class Member:
    """One file, link or directory. path: inside the tree, or below the stand-in's folder for what lies beside it."""

    path: str
    text: str = ""
    mode: int = 0o644
    link: str = ""
    directory: bool = False
    owner: int = 0


def members(row: Standin) -> list[Member]:
    """Everything of a stand-in but its programs, paths below the folder of that name."""
    snapshot = load_host(row.host)
    inside = [*_described(snapshot), *_userland(row, snapshot), *_accounts(row), *_ssh(row), *_lab(row)]
    kernel = [*_kernel_store(snapshot), *_aliases(snapshot)]
    placed = {f"tree{member.path}": member for member in [*inside, *kernel]}
    beside = {member.path[1:]: member for member in _proc(snapshot)}
    notes = {"port": f"{row.port}\n", "programs": "".join(f"{name}\n" for name in row.programs)}
    said = {name: Member(name, text) for name, text in notes.items()}
    return [replace(member, path=path) for path, member in {**placed, **beside, **said}.items()]


# ------------------------------------------------------------------------------------------ what is described


def _described(snapshot: Snapshot) -> Iterator[Member]:
    """The files of the host. Programs that are described by name only become ones that succeed."""
    tools = {snapshot.entries[path].real or path for fact, path in snapshot.facts.items() if fact.startswith("tool:")}
    for path, entry in sorted(real_nodes(snapshot.entries).items()):
        if path.startswith("/proc/") or _is_conntrack(path):
            continue
        empty_program = path in tools and not entry.text and entry.kind == "file"
        yield _member(entry, _STUB if empty_program else entry.text or "")


def _member(entry: Entry, text: str) -> Member:
    if entry.kind == "directory":
        return Member(entry.path, mode=0o755, directory=True)
    return Member(entry.path, text, entry.mode, link=entry.target if entry.kind == "link" else "")


def _is_conntrack(path: str) -> bool:
    return path.startswith("/sys/module/")


def _proc(snapshot: Snapshot) -> Iterator[Member]:
    """The kernel before any module of ours is in: these come and go with modprobe."""
    yield Member(NET, mode=0o755, directory=True)
    yield Member(f"{NET}/ipv4/ip_forward", "0\n")
    texts = {path: snapshot.text(path) for path in PROC_FILES}
    # Process 1 is the lab's systemd, and must not look so.
    texts["/proc/1/comm"] = texts["/proc/1/comm"] or "init\n"
    texts["/proc/modules"] = "ext4 745472 1 - Live 0x0000000000000000\n"
    for path, text in texts.items():
        if text is not None:
            yield Member(path, text)


# ------------------------------------------------------------------------------------------ modules that come and go


def _kernel_store(snapshot: Snapshot) -> Iterator[Member]:
    """Per module: what it needs, and the files that appear with it, in the values of a load without options."""
    kernel = KernelModel.of(snapshot)
    sizes = kernel.sizes_at_load()
    lacking = _lacking(snapshot, kernel)
    for module, (_folder, needs) in modules_of(kernel.generation).items():
        store = f"{LAB}/kernel/{module}"
        yield Member(f"{store}/needs", "".join(f"{name}\n" for name in needs))
        yield Member(f"{store}/files/sys/module/{module}", mode=0o755, directory=True)
        for entry in [*kernel.key_files(module, sizes), *kernel.module_files(module, sizes)]:
            if entry.path not in lacking:
                yield Member(f"{store}/files{entry.path}", entry.text or "", entry.mode)


def _lacking(snapshot: Snapshot, kernel: KernelModel) -> set[str]:
    """Keys that the described build does not have although its generation does."""
    loaded = [module for module in modules_of(kernel.generation) if snapshot.exists(f"/sys/module/{module}")]
    made = {entry.path for module in loaded for entry in kernel.key_files(module, kernel.sizes_at_load())}
    return {path for path in made if not snapshot.exists(path)}


def _aliases(snapshot: Snapshot) -> Iterator[Member]:
    """Two files that show one variable of the kernel: of max by a hard link, of the buckets by a mount."""
    generation = KernelModel.of(snapshot).generation
    dialect = generation.dialect
    folder = f"{NET}/ipv4/netfilter" if dialect == "ip_conntrack" else f"{NET}/netfilter"
    alias = f"{NET}/ipv4/ip_conntrack_max" if dialect == "ip_conntrack" else f"{NET}/nf_conntrack_max"
    yield Member(f"{LAB}/dialect", f"{dialect}\n")
    yield Member(f"{LAB}/max", f"{folder}/{dialect}_max {alias}\n")
    parameter = f"/sys/module/{dialect}/parameters/hashsize"
    yield Member(f"{LAB}/buckets", f"{parameter} {folder}/{dialect}_buckets {generation.buckets_mode:o}\n")


# ------------------------------------------------------------------------------------------ userland, accounts, ssh


def _userland(row: Standin, snapshot: Snapshot) -> Iterator[Member]:
    release, machine = snapshot.facts["release"], snapshot.facts["machine"]
    cases = f"-r) echo {release} ;;\n-m) echo {machine} ;;\n*) echo {release} {machine} ;;\n"
    said = f"#!/bin/sh\ncase ${{1-}} in\n{cases}esac\n"
    yield Member("/bin/uname", said, 0o755)
    for name in row.applets:
        yield Member(f"/bin/{name}", link=f"{LAB}/busybox")
    if not row.applets:
        yield Member("/bin/sh", link="bash")
        yield Member("/sbin/start_udev", _STUB, 0o755)
    modprobe = "/sbin/kmodloader" if row.host == "openwrt" else "/sbin/modprobe"
    if row.applets:
        # The name that the description links modprobe and sysctl to; the applets are links to the real one.
        dispatcher = _guest("busybox.sh", "/bin/busybox")
        yield replace(dispatcher, text=f"#!{LAB}/busybox sh\n{dispatcher.text}")
    if not row.applets or row.host == "openwrt":
        yield Member(modprobe, f'#!/bin/sh\nexec {LAB}/modprobe "$@"\n', 0o755)
    for folder in ("/dev", "/proc", "/lib64", "/usr/lib/x86_64-linux-gnu", "/root/.ssh", f"/home/{USER}/.ssh"):
        private = folder.endswith(".ssh")
        yield Member(folder, mode=0o700 if private else 0o755, directory=True, owner=1000 if USER in folder else 0)
    yield Member("/lib/x86_64-linux-gnu", link="/usr/lib/x86_64-linux-gnu")
    yield Member("/tmp", mode=0o1777, directory=True)
    yield Member("/etc/hosts", f"127.0.0.1 localhost {row.name}\n")


def _accounts(row: Standin) -> Iterator[Member]:
    accounts = (("root", 0, "/root", row.shell), (USER, 1000, f"/home/{USER}", row.shell))
    lines = [f"{name}:x:{number}:{number}::{home}:{shell}\n" for name, number, home, shell in accounts]
    yield Member("/etc/passwd", "".join(lines) + "sshd:x:74:74::/run/sshd:/sbin/nologin\n")
    yield Member("/etc/group", f"root:x:0:\n{USER}:x:1000:\nsshd:x:74:\n")
    yield Member("/etc/shadow", f"root:{_CRYPTED}:19000::::::\n{USER}:*:19000::::::\nsshd:*:19000::::::\n", 0o600)
    yield Member("/etc/shells", f"{row.shell}\n/bin/sh\n")
    checked = "auth sufficient pam_rootok.so\nauth required pam_unix.so\naccount required pam_permit.so\n"
    yield Member("/etc/pam.d/su", checked + "session required pam_permit.so\n")
    for service in ("other", "sudo"):
        yield Member(f"/etc/pam.d/{service}", _PERMIT)
    if row.sudo:
        sudoers = f"Defaults requiretty\nroot ALL=(ALL) ALL\n{USER} ALL=(ALL) NOPASSWD: ALL\n"
        yield Member("/etc/sudoers", sudoers, 0o440)


def _ssh(row: Standin) -> Iterator[Member]:
    if not row.sshd:
        yield Member("/etc/dropbear", mode=0o700, directory=True)
        return
    common = ("PermitRootLogin prohibit-password", "PasswordAuthentication no", "UsePAM no", "PrintMotd no")
    yield Member(f"{LAB}/sshd_config", "".join(line + "\n" for line in (*row.sshd, *common)), 0o600)
    yield Member("/run/sshd", mode=0o755, directory=True)
    yield Member("/etc/ssh", mode=0o755, directory=True)


def _lab(row: Standin) -> Iterator[Member]:
    for name in ("modules", "modprobe", "boot"):
        yield _guest(f"{name}.sh", f"{LAB}/{name}")
    if not row.applets:
        yield _guest("firewall.sh", f"{LAB}/firewall")
        yield _guest("iptables-restore.sh", "/sbin/iptables-restore")
    if row.host == "openwrt":
        yield _guest("rc.common.sh", "/etc/rc.common")


def _guest(name: str, path: str) -> Member:
    return Member(path, (GUEST / name).read_text(encoding="utf-8"), 0o755)


def folders(paths: Iterable[str]) -> list[str]:
    """Every folder above these paths, the highest first."""
    above = {str(parent) for path in paths for parent in Path(path).parents if str(parent) != "."}
    return sorted(above)
