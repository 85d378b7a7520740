# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernel a release string names: its numbers, and the Red Hat line that it belongs to."""

from __future__ import annotations

import re
from typing import Mapping, Tuple

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import UnsupportedHostError

Version = Tuple[int, ...]

_RELEASE = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?(?:[.-](\d+))?")
_EL = re.compile(r"\.(el\d+)")

# The kernel of each Red Hat line: its number stays, features of later kernels come in by build number. A newer kernel
# packaged for the same system (UEK, ELRepo) carries the same .elN but another base, and behaves as its own number says.
_BASES: Mapping[str, Version] = {
    "el5": (2, 6, 18),
    "el6": (2, 6, 32),
    "el7": (3, 10, 0),
    "el8": (4, 18, 0),
    "el9": (5, 14, 0),
    "el10": (6, 12, 0),
}

# A build that is not in the release string counts as the newest one.
_NEWEST_BUILD = 1 << 30


def kernel_version(release: str) -> Version:
    """The numbers of C(uname -r): three of the version and, where there is one, the distribution's build number.

    C(4.18.0-240.el8.x86_64) is (4, 18, 0, 240), C(6.18-rc1) is (6, 18, 0). Raises UnsupportedHostError for a string
    without a version.
    """
    match = _RELEASE.match(release)
    if not match:
        raise UnsupportedHostError(f"The kernel release {release!r} does not start with a version number.")
    major, minor, patch, build = match.groups()
    numbers = (int(major), int(minor), int(patch or 0))
    return numbers if build is None else (*numbers, int(build))


def kernel_family(release: str) -> str:
    """C(el5) to C(el10) for a kernel of Red Hat and its rebuilds, else empty. Raises as kernel_version does."""
    match = _EL.search(release)
    family = match.group(1) if match else ""
    return family if _BASES.get(family) == kernel_version(release)[:3] else ""


def build_number(version: Version) -> int:
    """The distribution's build number of a version; one that is not known counts as the newest."""
    return version[3] if len(version) > 3 else _NEWEST_BUILD


def is_after(version: Version, last: Version) -> bool:
    """Whether version is later than every release of the series last: 5.15.30 is not after (5, 15)."""
    return version[: len(last)] > last


def show_version(version: Version) -> str:
    """The version as people write it, without the build number."""
    return ".".join(str(number) for number in version[:3])
