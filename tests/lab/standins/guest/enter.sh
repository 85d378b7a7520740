#!/bin/sh
# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later

# One connection: the ssh server of a stand-in, in its tree and its namespaces. The connection is standard input.
HERE=$(dirname "$(readlink -f "$0")")
TREE=$HERE/$1/tree
NAMES=/run/standins/$1
if [ -x "$TREE/lib/standin/dropbear" ]; then
    set -- /bin/env LD_LIBRARY_PATH=/lib/standin/lib /lib/standin/dropbear -i -r /etc/dropbear/dropbear_ed25519_host_key
else
    set -- /lib/standin/sshd -i -f /lib/standin/sshd_config
fi
exec nsenter --mount="$NAMES.mnt" --net="$NAMES.net" --uts="$NAMES.uts" chroot "$TREE" "$@"
