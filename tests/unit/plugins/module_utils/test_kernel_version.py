# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import UnsupportedHostError
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_version import (
    is_after,
    kernel_family,
    kernel_version,
    show_version,
)


@pytest.mark.parametrize(
    ("release", "version", "family"),
    [
        ("2.4.21-63.EL", (2, 4, 21, 63), ""),
        ("2.4.32", (2, 4, 32), ""),
        ("2.6.9-89.EL", (2, 6, 9, 89), ""),
        ("2.6.18-274.7.1.el5", (2, 6, 18, 274), "el5"),
        ("2.6.18-274.7.1.el5PAE", (2, 6, 18, 274), "el5"),
        ("2.6.18-8.el5xen", (2, 6, 18, 8), "el5"),
        ("2.6.32-642.6.2.el6.x86_64", (2, 6, 32, 642), "el6"),
        ("2.6.32.70", (2, 6, 32, 70), ""),
        ("3.10.0-1160.el7.x86_64", (3, 10, 0, 1160), "el7"),
        ("4.18.0-240.el8.x86_64", (4, 18, 0, 240), "el8"),
        ("4.18.0-240.el8_3.x86_64", (4, 18, 0, 240), "el8"),
        ("5.14.0-427.13.1.el9_4.aarch64", (5, 14, 0, 427), "el9"),
        ("6.12.0-55.9.1.el10_0.x86_64", (6, 12, 0, 55), "el10"),
        ("5.15.0-25-generic", (5, 15, 0, 25), ""),
        ("6.1.0-32-amd64", (6, 1, 0, 32), ""),
        ("6.18.44-fc-v657", (6, 18, 44), ""),
        ("6.18-rc1", (6, 18, 0), ""),
    ],
)
def test_release_strings(release: str, version: tuple[int, ...], family: str) -> None:
    assert kernel_version(release) == version
    assert kernel_family(release) == family


@pytest.mark.parametrize("release", ["5.15.0-100.96.32.el8uek.x86_64", "6.1.10-1.el9.elrepo.x86_64"])
def test_a_newer_kernel_packaged_for_a_red_hat_system_is_none_of_that_family(release: str) -> None:
    assert kernel_family(release) == ""


@pytest.mark.parametrize("release", ["", "unknown", "v6.1"])
def test_a_release_without_numbers_is_refused(release: str) -> None:
    with pytest.raises(UnsupportedHostError, match="does not start with a version number"):
        kernel_version(release)


def test_a_patch_release_is_not_after_its_series() -> None:
    assert not is_after((5, 15, 30), (5, 15))
    assert is_after((5, 16, 0), (5, 15))
    assert show_version((4, 18, 0, 240)) == "4.18.0"
