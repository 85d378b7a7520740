# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# One run at a time on a host. Where flock(1) is, this is the lock of the Python transport, which the kernel drops when
# its holder ends; where it is not, a link that names the boot and the process which holds it.
#
# Set before this text: LOCK_SECONDS, how long another run is waited for.

# Leaves the path of the lock file in LOCK. Fails when another run keeps it.
take_lock() {
    find_user
    HELD=
    for PLACE in /run/lock /var/lock /run /tmp; do
        LOCK=$PLACE/stateward-conntrack.lock
        if is_safe_folder "$ROOT$PLACE" && is_own_file "$ROOT$LOCK"; then
            wait_for_lock "$ROOT$LOCK"
            return
        fi
    done
    # A tree without any of them still has its own root directory, which can be locked as it is.
    LOCK=/
    wait_for_lock "$ROOT/"
}

# Nobody else can remove or replace our file there: not writable by others, or sticky.
is_safe_folder() {
    [ -d "$1" ] || return 1
    case $(ls -ldnL "$1") in
    d????????[tT]* | d????-??-*) return 0 ;;
    esac
    return 1
}

# Make the file, or find that it is wholly our own.
is_own_file() {
    [ ! -L "$1" ] || return 1
    (umask 077 && : <>"$1") || return 1
    read_attributes "$1"
    case $ATTRIBUTES in
    -rw-------*" 1 $USER_ID $GROUP") ;;
    # Whoever can open it can lock it, and keep every run waiting.
    -*" 1 $USER_ID $GROUP") chmod 600 "$1" ;;
    *) return 1 ;;
    esac
}

wait_for_lock() {
    WAITED=0
    until try_lock "$1"; do
        [ "$WAITED" -lt "$LOCK_SECONDS" ] || return 1
        WAITED=$((WAITED + 1))
        sleep 1
    done
    [ "$HELD" != flock ] || [ ! -f "$1" ] || put "$$$NL" >"$1"
}

try_lock() {
    if ! command -v flock >/dev/null; then
        try_link "${1%/}.pid"
        return
    fi
    if [ -d "$1" ]; then
        exec 9<"$1"
    else
        exec 9<>"$1"
    fi
    # Not flock -n 9: mksh keeps such descriptors from its children.
    if flock -n 0 <&9 && is_current "$1"; then
        HELD=flock
        return 0
    fi
    exec 9>&-
    return 1
}

# Others will open the very file that is locked: a cleaner of temporary files may have removed it.
is_current() {
    NUMBERS=
    IFS=" $NL"
    FOUND=$(ls -diL "$1" "/proc/$$/fd/9")
    for WORD in $FOUND; do
        case $WORD in
        /*) ;;
        *) NUMBERS=$NUMBERS$WORD/ ;;
        esac
    done
    IFS=$NL
    WORD=${NUMBERS%%/*}
    [ "$NUMBERS" = "$WORD/$WORD/" ]
}

try_link() {
    BOOT_ID=$(cat /proc/sys/kernel/random/boot_id)
    if ln -s "$BOOT_ID.$$" "$1"; then
        HELD=$1
        return 0
    fi
    read_link "$1"
    HOLDER=${TARGET##*.}
    if [ "${TARGET%.*}" = "$BOOT_ID" ] && [ -d "/proc/$HOLDER" ]; then
        return 1
    fi
    # Its holder was killed. Only one of those that see this may take the link away, or it takes a new one.
    mkdir "$1.break" || return 1
    read_link "$1"
    [ "${TARGET##*.}" != "$HOLDER" ] || rm -f "$1"
    rmdir "$1.break"
    return 1
}

release_lock() {
    case $HELD in
    '') ;;
    flock)
        [ ! -f "$ROOT$LOCK" ] || put '' >"$ROOT$LOCK"
        exec 9>&-
        ;;
    *) rm -f "$HELD" ;;
    esac
    HELD=
}

# Of $1 itself, not of what it links to: RIGHTS as ls shows them, OWNER, GROUP, and
# with the number of links in one line ATTRIBUTES.
read_attributes() {
    ATTRIBUTES=$(ls -ldn "$1")
    COUNT=0
    IFS=' '
    for WORD in $ATTRIBUTES; do
        COUNT=$((COUNT + 1))
        case $COUNT in
        1) RIGHTS=$WORD ;;
        2) LINKS=$WORD ;;
        3) OWNER=$WORD ;;
        4) GROUP=$WORD ;;
        *) break ;;
        esac
    done
    IFS=$NL
    ATTRIBUTES="$RIGHTS $LINKS $OWNER $GROUP"
}
