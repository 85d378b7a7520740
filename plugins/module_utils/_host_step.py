# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every kind of operation has in common when it is done.

One function does one operation and says what became of it. Before it changes anything, it hands over a step that undoes
the change; the step may run at any time, and more than once.
"""

from __future__ import annotations

from typing import Callable

from ansible_collections.stateward.conntrack.plugins.module_utils._host_tree import Tree
from ansible_collections.stateward.conntrack.plugins.module_utils._model import Operation, Outcome

Undo = Callable[[], None]
Journal = Callable[[Undo], None]
Perform = Callable[[Tree, Operation, Journal], Outcome]
