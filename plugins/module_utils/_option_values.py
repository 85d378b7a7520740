# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single option values: each parser takes a name and a raw value and returns the checked value or raises OptionError.

Raw values come from YAML (typed), from ad hoc arguments and C(-e) (text), or from templates (either), so every parser
accepts both and nothing that is merely similar. A message is one sentence: where, what is wrong, what to write instead.
"""

from __future__ import annotations

import contextlib
import difflib
import math
import re
from dataclasses import dataclass
from typing import Any, Iterator, Sequence

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import OptionError
from ansible_collections.stateward.conntrack.plugins.module_utils._kernel_key import LONGEST_SECONDS

_INT_MAX = 2**31 - 1


@dataclass(frozen=True)
class Range:
    """The whole numbers low..high. unit: shown after them; below, above: why a number outside is refused."""

    low: int
    high: int
    unit: str = ""
    below: str = "too small"
    above: str = "too large"

    def __str__(self) -> str:
        return f"a whole number from {self.low} to {self.high}{self.unit}"


COUNT = Range(1, _INT_MAX)

# The kernel keeps max and the bucket count in an int: 2147483648 is EINVAL. Zero means "no limit" up to 6.18 and is
# EINVAL in 7.2; a negative max is read as a huge unsigned number before the bounds of 2025 (6.15 and stable branches).
SIZE = Range(
    1,
    _INT_MAX,
    below="too small (many kernels take zero or less as no limit at all)",
    above="more than the kernel can store",
)

BUCKETS = Range(1, _INT_MAX, below="too small (it needs one bucket)", above="more than the kernel can store")

# Kernels accept 0 and -1 and keep them; too many ticks wrap without an error on EL5 and EL6.
SECONDS = Range(
    1,
    LONGEST_SECONDS,
    unit=" seconds",
    below="too short (the kernel would store it and expire flows at once)",
    above="too long (old kernels let it wrap around silently)",
)


class Problems:
    """Gathers the messages of OptionError, so that a person learns of everything that is wrong in one run."""

    def __init__(self) -> None:
        self._messages: list[str] = []

    @contextlib.contextmanager
    def gathered(self) -> Iterator[None]:
        """Keep the message of an OptionError in the block and go on behind it."""
        try:
            yield
        except OptionError as error:
            self.add(str(error))

    def add(self, *messages: str) -> None:
        """Keep these messages."""
        self._messages.extend(messages)

    def raise_any(self) -> None:
        """Raise OptionError with all messages kept; return when there are none."""
        if self._messages:
            raise OptionError(" ".join(self._messages))


@dataclass(frozen=True)
class MemoryLimit:
    """How much memory the full table may take: a percentage of the RAM, or bytes. Exactly one of the two is set."""

    percent: float | None = None
    size: int | None = None

    def resolve(self, memory_bytes: int) -> int:
        """The limit in bytes on a host with memory_bytes of RAM, rounded down."""
        if self.percent is not None:
            return int(memory_bytes * self.percent / 100)
        return self.size or 0


# ---------------------------------------------------------------------------------------------- showing what was given

_KINDS = ((dict, "a dictionary"), (list, "a list"), (tuple, "a list"), (bytes, "binary data"))


def show(value: Any) -> str:
    """The value as a person would write it, short enough for a sentence."""
    if value is None:
        return "an empty value"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value.bit_length() < 128 else "this number"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:37] + "...")
    return next((words for kind, words in _KINDS if isinstance(value, kind)), f"a {type(value).__name__}")


def nearest(name: str, known: Sequence[str]) -> str:
    """The known name that looks most like this one; empty when none does."""
    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.5)), "")


# ---------------------------------------------------------------------------------------------- whole numbers

_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,18})\Z")

# What people write instead of plain decimal digits, and why it is refused. First match wins.
_NOT_DECIMAL = (
    (re.compile(r"[+-]?0[xX]"), "is hexadecimal"),
    (re.compile(r"[+-]?0[oObB]"), "is octal or binary"),
    (re.compile(r"[+-]?0[0-9]"), "has a leading zero, which the kernel reads as octal"),
    (re.compile(r"[+-]?[0-9]*\.[0-9]+\Z"), "is fractional"),
    (re.compile(r"[+-]?[0-9.]+[eE][+-]?[0-9]"), "is in scientific notation"),
    (re.compile(r"[+-]?[0-9]+[,_' ][0-9]"), "has separators between its digits"),
    (re.compile(r"[+-]?[0-9]+ ?[kKmMgGtT](?:i?[bB])?\Z"), "has a unit"),
    (re.compile(r"\+[0-9]"), "has a sign"),
    (re.compile(r"-?[0-9]{20,}\Z"), "is far too large"),
)


def parse_integer(name: str, value: Any, allowed: Range, *, words: str = "") -> int:
    """A whole number in the allowed range, from an int or from plain decimal digits.

    words: what else may be written, for the message.
    """
    wanted = f"write {allowed}{words}"
    if isinstance(value, float) and value.is_integer() and allowed.low <= value <= allowed.high:
        raise OptionError(f"{name}: {show(value)} is a fractional number; write {int(value)}.")
    if isinstance(value, (bool, float)) or not isinstance(value, (int, str)):
        raise OptionError(f"{name}: {show(value)} is not a whole number; {wanted}.")
    if isinstance(value, str) and not _DECIMAL.match(value.strip()):
        raise OptionError(f"{name}: {show(value)} {_why_not_decimal(value.strip())}; {wanted}.")
    number = int(value)
    if not allowed.low <= number <= allowed.high:
        why = allowed.below if number < allowed.low else allowed.above
        raise OptionError(f"{name}: {show(number)} is {why}; {wanted}.")
    return number


def _why_not_decimal(text: str) -> str:
    return next((why for pattern, why in _NOT_DECIMAL if pattern.match(text)), "is not a number")


# ---------------------------------------------------------------------------------------------- other plain values

_FRACTION = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,18})?\Z")


def parse_fraction(name: str, value: Any, *, low: float, high: float) -> float:
    """A finite number from low to high, from an int, a float or its decimal text."""
    wanted = f"write a number from {low:g} to {high:g}"
    if isinstance(value, str) and _FRACTION.match(value.strip()):
        value = float(value)
    is_nan = isinstance(value, float) and math.isnan(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or is_nan:
        raise OptionError(f"{name}: {show(value)} is not a number; {wanted}.")
    if not low <= value <= high:
        raise OptionError(f"{name}: {show(value)} is too {'small' if value < low else 'large'}; {wanted}.")
    return float(value)


_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def to_boolean(value: Any) -> bool | None:
    """The truth value that YAML and ad hoc users write; None when it is none."""
    if isinstance(value, bool):
        return value
    return _BOOLEANS.get(value.strip().lower()) if isinstance(value, str) else None


def parse_boolean(name: str, value: Any) -> bool:
    """True or false."""
    truth = to_boolean(value)
    if truth is None:
        raise OptionError(f"{name}: {show(value)} is neither true nor false; write true or false.")
    return truth


def parse_choice(name: str, value: Any, choices: Sequence[str]) -> str:
    """One of the choices; otherwise the message offers the nearest."""
    if isinstance(value, str) and value in choices:
        return value
    near = nearest(value, choices) if isinstance(value, str) else ""
    hint = f"the nearest is {near}, out of" if near else "write one of"
    raise OptionError(f"{name}: {show(value)} is not known; {hint} {', '.join(choices)}.")


# ---------------------------------------------------------------------------------------------- memory

_PERCENT = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?%\Z")
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([KMGT])(?:I?B)?\Z")
_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}

# A bare number below this is a forgotten unit: a table of 1 MiB holds about 3000 entries.
_BYTES = Range(
    2**20, 2**62, unit=" bytes", below="too few bytes for any table", above="more memory than a host can have"
)

_OTHER_FORMS = ', a percentage of the memory such as "5%", or a size such as 512M or 2GiB'


def parse_memory_limit(name: str, value: Any) -> MemoryLimit:
    """A share of the RAM (up to 100 percent), a size with a unit (K, M, G, T are powers of 1024), or bytes."""
    text = value.strip().upper() if isinstance(value, str) else ""
    percent, size = _PERCENT.match(text), _SIZE.match(text)
    if percent:
        return MemoryLimit(percent=_parse_percent(name, value, float(percent.group(1))))
    if size:
        return MemoryLimit(size=_parse_size(name, value, float(size.group(1)) * _UNITS[size.group(2)]))
    return MemoryLimit(size=parse_integer(name, value, _BYTES, words=_OTHER_FORMS))


def _parse_percent(name: str, value: Any, percent: float) -> float:
    if not 0 < percent <= 100:
        raise OptionError(f"{name}: {show(value)} is not above 0 and at most 100 percent; write for example 5%.")
    return percent


def _parse_size(name: str, value: Any, size: float) -> int:
    if size < 1:
        raise OptionError(f"{name}: {show(value)} leaves no memory at all; write a size such as 512M.")
    return int(size)
