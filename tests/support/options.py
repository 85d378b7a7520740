# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parser of the options of conntrack_tune says."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.stateward.conntrack.plugins.module_utils._errors import OptionError
from ansible_collections.stateward.conntrack.plugins.module_utils._options import parse_options

INT_MAX = 2147483647


def refusal(**params: Any) -> str:
    """The message that refuses them."""
    with pytest.raises(OptionError) as caught:
        parse_options(params)
    return str(caught.value)
