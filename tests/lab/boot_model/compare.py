# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a prediction and a boot are compared in: five values of the kernel, all None while conntrack is not there."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.stateward.conntrack.plugins.module_utils._boot.simulate import Simulator
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Entry, Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._observe import observe

COMPARED = ("max", "hashsize", "timeout:tcp_established", "timeout:udp", "timeout:generic")
Values = dict[str, "int | None"]


def parse_snapshot(text: str) -> Snapshot:
    """What guest_read.py printed on a host."""
    data: dict[str, Any] = json.loads(text)
    return Snapshot({path: Entry(**entry) for path, entry in data["entries"].items()}, data["facts"])


def next_boot(snapshot: Snapshot, *, without: str, words: str) -> Snapshot:
    """The snapshot under the kernel command line of the next boot: other words in the place of those of this one."""
    gone = without.split()
    kept = [word for word in (snapshot.text("/proc/cmdline") or "").split() if word not in gone]
    entry = Entry("/proc/cmdline", "file", text=" ".join([*kept, *words.split()]) + "\n")
    return Snapshot({**snapshot.entries, "/proc/cmdline": entry}, snapshot.facts)


def predict(snapshot: Snapshot) -> Values:
    """The values after a boot, as the model says."""
    kernel = Simulator(observe(snapshot), snapshot).boot()
    return {key: kernel.values.get(key) if kernel.loaded else None for key in COMPARED}


def read(snapshot: Snapshot) -> Values:
    """The values that a booted host has."""
    values = observe(snapshot).values
    return {key: values.get(key) for key in COMPARED}
