# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks of conntrack_tune on hosts in memory."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._workflow import Result, run
from ansible_collections.stateward.conntrack.tests.support.fakehost import FakeHost
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host

ALL = {"max": 131072, "persist": ["all"]}
DROP_IN = "/etc/sysctl.d/99-stateward-conntrack.conf"
ORIGINALS = "/var/lib/stateward-conntrack/originals.json"
MAX = "/proc/sys/net/netfilter/nf_conntrack_max"


def fake(name: str = "debian12", files: Mapping[str, Any] | None = None, **more: Any) -> FakeHost:
    """One of tests/cases/hosts, with files put on top."""
    return FakeHost(load_host(name, files), **more)


def tune(host: FakeHost, **options: Any) -> Result:
    """One run that changes the host."""
    return run(host, options, check_mode=False)
