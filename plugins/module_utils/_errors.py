# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exceptions of the collection. Utilities raise them; only a module's main() and an action's run() catch them."""

from __future__ import annotations


class ConntrackError(Exception):
    """Base of all: the message is one or more plain sentences for the person who reads the failed task."""


class OptionError(ConntrackError):
    """An option, or a combination of options, that cannot be accepted. Nothing was read or changed."""


class UnsupportedHostError(ConntrackError):
    """The host cannot do what was asked: no conntrack, a declarative system, no permission."""


class CutOffError(UnsupportedHostError):
    """The answer about changes that were begun did not come, or not to its end: nobody knows what was done."""


class RefusedError(ConntrackError):
    """The request is understood and possible, but dangerous: it needs O(force=true)."""


class LockedError(ConntrackError):
    """Another run holds the lock of this host."""


class StaleError(ConntrackError):
    """The host changed between reading it and applying the plan; everything done was rolled back."""
