# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the filters are given: numbers, or text with a number, as templates make them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ansible.errors import AnsibleFilterError


def whole_number(filter_name: str, option: str, value: Any, *, least: int = 1) -> int:
    """The value as an integer of at least least. Raises AnsibleFilterError for anything else."""
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise AnsibleFilterError(f"{filter_name}: {option} must be a whole number, not {value!r}.")
    if value < least:
        raise AnsibleFilterError(f"{filter_name}: {option} must be {least} or more, not {value}.")
    return value


def ratio(filter_name: str, option: str, value: Any) -> Fraction:
    """The value as an exact fraction above 0. Raises AnsibleFilterError for anything else."""
    try:
        number = Fraction(str(value))
    except (ValueError, ZeroDivisionError) as error:
        raise AnsibleFilterError(f"{filter_name}: {option} must be a number, not {value!r}.") from error
    if number <= 0:
        raise AnsibleFilterError(f"{filter_name}: {option} must be above 0, not {value}.")
    return number


def percentage(filter_name: str, option: str, value: Any) -> float:
    """The value, with or without a percent sign, as a number from 0 to 100. Raises AnsibleFilterError otherwise."""
    text = str(value).strip()
    try:
        number = float(text[:-1] if text.endswith("%") else text)
    except ValueError as error:
        raise AnsibleFilterError(f"{filter_name}: {option} must be a percentage, not {value!r}.") from error
    if not 0 <= number <= 100:
        raise AnsibleFilterError(f"{filter_name}: {option} must be from 0 to 100, not {value!r}.")
    return number
