#!/bin/sh
# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later

# In the new namespaces of one stand-in: what is mounted into its tree, then its first boot.
set -eu
FOLDER=${1%/}
TREE=$FOLDER/tree
hostname "${FOLDER##*/}"
ip link set lo up
mount --rbind /dev "$TREE/dev"
mount --bind /usr/lib/x86_64-linux-gnu "$TREE/usr/lib/x86_64-linux-gnu"
mount -o remount,bind,ro "$TREE/usr/lib/x86_64-linux-gnu"
mount -t proc proc "$TREE/proc"
# The kernel's own values are hidden behind plain files that look like those of the described host.
mount --bind "$FOLDER/proc/sys/net" "$TREE/proc/sys/net"
find "$FOLDER/proc" -path "$FOLDER/proc/sys/net" -prune -o -type f -print | while read -r file; do
    mount --bind "$file" "$TREE${file#"$FOLDER"}"
done
# A second view of one file, with a mode of its own: an overlay that copies nothing but the mode.
LAB=$TREE/lib/standin
mkdir "$LAB/low" "$LAB/up" "$LAB/work" "$LAB/view"
echo 0 >"$LAB/low/hashsize"
chmod 600 "$LAB/low/hashsize"
mount -t overlay -o "metacopy=on,lowerdir=$LAB/low,upperdir=$LAB/up,workdir=$LAB/work" overlay "$LAB/view"
chmod 444 "$LAB/view/hashsize"
if [ -x "$LAB/dropbear" ]; then
    chroot "$TREE" /bin/env LD_LIBRARY_PATH=/lib/standin/lib \
        /lib/standin/dropbearkey -t ed25519 -f /etc/dropbear/dropbear_ed25519_host_key >/dev/null
fi
chroot "$TREE" /lib/standin/boot
