# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation fragment: what the modules of this collection can do, in the terms of Ansible's attributes."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes for C(extends_documentation_fragment: stateward.conntrack.attributes)."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    support: full
    description:
      - Whether check mode shows what a real run would do, without doing it.
    details:
      - The plan of check mode is the very plan that the real run executes, down to the number of buckets after the
        kernel's rounding.
      - Where the module is not loaded yet, the keys that it will bring are those of the kernel's version; one that the
        kernel was built without is left out when it is loaded.
  platform:
    platforms: linux
    support: full
    description:
      - The operating systems on the target.
    details:
      - Linux with connection tracking in the kernel, as a module or built in.
"""

    # For a module that changes the host; beside the standard fragment.
    CHANGES = r"""
options: {}
attributes:
  action_group:
    support: full
    description:
      - The groups for which C(module_defaults) can set defaults for this module.
    membership:
      - stateward.conntrack.conntrack
  diff_mode:
    support: full
    description:
      - Whether diff mode shows what has changed, or in check mode would change.
    details:
      - Files are shown with their whole text, kernel values as one line each.
  idempotent:
    support: full
    description:
      - Whether a second run with the same options finds nothing left to change.
    details:
      - True unless something else changes the values or the files in between, or O(max=auto) finds more live
        connections than before.
"""

    # For a module that only reads; beside the standard fragment.
    READS = r"""
options: {}
attributes:
  diff_mode:
    support: N/A
    description:
      - Whether diff mode shows what has changed.
    details:
      - This module changes nothing.
  idempotent:
    support: full
    description:
      - Whether a second run with the same options finds nothing left to change.
    details:
      - This module changes nothing.
"""
