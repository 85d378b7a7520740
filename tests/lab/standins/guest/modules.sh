#!/bin/sh
# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later

# The kernel of a stand-in, as far as modules go: plain files that appear with a module and go with it.
# modules load NAME [HASHSIZE] | unload NAME | unload-all
LAB=/lib/standin
STORE=$LAB/kernel
read -r DIALECT <$LAB/dialect
read -r MAX ALIAS <$LAB/max
read -r HASHSIZE BUCKETS MODE <$LAB/buckets

run() {
    "$LAB/busybox" "$@"
}

is_loaded() {
    run grep -q "^$1 " /proc/modules
}

# What the module needs is there already.
load() {
    is_loaded "$1" && return
    run cp -R "$STORE/$1/files/." / || return
    # The listing is a mounted file: it can be written, not replaced.
    LIST=$(run cat /proc/modules)
    printf '%s 172032 1 - Live 0x0000000000000000\n%s\n' "$1" "$LIST" >/proc/modules
    [ "$1" = "$DIALECT" ] || return 0
    run ln -f "$MAX" "$ALIAS"
    # Two names of one variable. Read-only kernels show it under the second name by another mode: see mounts.sh.
    run cat "$HASHSIZE" >$LAB/low/hashsize
    if [ "$MODE" = 444 ]; then
        run ln -f $LAB/low/hashsize "$HASHSIZE"
        run mount -o bind $LAB/view/hashsize "$BUCKETS"
        run mount -o remount,bind,ro "$BUCKETS"
    else
        run chmod "$MODE" "$HASHSIZE"
        run mount -o bind "$HASHSIZE" "$BUCKETS"
    fi
    # As the kernel does: a hashsize that is given makes max eight times as large.
    [ -z "${2-}" ] || { echo "$2" >"$HASHSIZE" && echo "$((8 * $2))" >"$MAX"; }
}

# What needs the module goes first.
unload() {
    is_loaded "$1" || return 0
    for NEEDS in "$STORE"/*/needs; do
        ! run grep -qx "$1" "$NEEDS" || "$0" unload "$(run basename "$(run dirname "$NEEDS")")"
    done
    if [ "$1" = "$DIALECT" ]; then
        run umount "$BUCKETS"
        run rm -f "$ALIAS"
    fi
    (cd "$STORE/$1/files" && run find . -type f) | while read -r FILE; do
        run rm -f "/$FILE"
    done
    run rmdir "${MAX%/*}" 2>/dev/null # when it is empty
    run rm -rf "/sys/module/$1"
    LIST=$(run grep -v "^$1 " /proc/modules)
    printf '%s\n' "$LIST" >/proc/modules
}

case $1 in
load) load "$2" "${3-}" ;;
unload) unload "$2" ;;
unload-all)
    for NEEDS in "$STORE"/*/needs; do
        unload "$(run basename "$(run dirname "$NEEDS")")"
    done
    ;;
esac
