# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last lines of a run say which shells and awks were not there to be tested with."""

from __future__ import annotations

from typing import Any

from ansible_collections.stateward.conntrack.tests.support.shells import LEFT_OUT


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if LEFT_OUT:
        terminalreporter.write_line(f"not installed, and so not tested with: {', '.join(LEFT_OUT)}")
