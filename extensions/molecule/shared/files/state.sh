#!/bin/sh
# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later

# Everything that the collection may change on a host, one line each: sum, mode and owner of every file that could set
# connection tracking, and every value of the kernel. Two equal outputs are two equal states.
for place in /etc/sysctl.d /etc/modprobe.d /etc/modules-load.d /etc/default /etc/sysconfig /etc/init.d \
    /etc/sysctl.conf /etc/modules /etc/modprobe.conf /var/lib/stateward-conntrack; do
    [ -e "$place" ] || { echo "no $place"; continue; }
    find "$place" -exec stat -c '%A %U:%G %N' {} + | sort -k 3
    find "$place" -type f -exec sha256sum {} + | sort -k 2
done
if [ -e /proc/sys/net/netfilter/nf_conntrack_max ]; then
    grep -r . /proc/sys/net/netfilter /proc/sys/net/nf_conntrack_max | grep -v nf_conntrack_count | sort
else
    echo "the module is not loaded"
fi
