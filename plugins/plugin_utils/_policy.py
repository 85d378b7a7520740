# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the variables of a host leave to be done: running kernel, files, a reboot. Null is as good as not set."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.stateward.conntrack.plugins.module_utils._argument_spec import ALL

# What is read here: they count wherever a host is hardened, compared or reported on.
RUNTIME, PERSISTENCE, WAYS = "harden_runtime", "harden_persistence", "conntrack_persist"
# Only verify asks for it.
REBOOT = "conntrack_reboot"


def find_runtime(variables: Mapping[str, Any]) -> bool:
    """Whether the running kernel is to be changed. Raises ValueError for what is neither true nor false."""
    return _switch(variables, RUNTIME)


def find_persist(variables: Mapping[str, Any]) -> Any:
    """The persist of conntrack_tune, as it is set: everything where it is not, nothing without persistence.

    Raises ValueError where whether to persist is neither true nor false.
    """
    ways = variables.get(WAYS)
    if not _switch(variables, PERSISTENCE):
        return []
    return [ALL] if ways is None else ways


def find_reboot(variables: Mapping[str, Any]) -> bool:
    """Whether verify is to reboot the host. Raises ValueError for what is neither true nor false."""
    return _switch(variables, REBOOT, unset=False)


def _switch(variables: Mapping[str, Any], name: str, *, unset: bool = True) -> bool:
    value = variables.get(name)
    try:
        return unset if value is None else bool(boolean(value))
    except TypeError as error:
        raise ValueError(f"{name} must be true or false, not {value!r}") from error


# By the term of the lookup: two options of conntrack_tune, and what verify does besides.
WORK: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "runtime": find_runtime,
    "persist": find_persist,
    "reboot": find_reboot,
}
# What each of them reads; the others may be anything then.
WORK_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "runtime": (RUNTIME,),
    "persist": (PERSISTENCE, WAYS),
    "reboot": (REBOOT,),
}
