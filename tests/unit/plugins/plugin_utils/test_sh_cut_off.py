# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A shell that is killed while it changes the host: the error says that changes had been begun."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import CutOffError, UnsupportedHostError
from ansible_collections.stateward.conntrack.plugins.module_utils._model import FILE, Applied, Operation, Read
from ansible_collections.stateward.conntrack.plugins.module_utils._workflow import run
from ansible_collections.stateward.conntrack.plugins.plugin_utils._host_sh import ShellHost
from ansible_collections.stateward.conntrack.tests.support.fakehost import FakeHost
from ansible_collections.stateward.conntrack.tests.support.hosts import load_host

CHANGE = (Operation(FILE, "/etc/a", None, "x", "because"),)
READS = (Read("/etc/*"),)


def killed(said: str) -> ShellHost:
    """A host whose shell says so much and then gets signal 9."""

    def execute(command: str, _stdin: str | None) -> tuple[int, str, str]:
        nonce = re.search(r"NONCE=(\w+)", command)
        assert nonce
        return 137, said.replace("NONCE", nonce.group(1)), "Killed"

    return ShellHost(execute)


@pytest.mark.parametrize("said", ["", "@NONCE journal 0\n", "@NONCE journal 0\n\n@NONCE did 0 ok\n"])
def test_changes_that_were_begun(said: str) -> None:
    with pytest.raises(CutOffError, match="exit status 137"):
        killed(said).apply(CHANGE, READS)


@pytest.mark.parametrize("said", ["", "@NONCE file\n"])
def test_a_reading_changes_nothing(said: str) -> None:
    with pytest.raises(UnsupportedHostError) as caught:
        killed(said).read(READS)
    assert not isinstance(caught.value, CutOffError)


def test_what_is_too_long_is_never_sent() -> None:
    def execute(_command: str, _stdin: str | None) -> tuple[int, str, str]:
        raise AssertionError("nothing was to be sent")

    large = (Operation(FILE, "/etc/a", None, "x" * 200000, "because"),)
    with pytest.raises(UnsupportedHostError, match="too many") as caught:
        ShellHost(execute, takes_input=False).apply(large, READS)
    assert not isinstance(caught.value, CutOffError)


class Killed(FakeHost):
    """Is killed in the second list of operations that it is given: the one after the module was loaded."""

    calls = 0

    def apply(self, operations: tuple[Operation, ...], reads: tuple[Read, ...]) -> Applied:
        self.calls += 1
        if self.calls == 2:
            raise CutOffError("the answer of the shell was cut off")
        applied = super().apply(operations, reads)
        self.nodes.pop("/proc/sys/net/netfilter/nf_conntrack_gre_timeout", None)
        return replace(applied, snapshot=self.read(reads))


def test_a_second_pass_that_is_cut_off_is_not_taken_for_one_that_was_undone() -> None:
    host = Killed(load_host("arch"))
    with pytest.raises(CutOffError):
        run(host, {"profile": "none", "timeouts": {"gre": 31, "udp": 40}, "persist": ["sysctl"]}, check_mode=False)
    assert host.calls == 2
