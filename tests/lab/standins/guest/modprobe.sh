#!/bin/sh
# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later

# modprobe of a stand-in: [-q] [--ignore-install] NAME [hashsize=N]. It obeys "options" and, where the distribution's own
# does, "install". Without a name it is OpenWrt's kmodloader: everything in /etc/modules.d.
LAB=/lib/standin
IGNORE=
NAME=
GIVEN=
for WORD; do
    case $WORD in
    --ignore-install) IGNORE=yes ;;
    -*) ;;
    hashsize=*) GIVEN=${WORD#*=} ;;
    *=*) ;;
    *) NAME=${NAME:-$WORD} ;;
    esac
done

if [ -z "$NAME" ]; then
    for LIST in /etc/modules.d/*; do
        while read -r LINE; do
            # shellcheck disable=SC2086
            [ -z "$LINE" ] || "$0" $LINE
        done <"$LIST"
    done
    exit 0
fi

# lines KEYWORD: what follows "KEYWORD NAME" in the configuration, file by file. kmodloader reads none.
lines() {
    [ ! -d /etc/modules.d ] || return 0
    for FILE in /etc/modprobe.conf /etc/modprobe.d/*; do
        [ ! -f "$FILE" ] || "$LAB/busybox" sed -n "s/^${1}[[:space:]][[:space:]]*${NAME}[[:space:]][[:space:]]*//p" "$FILE"
    done
}

[ -d "$LAB/kernel/$NAME" ] || exit 0 # another module, of which nothing is to be seen
[ ! -d "/sys/module/$NAME" ] || exit 0
# The modprobe of busybox knows no install lines.
if [ -z "$IGNORE" ] && [ ! -e /bin/busybox ]; then
    INSTALL=$(lines install | "$LAB/busybox" head -n 1)
    [ -z "$INSTALL" ] || exec /bin/sh -c "$INSTALL"
fi
while read -r NEEDED; do
    "$0" "$NEEDED" || exit
done <"$LAB/kernel/$NAME/needs"
if [ -z "$GIVEN" ]; then
    # module-init-tools 3.3 takes the first definition, all others the last.
    PICK='tail'
    [ "$NAME" != ip_conntrack ] || PICK='head'
    GIVEN=$(lines options | "$LAB/busybox" sed -n 's/.*hashsize=\([0-9][0-9]*\).*/\1/p' | "$LAB/busybox" $PICK -n 1)
fi
exec "$LAB/modules" load "$NAME" "$GIVEN"
