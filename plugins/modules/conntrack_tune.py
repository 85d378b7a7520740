#!/usr/bin/python
# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: size, set and persist connection tracking."""

from __future__ import annotations

DOCUMENTATION = r"""
module: conntrack_tune
short_description: Size, set and persist Linux connection tracking
version_added: 1.0.0
author:
  - The stateward.conntrack authors (@stateward)
description:
  - Ends C(table full, dropping packet) and keeps it ended. Sets the size of the connection tracking table (max)
    together with the number of its hash buckets, the timeouts and the settings, in the running kernel and in the files
    that bring them back after a reboot, a late module load or a firewall restart.
  - The size can be given exactly, or be computed from the kind of host, the expected load and the memory.
  - Every value written is read back. What the kernel does not confirm is a failure, and what was done before it is
    rolled back.
  - Never flushes a connection, never restarts or reloads a firewall, never unloads a module.
extends_documentation_fragment:
  - stateward.conntrack.attributes
  - stateward.conntrack.attributes.changes
  - stateward.conntrack.transport
options:
  state:
    description:
      - Whether the host is to be tuned, or tuning is to be taken back.
      - V(present) - Apply and persist what the other options ask for.
      - V(absent) - Remove every file and line that this collection owns, and put back the values that the running
        kernel had before the first change. Options about sizes, timeouts and settings are ignored, so
        that a playbook needs no other variables for its way back. With some of the places in O(persist), only what
        was written there is removed, and the running kernel stays as it is.
    type: str
    choices: [present, absent]
    default: present
  profile:
    description:
      - The kind of host. A profile brings timeouts, settings, a ratio of entries to buckets, a share of the memory and
        a smallest size.
      - Everything in it can be overridden with the other options.
      - V(general) - Any host without a more special role. Established connections may idle for a day.
      - V(web_lb) - Web servers and load balancers, with many short connections.
      - V(nat_gateway) - Router that hides a network behind one or a few addresses. Keeps idle TCP for 2 h 4 min, as
        RFC 5382 demands.
      - V(cgn) - Carrier-grade NAT with the timers of RFC 5382, RFC 4787 and RFC 6888, and accounting for the logs.
      - V(dns_server) - Resolvers and name servers, with a flood of short UDP exchanges.
      - V(k8s_node) - Kubernetes node, in agreement with the defaults of kube-proxy.
      - V(perimeter_firewall) - Firewall in front of a network that has to withstand SYN floods. Short handshakes,
        no pick-up of unknown connections.
      - V(database) - Servers with pools of long idle connections.
      - V(vpn) - VPN concentrator, with long-lived UDP and GRE.
      - V(openstack_compute) - Hypervisor that tracks the connections of its guests.
      - V(small_router) - Router or access point with little memory.
      - V(none) - Nothing but what the other options ask for.
    type: str
    choices:
      - general
      - web_lb
      - nat_gateway
      - cgn
      - dns_server
      - k8s_node
      - perimeter_firewall
      - database
      - vpn
      - openstack_compute
      - small_router
      - none
    default: general
  max:
    description:
      - Size of the table in entries, that is C(nf_conntrack_max) or C(ip_conntrack_max).
      - A whole number from 1 to 2147483647 is taken exactly. Write plain decimal digits.
      - V(auto) computes it. The result is the largest of the kernel's own default for this memory, the profile's
        smallest size, and O(headroom) times the need (the largest of O(connections), O(connection_rate) times the
        lifetime of an entry, and the live count), rounded up to a power of two, then limited by O(memory_limit). It
        does not lower a larger value unless O(allow_lower=true).
      - V(keep) leaves the value as it is.
      - When not given, the default is V(auto), except with O(profile=none), where it is V(keep).
      - A number above the profile's share of the memory gives a warning. A number above an explicit O(memory_limit), or
        above half of the memory, is refused unless O(force=true).
    type: raw
  hashsize:
    description:
      - Number of hash buckets. Too few make every packet slow, and on kernels since 5.15 make the kernel refuse
        connections while the table is far from full.
      - A whole number from 1 to 2147483647. The kernel rounds it up to a full memory page (512 buckets on most 64-bit
        hosts), and so does the result.
      - V(auto) is max divided by O(entries_per_bucket), rounded as the kernel will.
      - V(keep) leaves the value as it is.
      - When not given, the default is V(auto), except with O(profile=none), where it is V(keep).
    type: raw
  entries_per_bucket:
    description:
      - How many entries of a full table share one bucket, from 0.125 to 64. Only used with O(hashsize=auto).
      - V(1) is the kernel's own ratio since 5.15; 4 and 8 are those of older kernels.
      - When not given, the profile's ratio is used, which is 1 unless the profile says otherwise.
    type: float
  memory_limit:
    description:
      - Memory that the full table with its buckets may take. It is kernel memory, which cannot be swapped out.
      - 'A percentage of the memory (V(5%)), a size with a unit (V(512M), V(2GiB); units are powers of 1024), or a whole
        number of bytes.'
      - Caps O(max=auto). A number in O(max) above this limit is refused unless O(force=true).
      - When not given, the profile's share caps O(max=auto).
    type: raw
  connections:
    description:
      - Expected peak of concurrent connections, for O(max=auto). Cannot be combined with a number in O(max) or with
        O(max=keep).
    type: int
  connection_rate:
    description:
      - Expected peak of new connections per second, for O(max=auto). The need is this rate times the seconds that an
        entry stays in the table under the timeouts in force.
      - Cannot be combined with a number in O(max) or with O(max=keep).
    type: int
  headroom:
    description:
      - Factor over the need that O(max=auto) leaves free, from 1 to 100.
    type: float
    default: 2.0
  allow_lower:
    description:
      - Whether O(max=auto) may also shrink the table. A number in O(max) is set either way.
      - It shrinks to what twice the live count would need, so that a count which goes up and down by less than a factor
        of two never makes the table shrink and grow again. A table that gets its size from the live count stays as it
        is until a quarter of it would do.
    type: bool
    default: false
  timeouts:
    description:
      - Timeouts in whole seconds from 1 to 2147483, by short name, over those of the profile.
      - 'TCP by state: C(tcp_syn_sent), C(tcp_syn_recv), C(tcp_established), C(tcp_fin_wait), C(tcp_close_wait),
        C(tcp_last_ack), C(tcp_time_wait), C(tcp_close), C(tcp_max_retrans), C(tcp_unacknowledged).'
      - 'Without states: C(udp), C(udp_stream), C(icmp), C(icmpv6), C(generic), C(gre), C(gre_stream), C(udplite),
        C(udplite_stream), C(frag6).'
      - 'SCTP by state: C(sctp_closed), C(sctp_cookie_wait), C(sctp_cookie_echoed), C(sctp_established),
        C(sctp_shutdown_sent), C(sctp_shutdown_recd), C(sctp_shutdown_ack_sent), C(sctp_heartbeat_sent),
        C(sctp_heartbeat_acked).'
      - 'DCCP by state: C(dccp_request), C(dccp_respond), C(dccp_partopen), C(dccp_open), C(dccp_closereq),
        C(dccp_closing), C(dccp_timewait).'
      - An unknown name fails the task and the nearest known one is offered. A name that this kernel does not have is
        skipped, with the reason in RV(ignore:not_applied).
    type: dict
    default: {}
  settings:
    description:
      - Other connection tracking keys by short name, over those of the profile.
      - 'Switches, a boolean or a number: C(tcp_loose), C(tcp_be_liberal), C(tcp_ignore_invalid_rst), C(acct),
        C(timestamp), C(checksum), C(helper), C(dccp_loose), and C(events), which also has 2 for automatic.'
      - 'Numbers: C(tcp_max_retrans), C(log_invalid) (an IP protocol number, 255 for all, 0 for none), C(expect_max),
        C(events_retry_timeout), C(frag6_low_thresh), C(frag6_high_thresh).'
      - An unknown name or a key that this kernel does not have is treated as in O(timeouts).
    type: dict
    default: {}
  runtime:
    description:
      - Whether to change the running kernel. With V(false) only files are written, so O(persist) must name some.
      - With O(state=absent), whether to put back the values of the running kernel.
    type: bool
    default: true
  persist:
    description:
      - What to write so that the values come back by themselves. Where each host keeps it is found out on the host.
      - V(preload) - Load the module early at boot, before the sysctl settings are applied, so that its keys exist.
      - V(modprobe) - Give the number of buckets as an option of the module. The matching max is always written
        along, because the kernel derives a max of eight times the buckets from this option alone.
      - V(sysctl) - Write max, timeouts and settings to the sysctl configuration that this host reads at boot.
      - V(late_load) - Apply the values again whenever the module is loaded later, for example by the first firewall
        rule.
      - V(iptables_unload) - Keep the iptables service of CentOS and RHEL from unloading the modules, and with them
        all values, at every restart.
      - V(all) - All of the above that apply to the host.
      - A timeout or setting that an earlier run has written, and that is no longer asked for, leaves the sysctl
        configuration; with O(runtime), the running kernel gets back the value from before the first change. A size
        stays until another one is asked for.
    type: list
    elements: str
    choices: [preload, modprobe, sysctl, late_load, iptables_unload, all]
    default: []
  takeover:
    description:
      - Whether to comment out lines in files of others that would win over the values at boot. A copy of each such file
        is kept. Without it such lines are reported in RV(ignore:conflicts).
    type: bool
    default: false
  backup:
    description:
      - Whether to keep a copy, with a time stamp in its name, of every file that is changed.
    type: bool
    default: false
  force:
    description:
      - Whether to allow a max below the number of live connections, or above the memory for which it was refused.
    type: bool
    default: false
  undo:
    description:
      - The operations of one earlier run, as its RV(ignore:operations) showed them. With O(state=absent), only they are
        taken back. Values and files become what they were right before that run, not what they were before the first.
      - Operations that were not done, and those of check mode, count for nothing, so an empty list changes nothing.
        Anything that is no operation, such as the RV(ignore:results) of a loop, is refused.
      - A file that others have changed since keeps their lines. Where that is not possible it is left as it is, with
        the reason in RV(ignore:not_applied).
      - A module that was loaded stays loaded, and copies made by O(backup) stay.
    type: list
    elements: dict
notes:
  - Needs root on the target to change anything.
  - Needs no Python on the target. Without a usable one, the same work is done by this collection on the controller,
    with two C(sh) commands at most over the connection.
  - In a container or another network namespace the size of the table belongs to the host. The module says so in
    RV(ignore:not_applied) and sets what can be set.
"""

EXAMPLES = r"""
- name: Size for the kind of host, now and for every boot
  stateward.conntrack.conntrack_tune:
    profile: web_lb
    persist:
      - all

- name: Size for an expected load, within a tenth of the memory
  stateward.conntrack.conntrack_tune:
    profile: nat_gateway
    connections: 400000
    memory_limit: 10%
    persist:
      - all

- name: Size from the rate of new connections
  stateward.conntrack.conntrack_tune:
    connection_rate: 3000
    headroom: 3
    timeouts:
      tcp_time_wait: 65
      udp: 20

- name: Exact numbers, in the running kernel only
  stateward.conntrack.conntrack_tune:
    max: 1000000
    hashsize: 262144

- name: One timeout and nothing else
  stateward.conntrack.conntrack_tune:
    profile: none
    timeouts:
      tcp_established: 36000

- name: Show what would change, on a host where other files may win
  stateward.conntrack.conntrack_tune:
    profile: perimeter_firewall
    persist:
      - preload
      - modprobe
      - sysctl
    takeover: true
    backup: true
  check_mode: true
  diff: true

- name: A policy for the whole fleet in one place
  module_defaults:
    group/stateward.conntrack.conntrack:
      profile: general
      memory_limit: 5%
      persist:
        - all
  block:
    - name: Apply it
      stateward.conntrack.conntrack_tune:

- name: Take everything back
  stateward.conntrack.conntrack_tune:
    state: absent

- name: Try a new size
  stateward.conntrack.conntrack_tune:
    max: 524288
    persist:
      - all
  register: trial

- name: Take only this one change back
  stateward.conntrack.conntrack_tune:
    state: absent
    undo: "{{ trial.operations }}"

# Ad hoc, first as a question, then for real:
#
#   ansible all --become --check --diff -m stateward.conntrack.conntrack_tune -a "max=300000"
#   ansible all --become -m stateward.conntrack.conntrack_tune -a "max=300000 persist=all"
"""

RETURN = r"""
changed:
  description: Whether anything was changed, or in check mode would be.
  returned: always
  type: bool
  sample: true
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
before:
  description: Values of the running kernel before the run.
  returned: success
  type: dict
  contains: &values
    max:
      description: Size of the table in entries; null while the module is not loaded.
      type: int
      returned: success
      sample: 262144
    hashsize:
      description: Number of hash buckets; null while the module is not loaded.
      type: int
      returned: success
      sample: 262144
    count:
      description: Live entries in this network namespace; null while the module is not loaded.
      type: int
      returned: success
      sample: 18211
    timeouts:
      description: Every timeout that this kernel has, in seconds, by short name.
      type: dict
      returned: success
      sample: {tcp_established: 432000, udp: 30}
    settings:
      description: Every other key that this kernel has, by short name.
      type: dict
      returned: success
      sample: {acct: 0, tcp_loose: 1}
after:
  description: Values of the running kernel after the run, as read back; in check mode those that a real run would
    leave.
  returned: success
  type: dict
  contains: *values
sizing:
  description: The size that was chosen, and why.
  returned: success
  type: dict
  contains:
    max:
      description: Size of the table in entries.
      type: int
      returned: success
      sample: 524288
    hashsize:
      description: Number of hash buckets, as the kernel rounds it.
      type: int
      returned: success
      sample: 524288
    entry_bytes:
      description: Memory of one entry in bytes.
      type: int
      returned: success
      sample: 384
    memory_bytes:
      description: Memory of the full table with its buckets.
      type: int
      returned: success
      sample: 205520896
    memory_limit_bytes:
      description: Memory that it may take.
      type: int
      returned: success
      sample: 416334438
    load_factor:
      description: Mean length of a hash chain when the table is full. Every connection is in the table twice, once per
        direction.
      type: float
      returned: success
      sample: 2.0
    reasons:
      description: One line for each step of the computation.
      type: list
      elements: str
      returned: success
      sample: ["profile web_lb: at least 524288 entries"]
operations:
  description: Every change, in the order in which it is made.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: What is changed, V(directory), V(file), V(module) or V(value).
      type: str
      returned: success
      sample: value
    target:
      description: Path of a file, a directory or a kernel value; name of a module.
      type: str
      returned: success
      sample: /proc/sys/net/netfilter/nf_conntrack_max
    name:
      description: Short name of a kernel value; empty for everything else.
      type: str
      returned: success
      sample: max
    before:
      description: What was there; null for nothing.
      type: str
      returned: success
      sample: "262144"
    after:
      description: What is to be there; null for nothing.
      type: str
      returned: success
      sample: "524288"
    status:
      description: V(planned) in check mode, else V(done), V(skipped), V(failed) or V(rolled_back).
      type: str
      returned: success
      sample: done
    reason:
      description: Why it is changed, or why it was skipped, failed or rolled back.
      type: str
      returned: success
      sample: size of the table
not_applied:
  description: What was asked for and cannot be done on this host.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the key or of the place.
      type: str
      returned: success
      sample: helper
    reason:
      description: Why it was not applied.
      type: str
      returned: success
      sample: this kernel has no such key; it was removed in 6.0
    asked:
      description: Whether an option names it. V(false) for what a profile, C(all) or O(state=absent) brought along.
      type: bool
      returned: success
      sample: true
conflicts:
  description: Lines in files of others, and agents, that set the same keys.
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
      description: The value that the other one sets; empty when it cannot be known.
      type: str
      returned: success
      sample: "65536"
    source:
      description: File and line, or name of the agent.
      type: str
      returned: success
      sample: /etc/sysctl.d/99-old.conf:3
    wins:
      description: Whether it wins over the value that was asked for.
      type: bool
      returned: success
      sample: true
    note:
      description: What more there is to say about it; empty when nothing.
      type: str
      returned: success
      sample: ""
survives:
  description: What will be true later, predicted from the files as they are after the run.
  returned: success
  type: dict
  contains:
    reboot:
      description: After a reboot.
      type: dict
      returned: success
      contains: &prediction
        ok:
          description: Whether the values are the wanted ones.
          type: bool
          returned: success
          sample: true
        max:
          description: Size of the table then.
          type: int
          returned: success
          sample: 524288
        hashsize:
          description: Number of hash buckets then.
          type: int
          returned: success
          sample: 524288
        reasons:
          description: Which file, line or default decides.
          type: list
          elements: str
          returned: success
          sample: ["/etc/sysctl.d/99-stateward-conntrack.conf:4 sets max"]
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
cut_off:
  description:
    - The host stopped to answer when changes had been begun, or its Python ended without a word. What of them was done
      is not known, and no other key is returned.
  returned: when that happened
  type: bool
  sample: true
transport:
  description: How the host was read and changed, V(python) or V(shell).
  returned: success
  type: str
  sample: python
warnings:
  description: What a person should look at although the task succeeded.
  returned: when there are any
  type: list
  elements: str
  sample: ["max=1000000 needs 375 MiB, more than the 5 % of the memory that profile general allows"]
diff:
  description: The operations as texts before and after.
  returned: success
  type: list
  elements: dict
  sample:
    - before_header: /etc/sysctl.d/99-stateward-conntrack.conf
      after_header: /etc/sysctl.d/99-stateward-conntrack.conf
      before: ""
      after: |
        net.netfilter.nf_conntrack_max = 524288
"""

from typing import Any, Mapping

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.stateward.conntrack.plugins.module_utils._argument_spec import SHELL, TUNE_OPTIONS
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import ConntrackError, OptionError
from ansible_collections.stateward.conntrack.plugins.module_utils._host_local import LocalHost
from ansible_collections.stateward.conntrack.plugins.module_utils._workflow import run


def refuse_shell(params: Mapping[str, Any]) -> None:
    """Raise OptionError for the transport that a module on the target can never be.

    The action plugin of the same name does not let it come here; what runs the module without it does.
    """
    if params["transport"] == SHELL:
        raise OptionError(
            "transport=shell runs on the controller, in the action plugin of this module, which was not used; "
            "call the module as stateward.conntrack.conntrack_tune, or use transport=auto or python."
        )


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=TUNE_OPTIONS, supports_check_mode=True)
    try:
        refuse_shell(module.params)
        result = run(LocalHost(), module.params, check_mode=module.check_mode)
    except ConntrackError as error:
        module.fail_json(msg=str(error))
    for warning in result.warnings:
        module.warn(warning)
    if result.error:
        module.fail_json(msg=result.error, **result.values)
    module.exit_json(**result.values)


if __name__ == "__main__":
    main()
