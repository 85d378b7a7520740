# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab from end to end, with real kernels: python3 -m pytest tests/lab/test_smoke.py, as root, 3 minutes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

LAB = str(Path(__file__).with_name("lab.py"))
NAMESPACE = "lab-smoke"
STATE = Path("/run") / NAMESPACE
ENVIRONMENT = {**os.environ, "LAB_STATE": str(STATE)}
CONNTRACK = "/proc/sys/net/netfilter/nf_conntrack_"


def lab(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, LAB, *words], env=ENVIRONMENT, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def on(host: str, command: str) -> str:
    return lab("ssh", host, "--", command).strip()


def hosts() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(lab("status", "--json"))["hosts"]
    return rows


def marked_processes() -> list[str]:
    """Everything alive that carries this lab's mark."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"STATEWARD_LAB_HOST={STATE}/".encode() in (folder / "environ").read_bytes():
                found.append(folder.name)
        except OSError:
            continue
    return found


@pytest.fixture(scope="module", autouse=True)
def _two_hosts() -> Iterator[None]:
    lab("down")
    lab("up", "--host", "one:bookworm", "--host", "two:bookworm-sysvinit", "--append-to", "two", "lab.word=kept")
    yield
    lab("down")


def test_the_module_is_absent_until_it_is_loaded_and_the_kernel_rounds() -> None:
    assert on("one", f"ls {CONNTRACK}max 2>/dev/null; grep -c conntrack /proc/modules; true") == "0"
    assert on("one", f"modprobe nf_conntrack hashsize=5000; cat {CONNTRACK}buckets {CONNTRACK}max") == "5120\n40960"


def test_words_for_one_host_reach_its_kernel_only() -> None:
    assert "lab.word=kept" in on("two", "cat /proc/cmdline")
    assert "lab.word=kept" not in on("one", "cat /proc/cmdline")


def test_a_reboot_is_a_new_boot_on_the_same_disk() -> None:
    before = on("one", "cat /proc/sys/kernel/random/boot_id; echo kept >/root/kept")
    lab("reboot", "one")
    assert on("one", "cat /root/kept") == "kept"
    assert on("one", "cat /proc/sys/kernel/random/boot_id") != before


def test_kernel_arguments_can_change_on_the_same_disk() -> None:
    on("one", "echo again >/root/again")
    lab("reboot", "one", "--append", "nf_conntrack.hashsize=9000")
    assert on("one", f"cat /root/again; modprobe nf_conntrack; cat {CONNTRACK}buckets") == "again\n9216"


def test_the_inventory_reaches_every_host_from_inside_the_namespace() -> None:
    inventory = Path(json.loads(lab("status", "--json"))["inventory"]).read_text(encoding="utf-8")
    assert [name for name in ("one:", "two:", "root_bookworm_sysvinit:", "kind_uml:") if name not in inventory] == []
    assert lab("run", "--", "sh", "-c", "basename $ANSIBLE_INVENTORY; ip -br link show lab0").split()[:2] == [
        "inventory.yml",
        "lab0",
    ]


def test_nothing_is_on_the_machines_own_network() -> None:
    own = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    assert " lab0" not in own
    assert " lab0:" in lab("run", "--", "ip", "-o", "link")


def test_a_tool_that_was_killed_leaves_nothing_that_down_does_not_end() -> None:
    killed = subprocess.Popen([sys.executable, LAB, "up", "--name", "three"], env=ENVIRONMENT)
    deadline = time.monotonic() + 60
    while not any(row["name"] == "three" and row["pid"] for row in hosts()) and time.monotonic() < deadline:
        time.sleep(0.2)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert any(row["name"] == "three" and row["running"] for row in hosts())
    lab("down")
    assert marked_processes() == []
    assert not Path("/run/netns", NAMESPACE).exists()
    assert hosts() == []
