#!/usr/bin/python
# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: write the report of an audit. All of its work is done on the controller, by the action plugin."""

from __future__ import annotations

DOCUMENTATION = r"""
module: conntrack_report
short_description: Write what conntrack_info found on a fleet into one report
version_added: 1.0.0
author:
  - The stateward.conntrack authors (@stateward)
description:
  - Takes what earlier tasks registered on each host, and writes one page of HTML, one JSON file and one CSV file on the
    controller. Shows a table on the terminal, the worst host first.
  - A host that could not be reached, or on which a task failed, is a row too, with the reason.
  - When there is a C(report.json) in the directory already, the new report says what has changed since.
  - Made for the playbook C(stateward.conntrack.audit). A playbook of your own can use it with C(run_once=true).
attributes:
  check_mode:
    support: full
    description:
      - Whether check mode shows what a real run would do, without doing it.
    details:
      - The table is shown and everything is returned, but no file is written.
  diff_mode:
    support: none
    description:
      - Whether diff mode shows what has changed.
  platform:
    platforms: posix
    support: full
    description:
      - The operating systems on the target.
    details:
      - The controller does all of it; the target is not even connected to.
  action:
    support: full
    description:
      - Whether a plugin on the controller does the work.
options:
  dest:
    description:
      - Directory on the controller for C(index.html), C(report.json) and C(report.csv). It is made when it is missing.
      - A relative path begins at the directory in which Ansible was started.
      - Each file is replaced as a whole, and keeps its mode.
    type: path
    required: true
  hosts:
    description:
      - The hosts of the report. The default is all hosts of the play.
    type: list
    elements: str
  info:
    description:
      - Name of the variable in which the result of M(stateward.conntrack.conntrack_info) was registered on each host.
    type: str
    default: conntrack_info
  asked:
    description:
      - Name of the variable in which the result of M(stateward.conntrack.conntrack_tune) in check mode was registered
        on each host that has a policy. What it would change is the drift of the host.
      - The variables C(conntrack_survive) and C(conntrack_persist) of the host say what the values have to survive,
        see P(stateward.conntrack.conntrack_drift#filter). Where its C(harden_persistence) is false, that is nothing.
    type: str
    default: conntrack_asked
  fail_on:
    description:
      - Which hosts are returned as RV(problems). V(warning) means a verdict that is worse, too. V(drift) means a host
        that differs from its policy or refuses it.
    type: list
    elements: str
    choices: [critical, unreachable, failed, warning, drift]
    default: []
  show:
    description:
      - Whether to show the table on the terminal, in lines of their own.
    type: bool
    default: true
  rows:
    description:
      - How many hosts the table has at most.
    type: int
    default: 50
notes:
  - The files contain names, addresses and settings of the fleet. Their mode is what the umask leaves; put them where
    only those can read them who may.
seealso:
  - module: stateward.conntrack.conntrack_info
  - module: stateward.conntrack.conntrack_tune
"""

EXAMPLES = r"""
- name: Look
  stateward.conntrack.conntrack_info:
    flows: true
  register: conntrack_info
  ignore_unreachable: true

- name: Report
  stateward.conntrack.conntrack_report:
    dest: /srv/reports/conntrack
    fail_on:
      - critical
      - unreachable
  register: report
  run_once: true

- name: Stop when a table is nearly full somewhere
  ansible.builtin.assert:
    that: report.problems | length == 0
    fail_msg: "{{ report.problems }}"
  run_once: true
"""

RETURN = r"""
dest:
  description: The directory, as an absolute path.
  returned: success
  type: str
  sample: /srv/reports/conntrack
table:
  description: The table in lines of at most 100 columns, the worst host first, with a last line of totals.
  returned: success
  type: list
  elements: str
  sample:
    - host   state     use     max      memory    lasts  why
    - gw1    critical  97.3 %  262,144  98.0 MiB  yes    usage, drops
    - "1 hosts: 1 critical"
totals:
  description: Figures of the fleet, as they are in C(report.json).
  returned: success
  type: dict
  sample: {hosts: 1, drifted: 0, entries: 255066}
problems:
  description: By host name, what is wrong with each host that O(fail_on) means.
  returned: success
  type: dict
  sample: {gw1: "critical: 255,066 of 262,144 entries are in use, 97.3 %"}
"""
