# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How large the table shall be, what it costs and what follows from it. Pure: same host and request, same answer."""

from __future__ import annotations

from ansible_collections.stateward.conntrack.plugins.module_utils._argument_spec import AUTO
from ansible_collections.stateward.conntrack.plugins.module_utils._chains import chain_window, refused_share
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_size import (
    TableSize,
    bucket_limit,
    loaded_size,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._sizing_buckets import choose_hashsize
from ansible_collections.stateward.conntrack.plugins.module_utils._sizing_max import automatic_target, choose_max
from ansible_collections.stateward.conntrack.plugins.module_utils._sizing_memory import (
    check_memory,
    explain_limit,
    memory_limit,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._sizing_model import (
    Machine,
    Request,
    Sizing,
    Step,
    power_of_two_above,
)

__all__ = ["Machine", "Request", "Sizing", "size_table"]

# A full table that refuses more than one new connection in a thousand is worth a warning.
_TOLERATED_SHARE = 0.001


def size_table(request: Request, machine: Machine) -> Sizing:
    """The sizes to set, with a reason for each step.

    Raises OptionError for a number that no kernel takes. Raises RefusedError, unless force, for a max below the entries
    in use and for numbers above the memory limit given or half of RAM; always for more buckets than the kernel accepts.
    """
    limit = memory_limit(request, machine)
    chosen = choose_max(request, machine, limit)
    buckets = choose_hashsize(request, machine, _basis(request, machine, chosen.value, limit))
    size = _in_force(machine, chosen.value, buckets.value)
    steps = (
        explain_limit(request, machine, limit),
        chosen,
        buckets,
        check_memory(request, machine, size, limit),
        _explain_max(chosen.value, buckets.value, size),
        _check_chains(machine, size),
    )
    load_factor = 2 * size.max / size.buckets if size.max else None
    return Sizing(
        max=chosen.value,
        hashsize=buckets.value,
        entry_bytes=machine.entry.bytes,
        memory_bytes=machine.table_bytes(size) if size.max else None,
        memory_limit_bytes=limit,
        load_factor=load_factor,
        reasons=tuple(line for step in steps for line in step.reasons),
        warnings=tuple(line for step in steps for line in step.warnings),
    )


def _basis(request: Request, machine: Machine, chosen: int | None, limit: int | None) -> int | None:
    """The entries to make buckets for: max, and where that is 0 (no limit) what C(auto) would come to."""
    unlimited = chosen == 0 and request.hashsize == AUTO
    return automatic_target(request, machine, limit).value if unlimited else chosen


def _in_force(machine: Machine, chosen: int | None, buckets: int | None) -> TableSize:
    """The table as it will be: what is left to the kernel is what the kernel makes of it at load."""
    loaded = loaded_size(
        buckets,
        memory_bytes=machine.memory_bytes,
        pointer_bits=machine.pointer_bits,
        page_size=machine.page_size,
        version=machine.version,
        family=machine.family,
    )
    return TableSize(loaded.max if chosen is None else chosen, loaded.buckets if buckets is None else buckets)


def _explain_max(chosen: int | None, buckets: int | None, size: TableSize) -> Step:
    if size.max == 0:
        return Step(None, (), ("max is 0, which means no limit: the table may grow until memory is used up.",))
    if chosen is None and buckets is not None:
        eightfold = f"max is left to the kernel: at load it makes {size.max:,} of hashsize {buckets:,}, 8 per bucket."
        return Step(None, (), (eightfold,))
    return Step(None)


def _check_chains(machine: Machine, size: TableSize) -> Step:
    window = chain_window(machine.version, machine.family)
    share = refused_share(2 * size.max / size.buckets, window)
    if window is None or share <= _TOLERATED_SHARE:
        return Step(None)
    enough = _enough_buckets(machine, size, window)
    possible = enough <= bucket_limit(machine.version, machine.pointer_bits)
    cure = f"{enough:,} buckets avoid it" if possible else "Lower max"
    warning = (
        f"A full table of {size.max:,} entries in {size.buckets:,} buckets refuses {100 * share:.2g} % of new "
        f"connections, with no line in the log: this kernel limits a chain to {window[0]} to {window[1]} entries. "
        f"{cure}."
    )
    return Step(None, (), (warning,))


def _enough_buckets(machine: Machine, size: TableSize, window: tuple[int, int]) -> int:
    """The smallest power of two of buckets, rounded, with which a full table refuses next to nothing."""
    enough = power_of_two_above(size.buckets)
    while refused_share(2 * size.max / enough, window) > _TOLERATED_SHARE:
        enough *= 2
    return machine.rounded(enough)
