# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one page of HTML that needs nothing else. Its template, style and script are in C(report/)."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any, Mapping

from ansible_collections.stateward.conntrack.plugins.plugin_utils._report_view import view_report
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DIRECTORY = Path(__file__).resolve().parent / "report"


def to_html(report: Mapping[str, Any]) -> str:
    """The page. Everything that comes from the report is escaped, by the template or as JSON."""
    style, script = _load("report.css"), _load("report.js")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    template = environment.from_string(_load("index.html.j2"))
    page = view_report(report)
    return template.render(
        page=page,
        details=Markup(script_json([row["details"] for row in page["rows"]])),
        written=_spoken(report["written"]),
        style=Markup(style),
        script=Markup(script),
        policy=content_policy(style, script),
    )


def script_json(value: Any) -> str:
    """A value as JSON that no text in it can end or change: it has no character that means anything in HTML."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def content_policy(style: str, script: str) -> str:
    """The content security policy under which the page works: nothing is loaded, and only these two texts count."""
    allowed = f"style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


@functools.lru_cache(maxsize=None)
def _load(name: str) -> str:
    return (_DIRECTORY / name).read_text(encoding="utf-8")


def _spoken(written: str) -> str:
    """A time in UTC as people write it, in English whatever the locale of the controller is."""
    time = datetime.strptime(written, "%Y-%m-%dT%H:%M:%SZ")
    day = f"{_DAYS[time.weekday()]}, {time.day} {_MONTHS[time.month - 1]} {time.year}"
    return f"{day}, {time.hour:02}:{time.minute:02} UTC"
