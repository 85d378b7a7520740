# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Root images: made by one mmdebstrap call, kept in the cache under a hash of everything that goes into them."""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from . import uml
from .errors import LabError
from .roots import Root
from .settings import Settings
from .shell import run
from .ssh import ensure_key
from .state import locked

GUEST = Path(__file__).resolve().parent.parent / "guest"
RECIPE = 1  # raise it when this file changes what an image holds
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
DISK_SIZE = "3G"  # sparse
BUILD_TIMEOUT = 1800
# mmdebstrap and all that it starts are a process namespace that ends with this tool, even if that is killed.
ENDED_WITH_US = ("setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
# Documentation and translations: half of the size, nothing that the lab looks at.
EXCLUDED = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*")
# Only what every e2fsprogs and every kernel from 5.10 knows, whatever the machine's own mkfs would choose.
EXT4_FEATURES = (
    "none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file,"
    "dir_nlink,extra_isize,metadata_csum"
)


@dataclass(frozen=True)
class ImageRequest:
    """Everything that an image is made of; the hash of it is the image's name."""

    root: Root
    kind: str
    public_key: str
    module_version: str  # of user-mode Linux; empty where the root has its own kernel

    @property
    def prefix(self) -> str:
        return f"{self.root.name}.{self.kind}"

    def name(self) -> str:
        parts = [RECIPE, EXCLUDED, EXT4_FEATURES, DISK_SIZE, asdict(self), overlay_digests(self.root.overlays)]
        return f"{self.prefix}.{hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]}"


def overlay_digests(overlays: tuple[str, ...]) -> list[tuple[str, bool, str]]:
    """Path, executable or not, and content of every file that is laid over the root."""
    files = [path for overlay in overlays for path in sorted((GUEST / overlay).rglob("*")) if path.is_file()]
    return [
        (str(path.relative_to(GUEST)), bool(path.stat().st_mode & 0o100), hashlib.sha256(path.read_bytes()).hexdigest())
        for path in files
    ]


def request_image(settings: Settings, root: Root, kind: str) -> ImageRequest:
    version = uml.kernel_version() if kind == "uml" else ""
    return ImageRequest(root=root, kind=kind, public_key=ensure_key(settings), module_version=version)


def ensure_image(settings: Settings, request: ImageRequest) -> tuple[Path, bool]:
    """The image's folder (disk.ext4, for qemu also kernel and initrd), and whether it had to be built now."""
    final = settings.images / request.name()
    if final.is_dir():
        return final, False
    with locked(settings.images / f"{request.prefix}.lock"):
        if final.is_dir():
            return final, False
        remove_unfinished(settings, request)
        work = Path(tempfile.mkdtemp(prefix=f"{request.prefix}.tmp.", dir=settings.images))
        try:
            build(settings, request, work)
            work.chmod(0o755)
            work.rename(final)
        finally:
            remove_tree(work)
    return final, True


def build(settings: Settings, request: ImageRequest, work: Path) -> None:
    tree = work / "tree"
    stage_files(request, work / "stage")
    run([*ENDED_WITH_US, *mmdebstrap_argv(settings.mirror, request, work)], timeout=BUILD_TIMEOUT)
    if request.root.kernels[request.kind]:
        for kept, pattern in (("kernel", "vmlinuz-*"), ("initrd", "initrd.img-*")):
            shutil.copyfile(next((tree / "boot").glob(pattern)), work / kept)
    (work / "description.json").write_text(json.dumps(asdict(request), indent=2) + "\n", encoding="utf-8")
    with open(work / "disk.ext4", "wb"):
        pass
    run(
        ["mkfs.ext4", "-q", "-O", EXT4_FEATURES, "-d", str(tree), str(work / "disk.ext4"), DISK_SIZE],
        timeout=BUILD_TIMEOUT,
    )
    (work / "disk.ext4").chmod(0o444)
    remove_tree(tree)
    remove_tree(work / "stage")


def stage_files(request: ImageRequest, stage: Path) -> None:
    """Lay out everything that is copied over the root: overlays, ssh key, the kernel's modules."""
    for overlay in request.root.overlays:
        shutil.copytree(GUEST / overlay, stage, symlinks=True, dirs_exist_ok=True)
    keys = stage / "root" / ".ssh" / "authorized_keys"
    keys.parent.mkdir(parents=True)
    keys.write_text(request.public_key + "\n", encoding="ascii")
    if request.module_version:
        modules = Path("usr/lib/modules") / request.module_version
        shutil.copytree(uml.MODULES / request.module_version, stage / modules, symlinks=True)


def mmdebstrap_argv(mirror: str, request: ImageRequest, work: Path) -> list[str]:
    """The whole image as one command. Only the main archive: an old release's others list what is gone."""
    root = request.root
    packages = [*root.packages, *filter(None, [root.kernels[request.kind]])]
    # tar keeps the modes of folders that are there already, and makes root the owner of everything.
    lay_over = f"tar -C {shlex.quote(str(work / 'stage'))} --owner=0 --group=0 --mode=go-w -c ."
    hooks = [f'{lay_over} | tar -C "$1" --no-overwrite-dir -x']
    if request.module_version:
        hooks.append(f'depmod -b "$1" {request.module_version}')
    hooks += [f'chroot "$1" sh -c {shlex.quote(command)}' for command in root.commands]
    return [
        *("mmdebstrap", "--mode=root", "--format=directory", f"--variant={root.variant}", *root.options),
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in EXCLUDED),
        f"--include={','.join(packages)}",
        *(f"--customize-hook={hook}" for hook in hooks),
        *(root.suite, str(work / "tree"), f"deb [signed-by={KEYRING}] {mirror} {root.suite} main"),
    ]


def remove_tree(path: Path) -> None:
    """Delete a folder of ours. Raises LabError if something is mounted below it, which must not be deleted through."""
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    if any(line.split()[4].startswith(f"{path}/") for line in mounts):
        raise LabError(f"Something is mounted below {path}: unmount it first.")
    if path.exists():
        shutil.rmtree(path)


def remove_unfinished(settings: Settings, request: ImageRequest) -> None:
    """What a build that was killed left behind; its lock is ours now, so nobody is working there."""
    for path in settings.images.glob(f"{request.prefix}.tmp.*"):
        remove_tree(path)
