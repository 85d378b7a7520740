# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The details of one host on the page: sections of labelled lines, as text. Pure."""

from __future__ import annotations

from typing import Any, Callable, Iterator, List, Mapping, Tuple

from ansible_collections.stateward.conntrack.plugins.module_utils._levels import CRITICAL, WARNING
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_changes import find_lost
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_hosts import findings
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_text import clean, number_text, size_text
from ansible_collections.stateward.conntrack.plugins.plugin_utils._verdict import EVENTS

# Text, label, and the level of a finding.
Line = Tuple[str, str, str]
Section = Tuple[str, str, List[Line]]
_NAMES = {"max": "max", "hashsize": "buckets", "count": "entries"}
_REASONS = {"appeared": "new reason", "resolved": "solved"}


def line(text: Any, label: Any = "", level: str = "") -> Line:
    """One line of a section."""
    return clean(text), clean(label), level


def describe(row: Mapping[str, Any]) -> Iterator[Section]:
    """The sections that have anything to say: title, how it is laid out, and lines."""
    info = row["info"]
    parts: list[tuple[str, str, Iterator[Line]]] = [("Why it was not seen", "text", _message(row))]
    if info:
        parts = [
            ("Verdict", "findings", _findings(row)),
            ("Since last time", "text", _changed(row["changes"])),
            ("What the values do not survive", "text", _lost(info)),
            ("Other settings", "text", _conflicts(info)),
            ("Drift from policy", "text", _drift(row["drift"])),
            ("Table", "figures", _table(info)),
            ("Counters", "figures", _counters(info)),
            ("Host", "figures", _host(info)),
            *_flow_parts(info["flows"]),
            ("Limits of this reading", "text", (line(each) for each in row["warnings"])),
        ]
    for title, kind, lines in parts:
        found = list(lines)
        if found:
            yield title, kind, found


def _message(row: Mapping[str, Any]) -> Iterator[Line]:
    yield line(row["message"] or "no reason was given")
    yield from _changed(row["changes"])


def _findings(row: Mapping[str, Any]) -> Iterator[Line]:
    for item in findings(row):
        level = item["level"] if item["level"] in (WARNING, CRITICAL) else "note"
        yield line(item["reason"], item["rule"], level)


def _lost(info: Mapping[str, Any]) -> Iterator[Line]:
    for event, words in EVENTS.items():
        found = info["survives"][event]
        if not found["ok"] and info["max"] is not None:
            sizes = f"max {number_text(found['max'])}, buckets {number_text(found['hashsize'])}"
            yield line("; ".join([sizes, *found["reasons"]]), f"after {words}")


def _conflicts(info: Mapping[str, Any]) -> Iterator[Line]:
    for item in info["conflicts"]:
        said = f"{item['key']} = {item['value']}" if item["value"] else item["key"]
        notes = ["wins" if item["wins"] else "does not win", *([item["note"]] if item["note"] else [])]
        yield line(f"{said} ({'; '.join(notes)})", item["source"])


def _drift(drift: Mapping[str, Any] | None) -> Iterator[Line]:
    if drift:
        yield from (line(each) for each in drift["differences"])
        if drift["error"]:
            yield line(drift["error"], "unknown")


def _table(info: Mapping[str, Any]) -> Iterator[Line]:
    memory = info["memory"]
    for name, words in _NAMES.items():
        yield line(number_text(info[name]), words)
    yield line(size_text(memory["now_bytes"]), "memory now")
    yield line(f"{size_text(memory['full_bytes'])} of {size_text(memory['limit_bytes'])} allowed", "memory at full")
    yield line(f"{number_text(memory['entry_bytes'])} bytes ({memory['entry_source']})", "one entry")


def _counters(info: Mapping[str, Any]) -> Iterator[Line]:
    """Those that are not zero; most of the others always are."""
    for name, value in info["counters"].items():
        if value:
            yield line(number_text(value), name)
    log = info["kernel_log"]
    if log["count"]:
        yield line(f"{number_text(log['count'])} lines in {log['source']}", "table full")


def _host(info: Mapping[str, Any]) -> Iterator[Line]:
    host = info["host"]
    yield line(host["distribution"] or "unknown", "distribution")
    yield line(f"{host['kernel']}, {host['dialect']} {host['module']}", "kernel")
    yield line(host["init"], "init")
    yield line(size_text(host["memory_bytes"]), "memory")
    if host["container"] or host["netns"] != "init":
        yield line("container or network namespace: the table belongs to the host outside", "kind")
    yield line(info["transport"], "read over")


# ---------------------------------------------------------------------------------------------- flows


def _flow_parts(flows: Mapping[str, Any] | None) -> Iterator[tuple[str, str, Iterator[Line]]]:
    if flows is None:
        return
    yield "Flows", "figures", _flows(flows)
    for key, title in (("top_sources", "Top sources"), ("top_destinations", "Top destinations")):
        yield title, "ranking", _ranking(flows[key], lambda item: item["address"])
    yield "Top ports", "ranking", _ranking(flows["top_ports"], lambda item: f"{item['protocol']}/{item['port']}")


def _flows(flows: Mapping[str, Any]) -> Iterator[Line]:
    if flows["available"]:
        yield line(f"{number_text(flows['entries'])} ({flows['source']})", "read")
        for name in ("l3", "l4", "tcp_states"):
            for key, count in list(flows[name].items())[:6]:
                yield line(number_text(count), key)
        for name in ("assured", "unreplied", "offloaded"):
            yield line(number_text(flows[name]), name)
    if flows["note"]:
        yield line(flows["note"], "note")


def _ranking(items: list[Mapping[str, Any]], name: Callable[[Mapping[str, Any]], str]) -> Iterator[Line]:
    return (line(number_text(item["count"]), name(item)) for item in items)


# ---------------------------------------------------------------------------------------------- changes


def change_words(changes: Mapping[str, Any] | None) -> dict[str, str]:
    """The change that matters most, for a narrow cell."""
    if changes is None:
        return {"text": "", "kind": "none"}
    if changes["new"]:
        return {"text": "new", "kind": "plain"}
    name, count = find_lost(changes)
    if count:
        return {"text": f"+{number_text(count)} {name}", "kind": "bad"}
    return {"text": next(_smaller_changes(changes), ""), "kind": "plain"}


def _smaller_changes(changes: Mapping[str, Any]) -> Iterator[str]:
    """What changed beside lost connections, in the order in which it matters."""
    if "state" in changes:
        yield f"was {changes['state']['before']}"
    for name, words in _REASONS.items():
        if changes.get(name):
            yield f"{words}: {clean(changes[name][0])}"
    if "drift" in changes:
        yield f"drift was {_drift_text(changes['drift']['before'])}"
    sizes = [words for name, words in _NAMES.items() if name in changes and name != "count"]
    if sizes:
        yield f"{' and '.join(sizes)} changed"
    if "early_drop" in (changes.get("losses") or {}):
        yield f"+{number_text(changes['losses']['early_drop'])} early_drop"


def _drift_text(drift: Any) -> str:
    return "without policy" if drift is None else str(drift)


def _changed(changes: Mapping[str, Any] | None) -> Iterator[Line]:
    if changes is None:
        return
    if changes["new"]:
        yield line("not in the previous report", "new")
        return
    if "state" in changes:
        yield line(_arrow(changes["state"], str), "verdict")
    for name, words in _NAMES.items():
        if name in changes:
            yield line(_arrow(changes[name], number_text), words)
    for name, value in (changes.get("losses") or {}).items():
        yield line(f"+{number_text(value)}", name)
    for name, words in _REASONS.items():
        if changes.get(name):
            yield line(", ".join(changes[name]), words)
    if "drift" in changes:
        yield line(_arrow(changes["drift"], _drift_text), "drift")


def _arrow(pair: Mapping[str, Any], text: Callable[[Any], str]) -> str:
    return f"{text(pair['before'])} \u2192 {text(pair['after'])}"
