# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A headless Chromium that may reach nothing, and pages of fleets of three sizes.

The pages and their screenshots stay in .cache/report, for people to look at. The environment variable AXE names the
script of axe-core.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
from pathlib import Path
from typing import Any, Iterator

import pytest
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report import build_report
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_hosts import find_host
from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_html import to_html
from ansible_collections.stateward.conntrack.tests.support.fleet import WRITTEN, look, make_report
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

PAGES = Path(__file__).resolve().parents[2] / ".cache" / "report"
SIZES = (3, 50, 2000)

# No sandbox: Chromium refuses its own for root. The rest keeps it from calling home.
_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
FOCUSED = "return document.activeElement.outerHTML.slice(0, 200)"
_HOSTILE = "</script><script>document.title='taken'</script><img src=x onerror=document.title='taken'>\u202e"


class Browser:
    """Chromium with a page of the report, as wide, dark and printed as asked."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def show(
        self, name: Any, *, width: int = 1360, height: int = 1000, scheme: str = "light", media: str = "screen"
    ) -> None:
        """Load a page anew, and forget what was logged before."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
        for log in ("browser", "performance"):
            self.driver.get_log(log)
        self.driver.get((PAGES / f"{name}.html").as_uri())

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def press(self, *keys: str) -> None:
        """The keyboard alone: to whatever has the focus."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def step_back(self) -> None:
        """Shift and Tab."""
        ActionChains(self.driver).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()

    def messages(self) -> list[str]:
        """What the browser complained about since the page was loaded."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Every address that was asked for since the page was loaded."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [each["params"]["request"]["url"] for each in events if each["method"] == "Network.requestWillBeSent"]

    def shown(self) -> list[str]:
        """The names of the hosts that are to be seen, in their order, when the page has shown all that it means to."""
        said = "return parseInt(document.querySelector('#shown').textContent.replace(',', ''))"
        seen = "return document.querySelectorAll('tbody:not([hidden])').length"
        WebDriverWait(self.driver, 180).until(lambda _driver: self.run(said) == self.run(seen))
        script = (
            "return [...document.querySelectorAll('tbody:not([hidden]) .c-name bdi')].map((each) => each.textContent)"
        )
        names: list[str] = self.run(script)
        return names

    def screenshot(self, name: str) -> Path:
        """A picture of what is to be seen now."""
        path = PAGES / f"{name}.png"
        data = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"]
        path.write_bytes(base64.b64decode(data))
        return path


def open_everything(browser: Browser) -> None:
    browser.run("document.querySelector('#open').click()")


@pytest.fixture(scope="session")
def pages() -> None:
    PAGES.mkdir(parents=True, exist_ok=True)
    for size in SIZES:
        (PAGES / f"{size}.html").write_text(to_html(make_report(size)), encoding="utf-8")
    rows = [
        find_host(name, looked={"failed": True, "msg": name})
        for name in (_HOSTILE, "x" * 300, "\u05d0\u05d1\u05d2 = 5")
    ]
    rows.append(find_host("quiet", looked=look(rules=("reboot",))))
    (PAGES / "hostile.html").write_text(to_html(build_report(rows, written=WRITTEN)), encoding="utf-8")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    options = ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for argument in _ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(shutil.which("chromedriver")))
    driver.set_script_timeout(120)
    yield Browser(driver)
    driver.quit()


@pytest.fixture
def browser(chromium: Browser, pages: None) -> Iterator[Browser]:
    """Fails a test during which the page asked for anything, or was complained about."""
    del pages
    yield chromium
    assert [url for url in chromium.requests() if not url.startswith(PAGES.as_uri())] == []
    assert chromium.messages() == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core."""
    return Path(os.environ["AXE"]).read_text(encoding="utf-8")
