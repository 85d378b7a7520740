# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fill .tree, where the checkout appears as an installed collection.

Ansible, pytest and mypy find a collection only below ansible_collections/<namespace>/<name>. That directory is a real
one, because some tools refuse a link; in it are links to the children of the checkout, so that nothing gets stale.
"""

from __future__ import annotations

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
TREE = CHECKOUT / ".tree" / "ansible_collections" / "stateward" / "conntrack"


def children(checkout: Path) -> dict[str, str]:
    """The names that belong into the tree, with the relative target of their links."""
    names = (path.name for path in checkout.iterdir() if not path.name.startswith("."))
    return {name: os.path.relpath(checkout / name, TREE) for name in names if name != "__pycache__"}


def make_tree(tree: Path, wanted: dict[str, str]) -> None:
    """Make the links of the tree equal to the wanted ones."""
    tree.mkdir(parents=True, exist_ok=True)
    found = {path.name: os.readlink(path) for path in tree.iterdir() if path.is_symlink()}
    for name in found.keys() - wanted.keys():
        (tree / name).unlink()
    for name, target in wanted.items():
        if found.get(name) != target:
            (tree / name).unlink(missing_ok=True)
            (tree / name).symlink_to(target)


if __name__ == "__main__":
    make_tree(TREE, children(CHECKOUT))
