#!/usr/bin/python
# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: look at connection tracking and judge it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: conntrack_info
short_description: Look at Linux connection tracking and judge it
version_added: 1.0.0
author:
  - The stateward.conntrack authors (@stateward)
description:
  - Reads the size and the use of the connection tracking table, its memory, counters, timeouts and settings, the
    complaints in the kernel log, and every file that sets any of it at boot, in one pass. Changes nothing.
  - Judges what it found. Each reason of the verdict has its figures and the next step. Besides a full table these are
    the problems that no log line tells about, such as refused connections because of too few hash buckets, a race that
    looks like a full table, or values that the next reboot or firewall restart will take away.
  - Can count the flows by protocol and state, and name the busiest addresses and ports.
  - Does not fail on a host without connection tracking, but says so in the verdict.
extends_documentation_fragment:
  - stateward.conntrack.attributes
  - stateward.conntrack.attributes.reads
  - stateward.conntrack.transport
options:
  warning:
    description:
      - Use of the table, in percent of max, from which on the verdict is at least V(warning).
    type: int
    default: 75
  critical:
    description:
      - Use of the table, in percent of max, from which on the verdict is V(critical). Not below O(warning).
    type: int
    default: 90
  memory_limit:
    description:
      - Memory that a full table with its buckets may take before the verdict warns. More than half of the memory is
        critical if it is above this limit.
      - 'A percentage of the memory (V(5%)), a size with a unit (V(512M), V(2GiB); units are powers of 1024), or a whole
        number of bytes.'
      - The default is the largest share that any profile of M(stateward.conntrack.conntrack_tune) allows.
    type: raw
    default: 15%
  flows:
    description:
      - Whether to read the flows themselves, see RV(flows).
      - They are counted on the target in one pass, from C(conntrack -L) where the tool is installed, else from
        C(/proc/net/nf_conntrack) or C(/proc/net/ip_conntrack).
    type: bool
    default: false
  top:
    description:
      - How many addresses and ports to name, from 1 to 1000.
    type: int
    default: 10
  flow_limit:
    description:
      - How many flows to read at most.
      - When not given, 5000000; but 50000 where the only listing is a file below C(/proc/net) and the kernel is older
        than 6.16, because there the time to read it grows with the square of the entries (a minute and a half for
        160000 on a slow machine).
    type: int
  time_limit:
    description:
      - Seconds after which the reading of flows ends, from 1 to 3600.
    type: int
    default: 30
notes:
  - Over C(sh) the flows are counted on the target too, by its C(awk) and C(sort); where one of them is missing,
    RV(flows) says so and everything else is there. The figures are the same from both transports. Only with more than
    65536 different addresses or ports they may differ within RV(flows.top_error).
  - Needs root to see everything. Without, sizes, timeouts and counters are there, and a warning says what is missing.
  - RV(count) and RV(counters) are those of the network namespace in which the module runs, while RV(max) and the hash
    table belong to the whole host. Each namespace may hold as many entries as max says.
  - Counters grow from the moment when connection tracking was loaded. To learn about now, compare two runs.
  - As kernel log, the ring buffer, the last 10000 kernel messages of this boot in the journal, and the last 4 MiB of
    the files C(kern.log), C(messages) and C(syslog) in C(/var/log) are looked at.
seealso:
  - module: stateward.conntrack.conntrack_tune
"""

EXAMPLES = r"""
- name: Look at connection tracking
  stateward.conntrack.conntrack_info:
  register: conntrack

- name: Show what is wrong
  ansible.builtin.debug:
    var: conntrack.verdict.reasons

- name: Who fills the table
  stateward.conntrack.conntrack_info:
    flows: true
    top: 20
    time_limit: 10

- name: Be strict, and stop when the table is nearly full
  stateward.conntrack.conntrack_info:
    warning: 50
    critical: 70
    memory_limit: 256M
  register: strict
  failed_when: strict.verdict.level == "critical"

# Ad hoc:
#
#   ansible all --become -m stateward.conntrack.conntrack_info -a "flows=true"
"""

RETURN = r"""
changed:
  description: Always V(false).
  returned: always
  type: bool
  sample: false
host:
  description: What was found out about the host.
  returned: success
  type: dict
  contains:
    kernel:
      description: Release of the running kernel.
      type: str
      returned: success
      sample: 6.1.0-39-amd64
    dialect:
      description: Family of kernel keys, V(nf_conntrack) or V(ip_conntrack).
      type: str
      returned: success
      sample: nf_conntrack
    module:
      description: How connection tracking is there, V(builtin), V(loaded) or V(absent).
      type: str
      returned: success
      sample: loaded
    init:
      description: Init system.
      type: str
      returned: success
      sample: systemd
    platform:
      description: Row of the platform table that tells which files this host reads at boot.
      type: str
      returned: success
      sample: systemd
    distribution:
      description: Distribution and its version, as the host calls itself.
      type: str
      returned: success
      sample: Debian GNU/Linux 12 (bookworm)
    memory_bytes:
      description: Memory of the host.
      type: int
      returned: success
      sample: 8326688768
    page_size:
      description: Size of a memory page in bytes.
      type: int
      returned: success
      sample: 4096
    pointer_bits:
      description: Width of a kernel pointer, 32 or 64.
      type: int
      returned: success
      sample: 64
    netns:
      description: Network namespace, V(init) when the size of the table can be set here, else V(other).
      type: str
      returned: success
      sample: init
    container:
      description: Whether this is a container for which the host outside decides the size of the table.
      type: bool
      returned: success
      sample: false
max:
  description: Size of the table in entries, for the whole host; null while the module is not loaded.
  returned: success
  type: int
  sample: 262144
hashsize:
  description: Number of hash buckets, for the whole host; null while the module is not loaded.
  returned: success
  type: int
  sample: 65536
count:
  description: Live entries in this network namespace; null while the module is not loaded.
  returned: success
  type: int
  sample: 235930
usage_percent:
  description: RV(count) in percent of RV(max); null when one of them is not known or there is no limit.
  returned: success
  type: float
  sample: 90.0
load_factor:
  description: Mean length of a hash chain now. Every connection is in the table twice, once per direction.
  returned: success
  type: float
  sample: 7.2
memory:
  description: Kernel memory of the table, which cannot be swapped.
  returned: success
  type: dict
  contains:
    entry_bytes:
      description: Memory of one entry.
      type: int
      returned: success
      sample: 384
    entry_source:
      description: Where that figure comes from.
      type: str
      returned: success
      sample: slabinfo 256 + 128 for the extension area
    now_bytes:
      description: Memory of the entries in this network namespace, and of the buckets.
      type: int
      returned: success
      sample: 91121408
    full_bytes:
      description: Memory of the full table with its buckets.
      type: int
      returned: success
      sample: 101187584
    full_percent:
      description: The same in percent of the memory that the kernel can use for itself.
      type: float
      returned: success
      sample: 1.22
    limit_bytes:
      description: What O(memory_limit) means on this host.
      type: int
      returned: success
      sample: 1249003315
counters:
  description:
    - Counters of this network namespace since connection tracking was loaded, summed over all CPUs. One that this
      kernel does not have is missing.
    - 'C(drop): packets lost because no entry could be made. C(early_drop): entries removed to make room.
      C(insert_failed): entries that could not be put into the table, because of a race or a long chain.
      C(chaintoolong): those refused because of a long chain. C(invalid): packets that fit no flow. C(search_restart):
      lookups repeated because of a change meanwhile. C(clash_resolve): races that were settled without loss.'
  returned: success
  type: dict
  sample: {chaintoolong: 0, drop: 12, early_drop: 340, insert_failed: 12, invalid: 811}
timeouts:
  description: Every timeout that this kernel has, in seconds, by short name.
  returned: success
  type: dict
  sample: {tcp_established: 432000, udp: 30}
settings:
  description: Every other key that this kernel has, by short name.
  returned: success
  type: dict
  sample: {acct: 0, tcp_loose: 1}
kernel_log:
  description: The kernel's complaints about a full table.
  returned: success
  type: dict
  contains:
    count:
      description: Lines in the one log that has most of them. The kernel limits their rate, so more packets were lost.
      type: int
      returned: success
      sample: 3
    last:
      description: The last of these lines; empty without any.
      type: str
      returned: success
      sample: "[81234.567890] nf_conntrack: nf_conntrack: table full, dropping packet"
    source:
      description: The log, V(dmesg), V(journalctl -k) or a file; empty without any line.
      type: str
      returned: success
      sample: dmesg
    netns:
      description: Inode numbers of other network namespaces that were meant.
      type: list
      elements: str
      returned: success
      sample: ["4026532291"]
    truncated:
      description: Whether only the end of the log was looked at, because the file is larger; without any line, whether
        that is so for one of the logs.
      type: bool
      returned: success
      sample: false
persisted:
  description: What each file, the kernel command line and agents say about connection tracking, in their order.
  returned: success
  type: list
  elements: dict
  contains:
    key:
      description: What is set, by short name; V(preload) for what loads the module at boot, V(install) or V(blacklist)
        for such a line of modprobe.
      type: str
      returned: success
      sample: max
    value:
      description: The value, as it is written there.
      type: str
      returned: success
      sample: "262144"
    source:
      description: File and line, or name of the agent.
      type: str
      returned: success
      sample: /etc/sysctl.d/99-stateward-conntrack.conf:2
    when:
      description: When it takes effect, at V(boot), at the V(load) of the module, only when somebody runs the program
        V(by_hand), or whenever an V(agent) likes.
      type: str
      returned: success
      sample: boot
    ours:
      description: Whether this collection wrote it.
      type: bool
      returned: success
      sample: false
conflicts:
  description: Lines in files of others, and agents, that set other values than the running kernel has.
  returned: success
  type: list
  elements: dict
  contains:
    key:
      description: What is set, by short name; V(module) for a line that decides whether the module is loaded.
      type: str
      returned: success
      sample: max
    value:
      description: The value that is set there; empty when it cannot be known.
      type: str
      returned: success
      sample: "65536"
    source:
      description: File and line, or name of the agent.
      type: str
      returned: success
      sample: /etc/sysctl.d/99-old.conf:3
    wins:
      description: Whether that value will be in force after a reboot, a late load or a firewall restart.
      type: bool
      returned: success
      sample: true
    note:
      description: What more there is to say about it; empty when nothing.
      type: str
      returned: success
      sample: ""
survives:
  description: Whether the values of the running kernel will still be there, predicted from the files. While the module
    is not loaded, whether those of the files will be.
  returned: success
  type: dict
  contains:
    reboot:
      description: After a reboot.
      type: dict
      returned: success
      contains: &prediction
        ok:
          description: Whether they will.
          type: bool
          returned: success
          sample: true
        max:
          description: Size of the table then.
          type: int
          returned: success
          sample: 262144
        hashsize:
          description: Number of hash buckets then.
          type: int
          returned: success
          sample: 65536
        reasons:
          description: Which file, line or default decides.
          type: list
          elements: str
          returned: success
          sample: ["the module is loaded by /etc/modules-load.d/conntrack.conf:1"]
    late_load:
      description: After the module is loaded later than the sysctl settings are applied.
      type: dict
      returned: success
      contains: *prediction
    firewall_restart:
      description: After a restart of the firewall service.
      type: dict
      returned: success
      contains: *prediction
verdict:
  description: The judgement.
  returned: success
  type: dict
  contains:
    level:
      description: The worst level of the findings, V(ok), V(warning) or V(critical).
      type: str
      returned: success
      sample: critical
    reasons:
      description: The reasons of all findings, for people.
      type: list
      elements: str
      returned: success
      sample:
        - 235,930 of 262,144 entries are in use, 90.0 %, which is not below the 90 % that count as critical. Raise max
          (conntrack_tune with max=auto sizes it from this very count), or see with flows=true what fills the table.
    findings:
      description: The same with their names and levels, for programs.
      type: list
      elements: dict
      returned: success
      contains:
        rule:
          description: Name of the rule, V(not_tracking), V(usage), V(unlimited), V(drops), V(table_full),
            V(early_drops), V(chain_limit), V(insert_race), V(hash_small), V(memory), V(reboot), V(late_load),
            V(firewall_restart), V(conflicts), V(timeouts) or V(namespace).
          type: str
          returned: success
          sample: usage
        level:
          description: V(ok) for what is only good to know, V(warning) or V(critical).
          type: str
          returned: success
          sample: critical
        reason:
          description: What is wrong, with its figures, and what to do.
          type: str
          returned: success
          sample: 12 packets were dropped because no entry could be made for them (counter drop), and the table is still
            nearly full. Raise max above the peak.
flows:
  description: The flows in the table of this network namespace; null with O(flows=false).
  returned: success
  type: dict
  contains:
    available:
      description: Whether there was anything to read them from. If not, the note says why.
      type: bool
      returned: success
      sample: true
    source:
      description: Where they were read from.
      type: str
      returned: success
      sample: conntrack -L
    entries:
      description: Flows that were read.
      type: int
      returned: success
      sample: 235871
    l3:
      description: Flows by network protocol.
      type: dict
      returned: success
      sample: {ipv4: 230011, ipv6: 5860}
    l4:
      description: Flows by transport protocol, the most frequent first.
      type: dict
      returned: success
      sample: {tcp: 201544, udp: 34200, icmp: 127}
    tcp_states:
      description: TCP flows by state, the most frequent first. An offloaded flow has none and counts as C(OFFLOAD).
      type: dict
      returned: success
      sample: {TIME_WAIT: 160311, ESTABLISHED: 41012, SYN_SENT: 221}
    assured:
      description: Flows that are not removed early when the table is full.
      type: int
      returned: success
      sample: 201323
    unreplied:
      description: Flows that nobody has answered yet.
      type: int
      returned: success
      sample: 12044
    offloaded:
      description: Flows that a flow table or the network card handles.
      type: int
      returned: success
      sample: 0
    top_sources:
      description: The busiest addresses that opened flows.
      type: list
      elements: dict
      returned: success
      contains: &addresses
        address:
          description: The address.
          type: str
          returned: success
          sample: 192.0.2.10
        count:
          description: Its flows.
          type: int
          returned: success
          sample: 51230
    top_destinations:
      description: The busiest addresses to which flows were opened.
      type: list
      elements: dict
      returned: success
      contains: *addresses
    top_ports:
      description: The busiest ports to which flows were opened.
      type: list
      elements: dict
      returned: success
      contains:
        protocol:
          description: Transport protocol.
          type: str
          returned: success
          sample: tcp
        port:
          description: The port.
          type: int
          returned: success
          sample: 443
        count:
          description: Its flows.
          type: int
          returned: success
          sample: 188120
    top_error:
      description: By how much a count in the three lists can be too low. V(0) unless there are more than 65536
        different addresses or ports, of which only the most frequent can be remembered in a bounded amount of memory.
      type: int
      returned: success
      sample: 0
    truncated:
      description: Whether O(flow_limit) or O(time_limit) ended the reading.
      type: bool
      returned: success
      sample: false
    note:
      description: What ended or limits the reading, or why there is none; empty when there is nothing to say.
      type: str
      returned: success
      sample: ""
transport:
  description: How the host was read, V(python) or V(shell).
  returned: success
  type: str
  sample: python
warnings:
  description: What limits the result.
  returned: when there are any
  type: list
  elements: str
  sample: ["Not root: what only root can read is missing from the result."]
"""

from typing import Any, Mapping

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.stateward.conntrack.plugins.module_utils._argument_spec import INFO_OPTIONS, SHELL
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import ConntrackError, OptionError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_local import LocalHost
from ansible_collections.stateward.conntrack.plugins.module_utils._info import run_info


def refuse_shell(params: Mapping[str, Any]) -> None:
    """Raise OptionError for the transport that a module on the target can never be.

    The action plugin of the same name does not let it come here; what runs the module without it does.
    """
    if params["transport"] == SHELL:
        raise OptionError(
            "transport=shell runs on the controller, in the action plugin of this module, which was not used; "
            "call the module as stateward.conntrack.conntrack_info, or use transport=auto or python."
        )


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=INFO_OPTIONS, supports_check_mode=True)
    try:
        refuse_shell(module.params)
        result = run_info(LocalHost(), module.params)
    except ConntrackError as error:
        module.fail_json(msg=str(error))
    for warning in result.warnings:
        module.warn(warning)
    module.exit_json(**result.values)


if __name__ == "__main__":
    main()
