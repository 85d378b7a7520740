# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two keys of which the kernel takes no low value above the high one (nf_conntrack_reasm.c, since 3.17)."""

from __future__ import annotations

from typing import Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import OptionError

LOW, HIGH = "setting:frag6_low_thresh", "setting:frag6_high_thresh"
# IPV6_FRAG_LOW_THRESH and IPV6_FRAG_HIGH_THRESH of include/net/ipv6.h, since 3.9.
DEFAULTS: Mapping[str, int] = {LOW: 3 * 1024 * 1024, HIGH: 4 * 1024 * 1024}


def check_thresholds(wanted: Mapping[str, int], present: Mapping[str, int]) -> None:
    """Raise OptionError when the kernel would refuse what is wanted. By canonical key, in bytes."""
    both = {**DEFAULTS, **present, **wanted}
    if (LOW in wanted or HIGH in wanted) and both[LOW] > both[HIGH]:
        raise OptionError(
            f"settings: the kernel takes no frag6_low_thresh ({both[LOW]}) above frag6_high_thresh ({both[HIGH]}). "
            "Give both, the low one not above the high one."
        )


def in_order(keys: list[str], wanted: Mapping[str, int], present: Mapping[str, int]) -> list[str]:
    """The keys, of these two the one first that has its place under the present values."""
    if LOW not in keys or HIGH not in keys:
        return keys
    grows = wanted[HIGH] >= {**DEFAULTS, **present}[HIGH]
    first, second = (HIGH, LOW) if grows else (LOW, HIGH)
    others = [key for key in keys if key != second]
    place = others.index(first) + 1
    return [*others[:place], second, *others[place:]]
