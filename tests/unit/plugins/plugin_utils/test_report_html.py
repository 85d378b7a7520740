# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page: everything that comes from a host stays text, and nothing in it is loaded from elsewhere."""

from __future__ import annotations

import copy
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report import build_report
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_hosts import find_host, reasons
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_html import content_policy, to_html
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_text import clean
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_view import view_report
from ansible_collections.stateward.conntrack.tests.support.fleet import (
    FLOWS,
    UNREACHABLE,
    WRITTEN,
    look,
    make_report,
)
from hypothesis import given, settings
from hypothesis import strategies as st

NASTY = st.text(st.sampled_from("<>&\"'/=!-{}%#\\ script\u202e\x00\n\u2028"), max_size=30) | st.text(max_size=20)


class Page(HTMLParser):
    """Tags with their attributes, and the texts of the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, Any]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Any]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def markup(self) -> list[Any]:
        """What text of a host must not change."""
        return [(tag, sorted(attributes)) for tag, attributes in self.tags]


def replace_texts(value: Any, text: str) -> Any:
    """The same with this text for each one that is foreign."""
    if isinstance(value, dict):
        return {key: item if key == "level" else replace_texts(item, text) for key, item in value.items()}
    if isinstance(value, list):
        return [replace_texts(item, text) for item in value]
    return text if isinstance(value, str) else value


def page_of(text: str) -> str:
    looked = replace_texts({**look(rules=("reboot", "conflicts")), "flows": copy.deepcopy(FLOWS)}, text)
    row = find_host(text, looked=looked)
    row["drift"] = {"differences": [text], "error": text}
    return to_html(build_report([row, find_host(text, looked={"failed": True, "msg": text})], written=WRITTEN))


@given(NASTY)
@settings(max_examples=60, deadline=None)
def test_text_never_becomes_markup(text: str) -> None:
    found = Page(page_of(f"x{text}"))
    assert found.markup == Page(page_of("x")).markup
    assert clean(f"x{text}") in found.texts


@pytest.mark.parametrize(
    "text",
    ["</script><script>alert(1)</script>", "<!--<script>", "{{ 7 * 7 }}", "]]>", '"><img src=x onerror=alert(1)>'],
)
def test_hostile_details_stay_data(text: str) -> None:
    page = page_of(text)
    data = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert text in {line[0] for sections in json.loads(data[0]) for _title, _kind, lines in sections for line in lines}
    assert page.count("<script") == 2
    assert "49" not in {clean(each) for each in Page(page).texts}


def test_nothing_comes_from_elsewhere() -> None:
    found = Page(to_html(make_report(20)))
    names = {name for _tag, attributes in found.tags for name in attributes}
    assert not names & {"src", "href", "style", "srcset", "action", "background", "poster"}
    assert not any(name.startswith("on") for name in names)
    assert {tag for tag, _attributes in found.tags} >= {"html", "table", "details", "button", "input"}
    assert not {tag for tag, _attributes in found.tags} & {"link", "img", "iframe", "object", "base", "form"}


def test_the_policy_covers_exactly_the_style_and_the_script() -> None:
    page = to_html(make_report(3))
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert (len(style), len(script)) == (1, 1)
    (given_policy,) = (each["content"] for tag, each in Page(page).tags if each.get("http-equiv"))
    assert given_policy == content_policy(style[0], script[0])
    assert "unsafe" not in given_policy


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "first report in this directory"),
        ([find_host("a", looked=UNREACHABLE)], "No route to host"),
        ([find_host("a", looked=look())], "<span>Details</span>"),
        (
            [find_host("a", looked={**look(), **dict.fromkeys(("max", "count", "usage_percent", "load_factor"))})],
            "unknown",
        ),
    ],
)
def test_pages_of_few_words(rows: list[Any], words: str) -> None:
    assert words in to_html(build_report(rows, written=WRITTEN))


def test_every_reason_is_there_for_paper_and_without_scripts() -> None:
    row = find_host("a", looked=look(rules=("reboot", "hash_small", "drops", "usage")))
    page = Page(to_html(build_report([row], written=WRITTEN)))
    assert all(sum(reason in text for text in page.texts) == 2 for reason in reasons(row))


def test_bars_have_the_colour_of_the_verdict_on_their_use() -> None:
    """Whoever audits with conntrack_critical=97 calls a table of 95 % a warning, and one of 72 % with 70 critical."""
    rows = [find_host("a", looked=look(use=95)), find_host("b", looked=look(use=72, rules=("usage",)))]
    bars = view_report(build_report(rows, written=WRITTEN))["use"]["bars"]
    assert [(each["x"], each["level"]) for each in bars if each["count"]] == [(70, "critical"), (90, "plain")]


def test_a_bar_of_findings_is_measured_by_the_longest() -> None:
    rows = [
        find_host(name, looked=look(rules=rules)) for name, rules in (("a", ("usage", "reboot")), ("b", ("usage",)))
    ]
    found = view_report(build_report([*rows, find_host("c", looked=look())], written=WRITTEN))["findings"]
    assert [(item["rule"], item["width"]) for item in found] == [("usage", 100), ("reboot", 50)]


def test_the_time_is_english_in_any_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.strftime", lambda *_arguments: "Samstag")
    assert "Saturday, 21 November 2026, 06:00 UTC" in to_html(make_report(1))


def test_two_thousand_hosts_stay_below_five_megabytes() -> None:
    assert len(to_html(make_report(2000))) < 5_000_000
