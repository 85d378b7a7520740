#!/bin/sh
# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later

# A boot of a stand-in: its kernel as new, then the scripts of its description that concern modules and sysctl, in the
# order of its init.
PATH=/sbin:/usr/sbin:/bin:/usr/bin
export PATH
LAB=/lib/standin
"$LAB/modules" unload-all

# Red Hat: rc.sysinit, then the services. What the excerpts leave out says "command not found", and nothing else.
red_hat() {
    bash /etc/rc.d/rc.sysinit
    "$LAB/firewall" start
    bash /etc/rc.d/init.d/network start
}

# OpenWrt: procd runs the scripts of /etc/rc.d.
openwrt() {
    for SCRIPT in /etc/rc.d/S*; do
        "$SCRIPT" boot
    done
}

# Alpine: its init scripts are described by a sentence each, so this is what the sentences say.
alpine() {
    for LIST in /etc/modules /etc/modules-load.d/*.conf; do
        [ ! -f "$LIST" ] || while read -r NAME WORDS; do
            # shellcheck disable=SC2086
            case $NAME in
            '' | '#'*) ;;
            *) modprobe -q "$NAME" $WORDS ;;
            esac
        done <"$LIST"
    done
    for FILE in /usr/lib/sysctl.d/*.conf; do
        [ ! -f "$FILE" ] || [ -e "/etc/sysctl.d/${FILE##*/}" ] || sysctl -p "$FILE"
    done
    for FILE in /etc/sysctl.d/*.conf /etc/sysctl.conf; do
        [ ! -f "$FILE" ] || sysctl -p "$FILE"
    done
}

if [ -f /etc/rc.d/rc.sysinit ]; then
    red_hat
elif [ -f /etc/openwrt_release ]; then
    openwrt
else
    alpine
fi >/dev/null 2>&1
exit 0
