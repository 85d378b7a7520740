# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counting flows over sh: what the script has to know, and its sums back to counts."""

from __future__ import annotations

import math
from typing import Iterable, Sequence

from ansible_collections.stateward.conntrack.plugins.module_utils._flow_model import (
    TIME_LIMIT,
    FlowCounts,
    FlowQuery,
    FlowSums,
    FlowWish,
    Ranking,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._flow_sentences import (
    NOT_REGULAR,
    describe_end,
    describe_problem,
    describe_start,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._flow_sources import (
    AT_WORK,
    DEFAULT_LIMIT,
    LINEAR_SINCE,
    LISTINGS,
    QUADRATIC_LIMIT,
    TOOL,
    TOOL_CALLS,
)
from ansible_collections.stateward.conntrack.plugins.module_utils._flows import CAPACITY, describe_sums
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_asked import NOT_STARTED, End, parse_ends
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_errors import make_error
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_quote import quote
from ansible_collections.stateward.conntrack.plugins.plugin_utils._sh_text import Record, load

NO_AWK = "the flows are counted on the host itself, which needs awk and sort there, and it lacks one of them"
NO_SUMS = "awk and sort of this host did not get to a result"

# flows.awk writes a count as what it lacks to this, so that the largest sorts first.
_MOST = 2_000_000_000


def counting_text(wish: FlowWish, awk: Sequence[str], calls: Iterable[Sequence[str]] = TOOL_CALLS) -> str:
    """The assignments and functions that flows.sh wants to find. awk: the command. calls: arguments of the tool."""
    variables = {
        "FLOW_SECONDS": str(math.ceil(wish.seconds)),
        "FLOW_CAPACITY": str(CAPACITY),
        "FLOW_TOP": str(wish.top),
        "FLOW_AWK": load("flows.awk"),
    }
    each = " && ".join("list_by " + _words(arguments) for arguments in calls) or ":"
    functions = f'run_awk() {{\n{_words(awk)} "$@"\n}}\ncall_tool() {{\n{each}\n}}\n'
    return "".join(f"{name}={quote(value)}\n" for name, value in variables.items()) + functions


def plan_ahead(wish: FlowWish) -> str:
    """Calls that count what find_listings() will find best, before anybody knows what that is."""
    limit, slow = wish.limit or DEFAULT_LIMIT, wish.limit or QUADRATIC_LIMIT
    version = " ".join(str(number) for number in LINEAR_SINCE)
    files = "".join(f"try_file {quote(path)} {limit} {slow} {version}\n" for path in LISTINGS)
    at_work = " || ".join(f'[ -e "$ROOT"{quote(path)} ]' for path in AT_WORK)
    return f"if {at_work}; then try_tool {quote(TOOL)} {limit}; fi\n{files}count_flows\n"


def plan_query(query: FlowQuery) -> str:
    """Calls that count what is known already."""
    function = "choose_file" if query.source.path else "choose_tool"
    return f"{function} {quote(_place(query))} {query.limit}\ncount_flows\nrecord end ''\nflush\n"


def _words(words: Sequence[str]) -> str:
    return " ".join(quote(word) for word in words)


def _place(query: FlowQuery) -> str:
    return query.source.path or query.source.commands[0][0]


# ---------------------------------------------------------------------------------------------- the answer


def parse_counts(records: list[Record], query: FlowQuery) -> FlowCounts | None:
    """The counts that answer the query; None when something else was counted, or nothing."""
    texts = {record.words[0]: record for record in records}
    head = texts.get("flows")
    if head is None or (head.text, head.words[1:]) != (_place(query), [str(query.limit)]):
        return None
    if "nocount" in texts:
        return FlowCounts(error=NO_AWK)
    sums = parse_sums(texts["sums"].text)
    if sums is None:
        return FlowCounts(error=describe_problem(query, NO_SUMS))
    said = texts["said"].text
    ends = parse_ends(said)
    if sums.full:
        return describe_sums(sums)
    if any(end.is_late for end in ends):
        return describe_sums(sums, truncated=TIME_LIMIT)
    return describe_sums(sums, error=_find_error(query, said, ends))


def _find_error(query: FlowQuery, said: str, ends: list[End]) -> str:
    if "\n@odd" in said:
        return describe_problem(query, NOT_REGULAR)
    failed = next((number for number, end in enumerate(ends) if end.status), None)
    if failed is None:
        return ""
    if query.source.path:
        return describe_problem(query, make_error(ends[failed].words).strerror or "")
    command, end = query.source.commands[failed], ends[failed]
    return describe_start(command) if end.status in NOT_STARTED else describe_end(command, end.status, end.words)


def parse_sums(text: str) -> FlowSums | None:
    """What flows.awk prints; None without the line that it always prints."""
    rows: dict[str, list[list[str]]] = {}
    for line in text.splitlines():
        kind, *values = line.split(" ")
        rows.setdefault(kind, []).append(values)
    if "total" not in rows:
        return None
    total = [int(value) for value in rows["total"][0]]
    entries, wide, assured, unreplied, offloaded, full, *errors = total
    return FlowSums(
        kinds={(name, number, state): int(count) for count, name, number, state in rows.get("kind", ())},
        entries=entries,
        wide=wide,
        assured=assured,
        unreplied=unreplied,
        offloaded=offloaded,
        sources=_ranking(rows.get("source", ()), errors[0]),
        destinations=_ranking(rows.get("destination", ()), errors[1]),
        ports=_ranking(rows.get("port", ()), errors[2]),
        full=bool(full),
    )


def _ranking(rows: Iterable[list[str]], error: int) -> Ranking:
    return Ranking(tuple((" ".join(key), _MOST - int(count)) for count, *key in rows), error)
