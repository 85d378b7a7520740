# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many buckets the table gets, and why."""

from __future__ import annotations

import math

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import OptionError, RefusedError
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_size import bucket_limit
from ansible_collections.stateward.conntrack.plugins.module_utils._options import KEEP
from ansible_collections.stateward.conntrack.plugins.module_utils._sizing_memory import entries_within
from ansible_collections.stateward.conntrack.plugins.module_utils._sizing_model import (
    Machine,
    Request,
    Step,
    in_mib,
    show_number,
)


def choose_hashsize(request: Request, machine: Machine, entries: int | None) -> Step:
    """The bucket count to set, as the kernel will round it.

    entries: that the table is made for, None if the kernel chooses.
    Raises OptionError for a number below 1, RefusedError for one above what the kernel accepts.
    """
    if request.hashsize == KEEP:
        return _kept(machine)
    if isinstance(request.hashsize, int):
        return _exact(machine, request.hashsize)
    if entries is None:
        return Step(None, ("hashsize is left to the kernel, like max: given alone it makes max eight times as large",))
    return _automatic(request, machine, entries)


def _kept(machine: Machine) -> Step:
    if machine.hashsize is None:
        return Step(None, ("hashsize is left to the kernel: it was asked to keep it and the module is not loaded",))
    return Step(machine.hashsize, (f"hashsize {machine.hashsize:,} is kept, as asked",))


def _exact(machine: Machine, wanted: int) -> Step:
    limit = bucket_limit(machine.version, machine.pointer_bits)
    if wanted < 1:
        raise OptionError(f"hashsize must be at least 1, not {wanted:,}.")
    rounded = machine.rounded(wanted)
    if rounded > limit:
        raise RefusedError(f"hashsize {wanted:,} is above {limit:,}, the most that this kernel accepts.")
    if rounded == wanted:
        return Step(wanted, (f"hashsize {wanted:,} is what was asked for",))
    return Step(rounded, (f"hashsize {wanted:,} asked, the kernel makes {rounded:,} of it {_multiples(machine)}",))


def _multiples(machine: Machine) -> str:
    return f"(multiples of {machine.rounded(1):,})"


def _useful_entries(request: Request, machine: Machine, entries: int) -> int:
    """The entries to make buckets for: buckets take their memory at once, so none for a max that no RAM can fill."""
    half = machine.kernel_memory // 2
    if not half:
        return entries
    return max(1, min(entries, entries_within(half, request, machine)))


def _automatic(request: Request, machine: Machine, entries: int) -> Step:
    useful = _useful_entries(request, machine, entries)
    limit = bucket_limit(machine.version, machine.pointer_bits)
    largest = limit // machine.rounded(1) * machine.rounded(1)
    wanted = math.ceil(min(useful / request.entries_per_bucket, largest))
    rounded = machine.rounded(wanted)
    what = f"{useful:,} entries" if useful == entries else f"{useful:,} entries, all that half of the RAM can hold,"
    ratio = f"{what} / {show_number(request.entries_per_bucket)} per bucket"
    more = f", of which the kernel makes {rounded:,} {_multiples(machine)}" if rounded != wanted else ""
    reason = f"hashsize: {ratio} = {wanted:,} buckets{more}"
    if machine.hashsize is None or machine.hashsize <= rounded or request.allow_lower:
        return Step(rounded, (reason,))
    extra = (machine.hashsize - rounded) * machine.bucket_bytes
    kept = f"hashsize stays {machine.hashsize:,}: more buckets only cost memory, here {in_mib(extra)}"
    return Step(machine.hashsize, (reason, kept))
