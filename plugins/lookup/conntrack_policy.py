# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup conntrack_policy; documented in conntrack_policy.yml."""

from __future__ import annotations

import difflib
from typing import Any, Iterable, Iterator, Mapping, Sequence

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display
from ansible_collections.stateward.conntrack.plugins.module_utils._argument_spec import TUNE_OPTIONS
from ansible_collections.stateward.conntrack.plugins.plugin_utils._policy import WORK, WORK_VARIABLES

PREFIX = "conntrack_"
# What a role or a playbook decides itself: they are no policy of a host. Those of WORK are told to who names them.
_DECIDED = ("state", "runtime", "persist", "undo")
# What the playbooks read besides, and what they register.
PLAYBOOK_VARIABLES = (
    "answer_seconds",
    "asked",
    "audit_fail_on",
    "critical",
    "flows",
    "hosts",
    "info",
    "max_fail_percentage",
    "persist",
    "reboot",
    "reboot_command",
    "reboot_serial",
    "reboot_timeout",
    "report_dir",
    "report_show",
    "serial",
    "survive",
    "warning",
    "watch_allowed",
    "watch_seconds",
)
# What the role harden reads itself: nobody but its user would notice that a file was written all the same.
ROLE_PREFIX = "harden_"
ROLE_VARIABLES = ("state", "runtime", "persistence")
# Of the rest of a name, without the prefix: maxx and max are as alike as that, role and profile are not.
_ALIKE = 0.8


def policy_options() -> tuple[str, ...]:
    """The options of conntrack_tune that are policy, each read from the variable of its name with the prefix."""
    return tuple(name for name in TUNE_OPTIONS if name not in _DECIDED)


def set_variables(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The policy as far as it is set, by option, not yet templated; null is as good as not set."""
    found = {name: variables.get(PREFIX + name) for name in policy_options()}
    return {name: value for name, value in found.items() if value is not None}


def misspelled(names: Iterable[str]) -> Iterator[str]:
    """A sentence for each name of a variable that looks like one of ours and is none."""
    families = {PREFIX: (*policy_options(), *PLAYBOOK_VARIABLES), ROLE_PREFIX: ROLE_VARIABLES}
    for name in names:
        for prefix, known in families.items():
            rest = name[len(prefix) :]
            if name.startswith(prefix) and rest not in known:
                for near in _like(rest, known):
                    yield f"the variable {name} has no meaning to stateward.conntrack: is {prefix}{near} meant?"


def _like(name: str, known: Sequence[str]) -> list[str]:
    """At most one: a name with an error in it, or one that goes on after this word, or after most of its own."""
    longer = [other for other in known if other.startswith(name if 2 * len(name) > len(other) else f"{name}_")]
    return (difflib.get_close_matches(name, known, n=1, cutoff=_ALIKE) or longer)[:1]


class LookupModule(LookupBase):
    """Finds the policy of a host in its variables."""

    def run(self, terms: Any, variables: Any = None, **_kwargs: Any) -> list[dict[str, Any]]:
        """One dictionary with the options that are set, or with those of them that the terms name."""
        wanted = set_variables(variables or {})
        for sentence in misspelled(variables or {}):
            Display().warning(sentence)
        chosen = {name: value for name, value in wanted.items() if not terms or name in terms}
        templated: dict[str, Any] = self._templar.template(chosen)
        policy = {name: value for name, value in templated.items() if value is not None}
        return [{**policy, **self._find_work([name for name in WORK if name in terms], variables or {})}]

    def _find_work(self, names: Sequence[str], variables: Mapping[str, Any]) -> dict[str, Any]:
        """What is to be done to the host, by term. Raises AnsibleLookupError for what is no answer to that."""
        read = [variable for name in names for variable in WORK_VARIABLES[name]]
        if not read:
            return {}
        found = self._templar.template({variable: variables.get(variable) for variable in read})
        try:
            return {name: WORK[name](found) for name in names}
        except ValueError as error:
            raise AnsibleLookupError(f"conntrack_policy: {error}.") from error
