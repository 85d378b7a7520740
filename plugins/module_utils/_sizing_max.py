# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many entries the table may hold, and why."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Iterator

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import OptionError, RefusedError
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_size import TableSize
from ansible_collections.stateward.conntrack.plugins.module_utils._options import KEEP
from ansible_collections.stateward.conntrack.plugins.module_utils._sizing_model import (
    Machine,
    Request,
    Step,
    in_mib,
    power_of_two_above,
    show_number,
)


@dataclass(frozen=True)
class Target:
    """What C(auto) comes to before it looks at the value in force: entries, and how it got there."""

    value: int
    reasons: tuple[str, ...]


LARGEST_MAX = (1 << 31) - 1  # more is EINVAL; 0 means no limit up to 6.18 and is EINVAL in 7.2
_LARGEST_POWER = 1 << 30
_SMALLEST_AUTO = 1024  # no memory limit makes a table smaller than this


def choose_max(request: Request, machine: Machine, limit: int | None) -> Step:
    """The size to set. limit: bytes that the full table may take, None if RAM is not known.

    Raises OptionError for a number that no kernel takes, RefusedError for one that needs force.
    """
    if request.max == KEEP:
        return _kept(machine)
    if isinstance(request.max, int):
        return _exact(request, machine, request.max)
    return _automatic(request, machine, limit)


def _kept(machine: Machine) -> Step:
    if machine.max is None:
        return Step(None, ("max is left to the kernel: it was asked to keep it and the module is not loaded",))
    return Step(machine.max, (f"max {machine.max:,} is kept, as asked",))


def _exact(request: Request, machine: Machine, wanted: int) -> Step:
    if not 1 <= wanted <= LARGEST_MAX:
        raise OptionError(f"max must be a number from 1 to {LARGEST_MAX:,}, not {wanted:,}.")
    reasons = (f"max {wanted:,} is what was asked for",)
    if wanted >= machine.count:
        return Step(wanted, reasons)
    below = f"max {wanted:,} is below the {machine.count:,} entries in use: new connections fail until enough end"
    if not request.force:
        raise RefusedError(f"{below}. Ask for {machine.count:,} or more, or allow it with force=true.")
    return Step(wanted, reasons, (f"{below}.",))


def automatic_target(request: Request, machine: Machine, limit: int | None) -> Target:
    """The largest need as a power of two, within the limit in bytes.

    Raises RefusedError, unless force, for a limit below any table.
    """
    figures = tuple(_figures(request, machine))
    largest = max(entries for entries, _why in figures)
    target = min(power_of_two_above(largest), _LARGEST_POWER)
    lines = (
        *(why for _entries, why in figures),
        f"the largest of these, rounded up to a power of two: {target:,} entries",
    )
    if limit is None:
        return Target(target, lines)
    capped = _cap(request, machine, target, limit)
    if capped == target:
        return Target(target, lines)
    cost = in_mib(_full_bytes(request, machine, target))
    cut = f"{target:,} entries would take {cost}, above the limit of {in_mib(limit)}: cut to {capped:,}"
    return Target(capped, (*lines, cut))


def _figures(request: Request, machine: Machine) -> Iterator[tuple[int, str]]:
    default = machine.default.max
    yield default, f"the kernel's own default with {in_mib(machine.memory_bytes)} of RAM: {default:,} entries"
    if request.floor:
        yield request.floor, f"the floor of the profile {request.profile}: {request.floor:,} entries"
    for need, what in _needs(request, machine):
        entries = math.ceil(need * request.headroom)
        yield entries, f"{what}, x headroom {show_number(request.headroom)}: {entries:,} entries"


def _needs(request: Request, machine: Machine) -> Iterator[tuple[int, str]]:
    if request.connections:
        yield request.connections, f"{request.connections:,} connections expected at the same time"
    if request.connection_rate:
        entries = request.connection_rate * request.lifetime_seconds
        lifetime = f"{request.lifetime_seconds:,} s ({request.lifetime_name})"
        yield entries, f"{request.connection_rate:,} new connections per second x {lifetime} = {entries:,}"
    if machine.count:
        yield machine.count, f"{machine.count:,} entries in use now"


def _unmet(request: Request, machine: Machine, entries: int) -> tuple[str, ...]:
    """A warning for each need that, with its headroom, is more than the entries; 0 entries: no limit."""
    unmet = [what for need, what in _needs(request, machine) if 0 < entries < need * request.headroom]
    return tuple(
        f"max {entries:,} is too small for the need ({what}, x headroom {show_number(request.headroom)}), but the "
        "memory limit leaves room for no more: raise memory_limit if the host has the memory."
        for what in unmet
    )


def _full_bytes(request: Request, machine: Machine, entries: int) -> int:
    """Memory of a full table of that many entries with the buckets that it would get."""
    buckets = request.hashsize if isinstance(request.hashsize, int) else math.ceil(entries / request.entries_per_bucket)
    return machine.table_bytes(TableSize(entries, machine.rounded(buckets)))


def _cap(request: Request, machine: Machine, target: int, limit: int) -> int:
    """The largest power of two up to target whose table fits into the limit."""
    entries = target
    while entries > _SMALLEST_AUTO and _full_bytes(request, machine, entries) > limit:
        entries //= 2
    least = _full_bytes(request, machine, entries)
    if request.memory_limit is not None and least > limit and not request.force:
        raise RefusedError(
            f"memory_limit is {in_mib(limit)}, but a table of only {entries:,} entries takes {in_mib(least)}. "
            "Raise memory_limit, lower hashsize, or override with force=true."
        )
    return entries


def _automatic(request: Request, machine: Machine, limit: int | None) -> Step:
    target = automatic_target(request, machine, limit)
    final = _not_lowered(machine, target.value)
    if request.allow_lower and final.value != target.value:
        final = _lowered(request, machine, target.value, limit)
    return Step(final.value, (*target.reasons, *final.reasons), _unmet(request, machine, final.value))


def _not_lowered(machine: Machine, target: int) -> Target:
    if machine.max == 0:
        return Target(0, (f"max stays 0, no limit: setting {target:,} would lower it (allow_lower=true does)",))
    if machine.max is None or machine.max <= target:
        return Target(target, ())
    why = f"max stays {machine.max:,}: it is larger than {target:,}, and lowering needs allow_lower=true"
    return Target(machine.max, (why,))


def _lowered(request: Request, machine: Machine, target: int, limit: int | None) -> Target:
    """From a larger value down to what twice the entries in use would need, never below the entries in use themselves.

    Lowered to the target at once, max would go down and up with a use that changes by less than a factor of two.
    """
    least = automatic_target(request, replace(machine, count=2 * machine.count), limit).value
    room = ", lowering leaves room for twice as many"
    if least < machine.count:
        least, room = power_of_two_above(machine.count), ""
    value = min(machine.max or least, least)
    if value == target:
        return Target(value, ())
    return Target(value, (f"max {value:,} instead of {target:,}: {machine.count:,} entries are in use{room}",))
