# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small files of /proc, /etc/os-release and the module indexes: text in, numbers and names out. Nothing here raises."""

from __future__ import annotations

import re

from ansible_collections.stateward.conntrack.plugins.module_utils._parse.kernelargs import BLANKS, normalize_name
from ansible_collections.stateward.conntrack.plugins.module_utils._parse.shellvars import unquote

_MEMTOTAL = re.compile(r"^MemTotal:[ \t]*([0-9]{1,18})[ \t]*kB", re.MULTILINE)
_CPU = re.compile(r"^cpu[0-9]", re.MULTILINE)
_DECIMAL = re.compile(r"-?[0-9]{1,20}")
_OS_RELEASE = re.compile(r"^[ \t]*([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.MULTILINE)

# The cache carries a pointer (2.6.32) or a number (3.10 late to 4.6) per namespace; *_expect holds expectations.
_SLAB = re.compile(r"^(?:ip|nf)_conntrack(?:_[0-9a-f]+)?[ \t]+[0-9]+[ \t]+[0-9]+[ \t]+([0-9]{1,9})\b", re.MULTILINE)

# .o: 2.4. Compressed modules: kmod.
_MODULE_SUFFIX = re.compile(r"\.k?o(?:\.(?:gz|xz|zst|bz2))?$")


def memory_bytes(meminfo: str) -> int | None:
    """MemTotal of /proc/meminfo in bytes; None when the text has none."""
    match = _MEMTOTAL.search(meminfo)
    return int(match.group(1)) * 1024 if match else None


def cpu_count(stat_text: str) -> int:
    """The CPUs listed in /proc/stat; at least 1, for there is no host without any."""
    return max(1, len(_CPU.findall(stat_text)))


def loaded_modules(text: str) -> frozenset[str]:
    """The modules in /proc/modules, with C(_) for C(-). Built-in code is never among them."""
    words = (line.split(None, 1) for line in text.split("\n"))
    return frozenset(normalize_name(word[0]) for word in words if word)


def slab_object_bytes(slabinfo_lines: str) -> int | None:
    """Bytes of one conntrack entry: the objsize column of /proc/slabinfo; None without such a line.

    The largest one, when every network namespace has a cache of its own.
    """
    sizes = [int(size) for size in _SLAB.findall(slabinfo_lines)]
    return max(sizes) if sizes else None


def os_release(text: str) -> dict[str, str]:
    """The variables of os-release, quotes resolved; the last assignment of a name wins."""
    return {name: unquote(value) for name, value in _OS_RELEASE.findall(text)}


def module_names(text: str) -> frozenset[str]:
    """The modules listed in modules.dep or modules.builtin, with C(_) for C(-); not those they depend on."""
    found = set()
    for line in text.split("\n"):
        name = line.split(":", 1)[0].rstrip(BLANKS).rpartition("/")[2]
        match = _MODULE_SUFFIX.search(name)
        if match and not line.startswith((" ", "\t")):  # modutils (2.4) continues a line of dependencies with blanks
            found.add(normalize_name(name[: match.start()]))
    return frozenset(found)


def int_value(text: str | None) -> int | None:
    """The plain decimal that a file below /proc/sys or /sys shows; None when it is missing, unreadable or no number."""
    body = (text or "").strip(BLANKS)
    return int(body) if _DECIMAL.fullmatch(body) else None
