#!/bin/sh
# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later

# usage: outside.sh COMMAND [ARGUMENT ...] - run it in the network namespace from which the lab was entered: that of the
# nearest ancestor that has another one than we have; without such an ancestor, here.
here=$(readlink /proc/self/ns/net)
process=$$
while [ "$process" -gt 1 ]; do
    process=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$process/status")
    there=$(readlink "/proc/$process/ns/net" 2>/dev/null) || break
    [ "$there" = "$here" ] || exec nsenter "--net=/proc/$process/ns/net" "$@"
done
exec "$@"
