# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a report in Chromium: sorted, filtered and opened by the keyboard alone."""

from __future__ import annotations

import re

import pytest
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_view import COLUMNS
from selenium.webdriver.common.keys import Keys

from .conftest import FOCUSED, Browser, open_everything

FOCUS = "document.querySelector(arguments[0]).focus()"


def tab_to(browser: Browser, words: str) -> None:
    """Press Tab until what is in focus has these words in its markup."""
    for _step in range(60):
        browser.press(Keys.TAB)
        if words in browser.run(FOCUSED):
            return
    pytest.fail(f"{words} cannot be reached by the keyboard")


def values(browser: Browser, key: str) -> list[float]:
    script = f"return [...document.querySelectorAll('tbody')].map((each) => Number(each.getAttribute('data-by-{key}')))"
    found: list[float] = browser.run(script)
    return found


def test_sorting(browser: Browser) -> None:
    browser.show(50)
    tab_to(browser, 'data-key="use"')
    browser.press(Keys.ENTER)
    assert values(browser, "use") == sorted(values(browser, "use"), reverse=True)
    assert browser.run("return document.querySelector('th.c-use').ariaSort") == "descending"
    assert browser.run("return document.querySelectorAll('[aria-sort]').length") == 1
    browser.press(Keys.SPACE)
    assert values(browser, "use") == sorted(values(browser, "use"))
    assert browser.run("return document.querySelector('th.c-use').ariaSort") == "ascending"


def test_names_are_sorted_with_their_numbers(browser: Browser) -> None:
    browser.show(2000)
    tab_to(browser, 'data-key="name"')
    browser.press(Keys.ENTER)
    names = browser.shown()
    keys = [[int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)] for name in names]
    assert keys == sorted(keys)


KEYS = ("state", "use", "memory", "load", "reboot", "late_load", "firewall_restart", "drift", "change")


def test_every_column_has_a_test() -> None:
    assert [key for key, _words, _falling in COLUMNS] == ["name", *KEYS]


@pytest.mark.parametrize("key", KEYS)
def test_every_column_can_be_sorted_both_ways(browser: Browser, key: str) -> None:
    browser.show(50)
    before = values(browser, key)
    assert len(set(before)) > 1
    orders = []
    browser.run(FOCUS, f'[data-key="{key}"]')
    for _turn in range(2):
        browser.press(Keys.ENTER)
        orders.append(browser.run(f"return document.querySelector('th.c-{key}').getAttribute('aria-sort')"))
        assert values(browser, key) == sorted(before, reverse=orders[-1] == "descending")
    assert sorted(orders) == ["ascending", "descending"]


def test_searching(browser: Browser) -> None:
    browser.show(50)
    tab_to(browser, 'id="search"')
    browser.press("web0", " ", "centos")
    names = browser.shown()
    assert 0 < len(names) < 50
    assert all(name.startswith("web0") for name in names)
    assert browser.run("return document.querySelector('#shown').textContent") == f"{len(names)} of 50 hosts"
    browser.press("no such host")
    assert (browser.shown(), browser.run("return document.querySelector('#nothing').hidden")) == ([], False)
    tab_to(browser, 'id="reset"')
    browser.press(Keys.ENTER)
    assert len(browser.shown()) == 50


def test_the_search_knows_the_details(browser: Browser) -> None:
    browser.show(50)
    browser.run(FOCUS, "#search")
    browser.press("99-old.conf")
    assert browser.run("return document.querySelectorAll('.details').length") == 0
    assert 0 < len(browser.shown()) < 50


def test_filtering_by_verdict(browser: Browser) -> None:
    browser.show(50)
    tab_to(browser, 'data-state="critical"')
    browser.press(Keys.SPACE)
    critical = browser.shown()
    tab_to(browser, 'data-state="unreachable"')
    browser.press(Keys.ENTER)
    script = "return [...document.querySelectorAll('tbody:not([hidden])')].map((each) => each.dataset.state)"
    assert set(browser.run(script)) == {"critical", "unreachable"}
    assert len(browser.shown()) > len(critical) > 0
    assert browser.run("return document.querySelector('.tile.tile').ariaPressed") == "true"


@pytest.mark.parametrize("word", ["rule:re", "rule:", "change:res", "rule", "change"])
def test_the_search_finds_something_while_a_word_of_the_page_is_typed(browser: Browser, word: str) -> None:
    browser.show(50)
    browser.run(FOCUS, "#search")
    browser.press(word)
    assert 0 < len(browser.shown()) <= 50
    script = "return [...document.querySelectorAll('tbody:not([hidden])')].map((each) => each.dataset.rule)"
    if word == "rule:re":
        assert set(browser.run(script)) == {"reboot", "usage drops reboot"}


def test_open_all_says_what_it_will_do(browser: Browser) -> None:
    browser.show(50)
    label = "return [document.querySelector('#open').textContent, document.querySelector('#open').ariaExpanded]"
    browser.run(FOCUS, "#search")
    browser.press("web01")
    open_everything(browser)
    assert browser.run(label) == ["Close all details", "true"]
    browser.run("document.querySelector('#reset').click()")
    assert browser.run(label) == ["Open all details", "false"]
    open_everything(browser)
    assert browser.run("return document.querySelectorAll('.host details:not([open])').length") == 0


def test_the_head_of_the_table_never_covers_the_focus(browser: Browser) -> None:
    browser.show(50, height=600)
    assert len(browser.shown()) == 50
    browser.run("[...document.querySelectorAll('.host summary')].at(-1).focus()")
    script = """const head = document.querySelector('thead').getBoundingClientRect();
        return [head.top, document.activeElement.getBoundingClientRect().top - head.bottom]"""
    tops = []
    for _step in range(30):
        browser.step_back()
        assert "<summary" in browser.run(FOCUSED)
        top, gap = browser.run(script)
        tops.append(top)
        assert gap >= 0
    assert tops.count(0) > 20


@pytest.mark.parametrize(("words", "attribute"), [("rule:reboot", "rule"), ("change:resized", "change")])
def test_from_a_figure_to_its_hosts(browser: Browser, words: str, attribute: str) -> None:
    browser.show(50)
    tab_to(browser, words)
    browser.press(Keys.ENTER)
    script = f"return [...document.querySelectorAll('tbody:not([hidden])')].map((each) => each.dataset.{attribute})"
    found = browser.run(script)
    assert 0 < len(found) < 50
    assert all(words.partition(":")[2] in each.split() for each in found)


def test_details_open_by_keyboard(browser: Browser) -> None:
    browser.show(50)
    tab_to(browser, "<summary><span>")
    browser.press(Keys.ENTER)
    browser.driver.execute_async_script("requestAnimationFrame(() => setTimeout(arguments[0], 50))")
    titles = browser.run("return [...document.querySelectorAll('.details h3')].map((each) => each.textContent)")
    assert titles[:1] == ["Verdict"]
    assert {"Table", "Counters", "Host", "Top sources", "What the values do not survive"} <= set(titles)
