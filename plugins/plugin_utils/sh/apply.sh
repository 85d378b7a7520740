# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# Applying: operation by operation, and all undone in reverse when one fails or a signal comes. Needs lib.sh, read.sh
# and lock.sh. Set before this text: the function perform_all, which sets INDEX and calls one function per operation,
# and SUFFIX, the end of the names of temporary files.
#
# Records: "journal INDEX" (something is about to be changed), "did INDEX WORD", "failed INDEX WORD",
# "stuck INDEX WORD" (could not be undone).

apply_host() {
    IFS=$NL
    if lacks_tool; then
        record lacking "$TOOL"
        record end ''
        flush
    elif take_lock; then
        trap '' PIPE
        trap interrupt HUP INT TERM
        TOP=0
        INDEX=0
        CHANGED=
        if perform_all; then
            trap '' HUP INT TERM
            forget_all
        else
            roll_back
        fi
        sync_folders
        read_host
        release_lock
    else
        HOLDER=${HOLDER-}
        [ -n "$HOLDER" ] || ! slurp "$ROOT$LOCK" || HOLDER=${TEXT%"$NL"}
        record "locked $LOCK" "$HOLDER"
        record end ''
        flush
    fi
}

# Before anything is done: a missing cmp would look like a file that somebody else has changed.
lacks_tool() {
    for TOOL in chmod cmp cp dd ln mkdir mv rm rmdir; do
        command -v "$TOOL" >/dev/null 2>&1 || return 0
    done
    return 1
}

# A signal while operations are under way: the connection is gone, or somebody ends us.
interrupt() {
    trap '' HUP INT TERM
    record "failed $INDEX interrupted" ''
    roll_back
    read_host
    release_lock
    exit 1
}

# did WORD [DETAIL]
did() {
    record "did $INDEX $1" "${2-}"
}

# fail WORD [DETAIL]
fail() {
    record "failed $INDEX $1" "${2-}"
    return 1
}

# ---------------------------------------------------------------------------------------------- the way back

# journal FUNCTION FIRST SECOND: what undoes the change that comes next. It may run at any time, and more than once.
journal() {
    record "journal $INDEX" ''
    eval "AT_$((TOP + 1))=\$INDEX FIRST_$((TOP + 1))=\$2 SECOND_$((TOP + 1))=\$3 UNDO_$((TOP + 1))=\$1"
    TOP=$((TOP + 1))
}

roll_back() {
    trap '' HUP INT TERM
    while [ "$TOP" -gt 0 ]; do
        eval "INDEX=\$AT_$TOP FIRST=\$FIRST_$TOP SECOND=\$SECOND_$TOP UNDO=\$UNDO_$TOP"
        ERROR=
        WHY='error'
        "$UNDO" "$FIRST" "$SECOND" || record "stuck $INDEX $WHY" "$ERROR"
        TOP=$((TOP - 1))
    done
}

# All went well: the copies for the way back are not needed any more.
forget_all() {
    while [ "$TOP" -gt 0 ]; do
        eval "SECOND=\$SECOND_$TOP UNDO=\$UNDO_$TOP"
        [ "$UNDO" != undo_replace ] || rm -f "$SECOND"
        TOP=$((TOP - 1))
    done
}

# Flush the names of changed directories, where sync takes names; a sync of everything may take minutes.
sync_folders() {
    [ -n "$CHANGED" ] || return 0
    case $(sync --help 2>&1) in
    *FILE*) ;;
    *) return 0 ;;
    esac
    set --
    for FOLDER in $CHANGED; do
        set -- "$@" "$FOLDER"
    done
    sync "$@"
}

# ---------------------------------------------------------------------------------------------- directories

# change_directory TARGET present|absent
change_directory() {
    NAME=$ROOT$1
    if [ "$2" = absent ]; then
        remove_directory
        return
    fi
    if [ -d "$NAME" ]; then
        did already
        return
    fi
    if [ -e "$NAME" ] || [ -L "$NAME" ]; then
        fail error EEXIST
        return
    fi
    clean_temporaries "${NAME%/*}"
    journal undo_mkdir "$NAME" ''
    if ! ERROR=$(mkdir "$NAME" 2>&1) || ! ERROR=$(chmod 0755 "$NAME" 2>&1); then
        fail error "$ERROR"
        return
    fi
    CHANGED=$CHANGED${NAME%/*}/$NL
    relabel "$1"
}

remove_directory() {
    if [ -L "$NAME" ] || { [ -e "$NAME" ] && [ ! -d "$NAME" ]; }; then
        fail error ENOTDIR
        return
    fi
    if [ ! -d "$NAME" ]; then
        did already
        return
    fi
    clean_temporaries "$NAME"
    lift_backups "$NAME"
    read_attributes "$NAME"
    journal undo_rmdir "$NAME" "$RIGHTS$NL$OWNER:$GROUP"
    if ERROR=$(rmdir "$NAME" 2>&1); then
        CHANGED=$CHANGED${NAME%/*}/$NL
        did ok
        return
    fi
    case $ERROR in
    *'not empty'* | *'ile exists'*) did full ;;
    *) fail error "$ERROR" ;;
    esac
}

# The copies for the way back must not keep a directory from being removed: they go one up.
lift_backups() {
    cd -P -- "$1" || return
    FOLDER=$PWD
    cd ..
    COUNT=$TOP
    while [ "$COUNT" -gt 0 ]; do
        eval "SECOND=\$SECOND_$COUNT"
        if [ "${SECOND%/*}" = "$FOLDER" ] && mv -f "$SECOND" "${FOLDER%/*}/${SECOND##*/}"; then
            eval "SECOND_$COUNT=\${FOLDER%/*}/\${SECOND##*/}"
        fi
        COUNT=$((COUNT - 1))
    done
}

undo_mkdir() {
    [ ! -d "$1" ] || ERROR=$(rmdir "$1" 2>&1)
}

undo_rmdir() {
    [ ! -d "$1" ] || return 0
    ERROR=$(mkdir "$1" 2>&1) || return
    ERROR=$(chown "${2#*"$NL"}" "$1" 2>&1) || return
    split_rights "${2%%"$NL"*}"
    ERROR=$(chmod "$MODE" "$1" 2>&1) || return
    [ -n "$ROOT" ] || ! command -v restorecon >/dev/null || restorecon "$1"
}

# drwxr-xr-x as u=rwx,g=rx,o=rx into MODE.
split_rights() {
    REST=${1#?}
    MODE=
    for WHO in u g o; do
        BITS=
        case $REST in r*) BITS=r ;; esac
        case $REST in ?w*) BITS=${BITS}w ;; esac
        case $REST in ??[xst]*) BITS=${BITS}x ;; esac
        case $REST in ??[sS]*) BITS=${BITS}s ;; esac
        case $REST in ??[tT]*) BITS=$BITS,+t ;; esac
        MODE=$MODE,$WHO=$BITS
        REST=${REST#???}
    done
    MODE=${MODE#,}
}

# Give something new the label of its path; what goes wrong is said.
relabel() {
    TOOL=
    # The policy knows the paths of the running system only, not those of a copy below another root.
    [ -n "$ROOT" ] || find_tool restorecon
    if [ -n "$TOOL" ] && ! run_tool "$TOOL" "$1"; then
        did ended "$TOOL$NL$CODE$NL$SAID"
        return
    fi
    did ok
}

# ---------------------------------------------------------------------------------------------- files

# change_file TARGET file|absent BEFORE file|absent AFTER MODE RIGHTS: MODE is empty to keep the one that is there.
change_file() {
    FOLDER=$ROOT${1%/*}
    if ! cd -P -- "${FOLDER:-/}"; then
        if [ -e "${FOLDER:-/}" ]; then
            fail error ENOTDIR
        elif [ "$4" = absent ]; then
            did already
        else
            fail error ENOENT
        fi
        return
    fi
    FOLDER=${PWD%/}
    NAME=$FOLDER/${1##*/}
    if [ -L "$NAME" ]; then
        follow "$4" || return
    fi
    clean_temporaries "$FOLDER"
    BACKUP=$FOLDER/.${NAME##*/}.$$.$INDEX.old$SUFFIX
    FRESH=$FOLDER/.${NAME##*/}.$$.$INDEX.new$SUFFIX
    if [ -f "$NAME" ]; then
        change_present "$@"
    elif [ -d "$NAME" ]; then
        fail error EISDIR
    elif [ -e "$NAME" ]; then
        fail irregular
    elif [ "$4" = absent ]; then
        did already
    elif [ "$2" = file ]; then
        fail stale 'is gone'
    else
        journal undo_create "$NAME" ''
        create_file "$5" "${6:-0644}" || return
        relabel "$1"
    fi
}

# A link is followed when it is root's (or our own) and stays in its directory.
follow() {
    if ! resolve "$NAME"; then
        fail error ELOOP
        return
    fi
    read_attributes "$NAME"
    if [ "${REAL%/*}" != "$FOLDER" ]; then
        fail outside "${REAL#"$ROOT"}"
    elif [ "$OWNER" != 0 ] && [ "$OWNER" != "$USER_ID" ]; then
        fail foreign "$OWNER$NL${REAL#"$ROOT"}"
    elif [ ! -e "$REAL" ]; then
        fail dangling "${REAL#"$ROOT"}"
    elif [ "$1" = absent ]; then
        fail kept "${REAL#"$ROOT"}"
    else
        NAME=$REAL
    fi
}

# The file is there: is it as it shall be, as it was read, or neither?
change_present() {
    read_attributes "$NAME"
    if [ "$4" = file ] && is_text "$5" "$NAME"; then
        case $6/$RIGHTS in
        /* | */-"$7" | */-"$7"[!rwxsStT-]*)
            did already
            return
            ;;
        esac
    elif [ "$2" = absent ]; then
        fail stale 'was made'
        return
    elif ! is_text "$3" "$NAME"; then
        fail stale 'was changed'
        return
    fi
    # The very file, with all that is on it, stays at hand for the way back.
    rm -f "$BACKUP"
    if ! ln "$NAME" "$BACKUP" && ! ERROR=$(cp -p "$NAME" "$BACKUP" 2>&1); then
        rm -f "$BACKUP"
        fail error "$ERROR"
        return
    fi
    journal undo_replace "$NAME" "$BACKUP"
    if [ "$4" = absent ]; then
        remove_file
    else
        replace_file "$5" "$6"
    fi
}

remove_file() {
    if ! ERROR=$(rm -f "$NAME" 2>&1); then
        fail error "$ERROR"
        return
    fi
    CHANGED=$CHANGED$FOLDER/$NL
    did ok
}

# replace_file TEXT MODE
replace_file() {
    rm -f "$FRESH"
    # Owner, mode and what else cp keeps; the content is written over.
    if ! ERROR=$(cp -p "$NAME" "$FRESH" 2>&1); then
        abandon
        return
    fi
    copy_label "$NAME" "$FRESH"
    put_in_place "$1" "$2" && did ok
}

create_file() {
    rm -f "$FRESH"
    if ! (umask 077 && set -C && : >"$FRESH"); then
        ERROR=$(umask 077 && cat </dev/null 2>&1 >"$FRESH")
        # The shell could not say why; a second attempt by a program may.
        [ -f "$FRESH" ] || ERROR=$(mkdir "$FRESH" 2>&1)
        abandon
        return
    fi
    put_in_place "$1" "$2"
}

# put_in_place TEXT MODE: fill FRESH and put it in place of NAME.
put_in_place() {
    if ! write_file "$1" "$FRESH"; then
        abandon
        return
    fi
    if [ -n "$2" ] && ! ERROR=$(chmod "$2" "$FRESH" 2>&1); then
        abandon
        return
    fi
    if ! ERROR=$(mv -f "$FRESH" "$NAME" 2>&1); then
        abandon
        return
    fi
    CHANGED=$CHANGED$FOLDER/$NL
    is_text "$1" "$NAME" || fail overwritten
}

abandon() {
    rm -rf "$FRESH"
    fail error "$ERROR"
}

is_text() {
    put "$1" | cmp -s - "$2"
}

# Written and flushed to the disk; where dd cannot flush, only written.
write_file() {
    put "$1" | dd bs=65536 conv=fsync of="$2" && return
    ERROR=$({ put "$1" | cat >"$2"; } 2>&1)
}

copy_label() {
    [ -e /sys/fs/selinux/enforce ] || [ -e /selinux/enforce ] || return 0
    chcon --reference="$1" "$2"
}

# Remove what killed runs left behind; what is ours is not theirs.
clean_temporaries() {
    set +f
    for LEFT in "$1"/.*"$SUFFIX"; do
        case $LEFT in
        *."$$".*) continue ;;
        esac
        if [ -f "$LEFT" ] && [ ! -L "$LEFT" ]; then
            read_attributes "$LEFT"
            [ "$OWNER" != "$USER_ID" ] || rm -f "$LEFT"
        fi
    done
    set -f
}

undo_create() {
    [ ! -e "$1" ] || ERROR=$(rm -f "$1" 2>&1)
}

undo_replace() {
    [ -e "$2" ] || return 0
    ERROR=$(mv -f "$2" "$1" 2>&1) || return
    # Two names of one file: rename(2) leaves both.
    rm -f "$2"
}

# ---------------------------------------------------------------------------------------------- modules

# load_module NAME DIRECTORY
load_module() {
    if [ -d "$ROOT$2" ]; then
        did already
        return
    fi
    find_tool modprobe
    if [ -z "$TOOL" ]; then
        fail no_modprobe
    elif ! run_tool "$TOOL" "$1"; then
        fail not_loaded "$TOOL$NL$CODE$NL$SAID"
    elif [ -d "$ROOT$2" ]; then
        did ok
    else
        did unseen
    fi
}

# run_tool PATH ARGUMENT: what it says into SAID, how it ends into CODE; killed after a minute.
run_tool() {
    SAID=$(
        exec 9>&-
        env -i LC_ALL=C PATH=/sbin:/usr/sbin:/bin:/usr/bin "$ROOT$1" "$2" </dev/null 2>&1 &
        CHILD=$!
        watch "$CHILD" </dev/null >/dev/null &
        GUARD=$!
        wait "$CHILD"
        CODE=$?
        kill -9 "$GUARD"
        exit "$CODE"
    )
    CODE=$?
    return "$CODE"
}

# Kill the process $1 after a minute. In short naps: the last one outlives us, and may keep the answer waiting.
watch() {
    NAPS=0
    while [ "$NAPS" -lt 60 ]; do
        sleep 1
        kill -0 "$1" || return
        NAPS=$((NAPS + 1))
    done
    kill -9 "$1"
}

# ---------------------------------------------------------------------------------------------- values

# change_value TARGET WANTED required|optional
change_value() {
    NAME=$ROOT$1
    if [ -L "$NAME" ]; then
        fail error ELOOP
    elif [ -d "$NAME" ]; then
        fail error EISDIR
    elif [ ! -e "$NAME" ] && [ "$3" = optional ]; then
        did lacking
    elif [ ! -e "$NAME" ]; then
        fail error ENOENT
    elif [ ! -f "$NAME" ]; then
        fail irregular
    elif ! read_value "$NAME"; then
        fail error "$ERROR"
    elif [ "$VALUE" = "$2" ]; then
        did already "$VALUE"
    else
        journal undo_value "$NAME" "$TEXT"
        set_value "$2"
    fi
}

set_value() {
    # One write, because the kernel parses each on its own.
    put "$1$NL" >"$NAME"
    if read_value "$NAME" && [ "$VALUE" = "$1" ]; then
        did ok "$VALUE"
    elif ! say_value "$1$NL" "$NAME" || ! read_value "$NAME"; then
        fail error "$ERROR"
    elif [ "$VALUE" = "$1" ]; then
        did ok "$VALUE"
    else
        fail readback "$VALUE"
    fi
}

# Not every shell says why a write failed; cat does.
say_value() {
    ERROR=$({ put "$1" | cat >"$2"; } 2>&1)
}

# Why a file cannot be read, into ERROR; empty when it can.
probe() {
    ERROR=$(cat "$1" 2>&1 >/dev/null </dev/null)
}

# The text of a file into TEXT, and without white space around it into VALUE.
read_value() {
    ERROR=
    # Not slurp: a key of sysctl gives nothing after the first byte to who reads byte by byte.
    TEXT=$(cat "$1" && echo .)
    case $TEXT in
    *.) ;;
    *) probe "$1" ;;
    esac
    TEXT=${TEXT%.}
    VALUE=$TEXT
    while :; do
        case $VALUE in
        [[:space:]]*) VALUE=${VALUE#?} ;;
        *[[:space:]]) VALUE=${VALUE%?} ;;
        *) break ;;
        esac
    done
    [ -z "$ERROR" ]
}

undo_value() {
    read_value "$1" || return
    [ "$TEXT" != "$2" ] || return 0
    put "$2" >"$1"
    read_value "$1" || return
    [ "$TEXT" != "$2" ] || return 0
    say_value "$2" "$1" || return
    read_value "$1" || return
    [ "$TEXT" != "$2" ] || return 0
    WHY='readback'
    ERROR=$VALUE
    return 1
}
