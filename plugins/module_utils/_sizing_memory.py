# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the table costs in memory that cannot be swapped, and how much of it is too much."""

from __future__ import annotations

import math
from typing import Iterator

from ansible_collections.stateward.conntrack.plugins.module_utils._argument_spec import AUTO
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import RefusedError
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_size import TableSize
from ansible_collections.stateward.conntrack.plugins.module_utils._sizing_model import (
    Machine,
    Request,
    Step,
    in_mib,
    show_number,
)


def memory_limit(request: Request, machine: Machine) -> int | None:
    """Bytes that a full table may take: the limit given, else the profile's share of RAM; None if RAM is not known."""
    if request.memory_limit is not None:
        return request.memory_limit
    return int(machine.kernel_memory * request.memory_share) if machine.kernel_memory > 0 else None


def entries_within(bound: int, request: Request, machine: Machine) -> int:
    """The max whose table, with buckets by the ratio and rounded, takes no more than bound bytes; may be negative."""
    per_entry = machine.entry.bytes + machine.bucket_bytes / request.entries_per_bucket
    return math.floor((bound - machine.page_size) / per_entry)


def explain_limit(request: Request, machine: Machine, limit: int | None) -> Step:
    if limit is None:
        return Step(None, ("memory limit: none, the amount of RAM is not known",))
    if request.memory_limit is not None:
        return Step(None, (f"memory limit: {in_mib(limit)}, as given",))
    if request.memory_share >= 1:
        return Step(None, ("memory limit: none is asked for",))
    share = f"{show_number(request.memory_share * 100)} % of {_ram(machine)} (profile {request.profile})"
    return Step(None, (f"memory limit: {share} = {in_mib(limit)}",))


def _ram(machine: Machine) -> str:
    low = " that a 32-bit kernel can use for itself" if machine.kernel_memory < machine.memory_bytes else " of RAM"
    return in_mib(machine.kernel_memory) + low


def check_memory(request: Request, machine: Machine, size: TableSize, limit: int | None) -> Step:
    """The cost of the table. Raises RefusedError when what was asked for is above a bound and force was not given."""
    buckets = size.buckets * machine.bucket_bytes
    cost = machine.table_bytes(size)
    parts = f"{size.buckets:,} buckets x {machine.bucket_bytes}"
    if size.max:
        parts = f"{size.max:,} entries x {machine.entry.bytes} bytes ({machine.entry.source}) + {parts}"
    reasons = (
        (f"memory when full: {parts} = {in_mib(cost)}",) if size.max else (f"buckets: {parts} = {in_mib(buckets)}",)
    )
    over = tuple(_over_bounds(request, machine, size))
    if over and not request.force:
        raise RefusedError(" ".join([*over, *_ways_out(request, machine, size)]))
    if over or limit is None or cost <= limit:
        return Step(None, reasons, over)
    what = f"max {size.max:,}" if size.max else f"hashsize {size.buckets:,}"
    warning = f"{what} takes {in_mib(cost)} when full, above the memory limit of {in_mib(limit)}."
    return Step(None, reasons, (warning,))


def _bounds(request: Request, machine: Machine) -> Iterator[tuple[int, str]]:
    if request.memory_limit is not None:
        yield request.memory_limit, f"the memory_limit of {in_mib(request.memory_limit)}"
    if machine.kernel_memory > 0:
        yield machine.kernel_memory // 2, f"half of the {_ram(machine)}"


def _asked(request: Request, machine: Machine, size: TableSize) -> tuple[int, str]:
    """The memory that the numbers of the user stand for; what is computed or kept is not charged to them."""
    if isinstance(request.max, int):
        return machine.table_bytes(size), f"max {size.max:,} with {size.buckets:,} buckets"
    if isinstance(request.hashsize, int):
        return size.buckets * machine.bucket_bytes, f"hashsize {size.buckets:,}"
    return 0, ""


def _over_bounds(request: Request, machine: Machine, size: TableSize) -> Iterator[str]:
    cost, what = _asked(request, machine, size)
    for bound, name in _bounds(request, machine):
        if cost > bound:
            yield f"{what} takes {in_mib(cost)} of unswappable memory when full, above {name}."


def _ways_out(request: Request, machine: Machine, size: TableSize) -> Iterator[str]:
    fitting = _fitting_entries(request, machine, size)
    if fitting > 0:
        yield f"{fitting:,} entries fit."
    raising = ", raise memory_limit" if request.memory_limit is not None else ""
    yield f"Ask for less{raising}, or allow it with force=true."


def _fitting_entries(request: Request, machine: Machine, size: TableSize) -> int:
    """The max that stays within every bound with this ratio, or with these buckets where they do not follow max."""
    if not isinstance(request.max, int):
        return 0
    bound = min(bound for bound, _name in _bounds(request, machine))
    if request.hashsize == AUTO and machine.hashsize != size.buckets:
        return entries_within(bound, request, machine)
    return (bound - size.buckets * machine.bucket_bytes) // machine.entry.bytes
