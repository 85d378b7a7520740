# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host shall have: the size of the table and every value that profile and task want, as far as can be had."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Iterator, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._boot.modprobe import load_config
from ansible_collections.stateward.conntrack.plugins.module_utils._boot.readers import file_assignments, owned_lines
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_keys import (
    default_value,
    find_key,
    missing_reason,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._names import short_name, sysctl_names
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import HASHSIZE, MAX, Observed
from ansible_collections.stateward.conntrack.plugins.module_utils._options import KEEP, Options
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.sysctl import kernel_int
from ansible_collections.stateward.conntrack.plugins.module_utils._profiles import Profile, find_profile
from ansible_collections.stateward.conntrack.plugins.module_utils._released import find_released
from ansible_collections.stateward.conntrack.plugins.module_utils._sizing import size_table
from ansible_collections.stateward.conntrack.plugins.module_utils._sizing_model import Machine, Request, Sizing
from ansible_collections.stateward.conntrack.plugins.module_utils._thresholds import check_thresholds
from ansible_collections.stateward.conntrack.plugins.module_utils._ways import writes_values


@dataclass(frozen=True)
class Skipped:
    """Something that was asked for and is not done.

    name: as people call it; asked: by the task itself, not only by the profile.
    """

    name: str
    reason: str
    asked: bool


@dataclass(frozen=True)
class Desired:
    """What shall be true.

    values: by canonical key, in the order of the files we write (sizes first); a size that is kept is in it only where
    it has to be written down, see _is_written(). skipped: what was wanted and cannot be had here. released: what the
    running kernel gets back because our files had it and nobody wants it any more, see _released.
    """

    values: Mapping[str, int]
    sizing: Sizing
    skipped: tuple[Skipped, ...]
    released: Mapping[str, int] = field(default_factory=dict)

    @property
    def running(self) -> dict[str, int]:
        """Everything that the running kernel shall have."""
        return {**self.values, **self.released}

    @property
    def warnings(self) -> tuple[str, ...]:
        asked = (f"{item.name} is left as it is: {item.reason}." for item in self.skipped if item.asked)
        return (*self.sizing.warnings, *asked)


def find_desired(options: Options, observed: Observed) -> Desired:
    """The desired state.

    Raises RefusedError for a size that is refused without force, OptionError for an unknown profile and for values that
    the kernel does not take together.
    """
    profile = find_profile(options.profile)
    wanted = _wanted(options, profile)
    held = held_sizes(observed)
    machine = _machine(options, observed, held)
    released = find_released(observed, wanted) if options.runtime and writes_values(options.persist) else {}
    sizing = size_table(_request(options, observed, profile, {**released, **wanted}), machine)
    sizes = {MAX: sizing.max, HASHSIZE: sizing.hashsize}
    written = {key: value for key, value in sizes.items() if value is not None and _is_written(options, key, held)}
    everything = {**written, **wanted}
    skipped = tuple(_skipped(options, observed, everything))
    out_of_reach = {item.name for item in skipped}
    values = {key: value for key, value in everything.items() if _label(key) not in out_of_reach}
    check_thresholds(values, observed.values)
    # Without any value our file stays as it is.
    return Desired(values, sizing, skipped, released if values else {})


def _is_written(options: Options, key: str, held: Mapping[str, int]) -> bool:
    """Whether a size is ours.

    That is: asked for, or kept and in our files already, or the max that a number of buckets needs beside it: given
    alone at load, that number makes max eight times as large.
    """
    asked = {HASHSIZE: options.hashsize != KEEP, MAX: options.max != KEEP}
    buckets = asked[HASHSIZE] or HASHSIZE in held
    return buckets if key == HASHSIZE else asked[MAX] or MAX in held or buckets


def held_sizes(observed: Observed) -> dict[str, int]:
    """The sizes that our files have from an earlier run, by canonical key.

    They are in our module option, then in our sysctl file or block.
    """
    return dict([*_from_option(observed), *_from_sysctl(observed)])


def _from_option(observed: Observed) -> Iterator[tuple[str, int]]:
    snapshot = observed.snapshot
    config = load_config(observed.platform.modprobe, snapshot, observed.dialect, observed.version)
    for option in config.options:
        if option.value is not None and option.line in owned_lines(option.path, snapshot.text(option.path) or ""):
            yield HASHSIZE, option.value


def _from_sysctl(observed: Observed) -> Iterator[tuple[str, int]]:
    names = sysctl_names(observed)
    for line in file_assignments(observed.platform.boot.sysctl_path, observed.snapshot, only_block=True):
        key, value = names.get(line.key, ""), kernel_int(line.value)
        if key in (MAX, HASHSIZE) and value is not None:
            yield key, value


def _machine(options: Options, observed: Observed, held: Mapping[str, int]) -> Machine:
    """What is kept while the module is not loaded: what our files say, else what the kernel will make of it."""
    machine = machine_of(observed)
    if observed.active:
        return machine
    default = machine.default.max if options.hashsize != KEEP else None
    kept = {MAX: held.get(MAX, default), HASHSIZE: held.get(HASHSIZE)}
    wish = {MAX: options.max, HASHSIZE: options.hashsize}
    current = {key: value if wish[key] == KEEP else None for key, value in kept.items()}
    return replace(machine, max=current[MAX], hashsize=current[HASHSIZE])


def _wanted(options: Options, profile: Profile) -> dict[str, int]:
    """Timeouts and settings by canonical key: the profile's, overridden by the task's."""
    timeouts = {**profile.timeouts, **options.timeouts}
    settings = {**profile.settings, **options.settings}
    return {
        **{f"timeout:{name}": value for name, value in timeouts.items()},
        **{f"setting:{name}": value for name, value in settings.items()},
    }


def _label(key: str) -> str:
    """How a skipped key is named in the result: as the option names it, with the group where two keys share a word."""
    return key if key in ("timeout:tcp_max_retrans", "setting:tcp_max_retrans") else short_name(key)


def _skipped(options: Options, observed: Observed, wanted: Mapping[str, int]) -> Iterator[Skipped]:
    for key, value in wanted.items():
        reason = _missing(observed, key) or _blocked(observed, key, value)
        if reason:
            yield Skipped(_label(key), reason, _asked(options, key))


def _missing(observed: Observed, key: str) -> str:
    """Why this kernel has no such key; empty when it has it, or will have it once the module is loaded."""
    if key in (MAX, HASHSIZE) or key in observed.paths:
        return ""
    group, _colon, name = key.partition(":")
    by_version = missing_reason(find_key(group, name), observed.version, observed.dialect, observed.family)
    if by_version or not observed.active:
        return by_version
    return "this kernel was built without it, or the module that has it is not loaded"


def _blocked(observed: Observed, key: str, value: int) -> str:
    """Why a key that is there cannot be set; empty when it can, or when it has the value already."""
    block = observed.blocked.get(key)
    if block is None or (observed.values.get(key) == value and not block.elsewhere):
        return ""
    return block.reason


def _asked(options: Options, key: str) -> bool:
    group, _colon, name = key.partition(":")
    sizes = {MAX: options.max, HASHSIZE: options.hashsize}
    if key in sizes:
        return isinstance(sizes[key], int) or (key == MAX and bool(options.connections or options.connection_rate))
    return name in (options.timeouts if group == "timeout" else options.settings)


def _lifetime(observed: Observed, profile: Profile, wanted: Mapping[str, int]) -> int:
    """Seconds an entry of a short connection stays, under the timeouts that will be in force."""
    key = f"timeout:{profile.lifetime}"
    known = wanted.get(key, observed.values.get(key))
    if known is not None:
        return known
    return default_value(find_key("timeout", profile.lifetime), observed.version, observed.family) or 0


def _request(options: Options, observed: Observed, profile: Profile, wanted: Mapping[str, int]) -> Request:
    elsewhere = any(observed.blocked[key].elsewhere for key in (MAX, HASHSIZE) if key in observed.blocked)
    return Request(
        profile=options.profile,
        max=KEEP if elsewhere else options.max,
        hashsize=KEEP if elsewhere else options.hashsize,
        entries_per_bucket=options.entries_per_bucket or profile.entries_per_bucket,
        memory_limit=options.memory_limit.resolve(observed.memory_bytes) if options.memory_limit else None,
        memory_share=profile.memory_share,
        headroom=options.headroom,
        connections=options.connections,
        connection_rate=options.connection_rate,
        lifetime_seconds=_lifetime(observed, profile, wanted),
        lifetime_name=profile.lifetime,
        floor=profile.floor(observed.memory_bytes, observed.cpus),
        allow_lower=options.allow_lower,
        force=options.force,
    )


def machine_of(observed: Observed) -> Machine:
    """What sizing has to know of a host."""
    return Machine(
        version=observed.version,
        family=observed.family,
        memory_bytes=observed.memory_bytes,
        pointer_bits=observed.pointer_bits,
        page_size=observed.page_size,
        entry=observed.entry,
        max=observed.values.get(MAX),
        hashsize=observed.values.get(HASHSIZE),
        count=observed.count or 0,
    )
