# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a host of the lab: prints everything that the collection reads, as JSON. Needs PYTHONPATH=/opt/lab."""

from __future__ import annotations

import dataclasses
import json

from ansible_collections.stateward.conntrack.plugins.module_utils._host_local import LocalHost
from ansible_collections.stateward.conntrack.plugins.module_utils._manifest import MANIFEST

snapshot = LocalHost().read(MANIFEST)
entries = {path: dataclasses.asdict(entry) for path, entry in snapshot.entries.items()}
print(json.dumps({"entries": entries, "facts": dict(snapshot.facts)}))
