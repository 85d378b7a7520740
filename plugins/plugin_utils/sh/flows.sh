# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# Counting flows where they are: flows.awk reads a listing and tells sums; the listing never leaves the host.
#
# Set before this text:
#   FLOW_SECONDS      after so many the reading ends
#   FLOW_CAPACITY     keys that each ranking remembers
#   FLOW_TOP          rows per ranking
#   FLOW_AWK          the text of flows.awk
#   run_awk           a function: awk with its arguments
#   call_tool         a function: list_by with the arguments of each call, until one fails

SOURCE=

# try_tool PROGRAM LIMIT: the listing of a tool, if there is one and no better listing has been found.
try_tool() {
    [ -z "$SOURCE" ] || return 0
    find_tool "$1"
    [ -n "$TOOL" ] || return 0
    choose_tool "$TOOL" "$2"
}

# try_file FILE LIMIT SLOW_LIMIT MAJOR MINOR: a listing of the kernel; before version MAJOR.MINOR it is slow.
try_file() {
    [ -z "$SOURCE" ] || return 0
    [ -e "$ROOT$1" ] || return 0
    choose_file "$1" "$2"
    is_since "$4" "$5" || LIMIT=$3
}

choose_tool() {
    SOURCE=$1
    LIMIT=$2
    LIST=call_tool
}

choose_file() {
    SOURCE=$1
    LIMIT=$2
    LIST=list_file
}

# Whether the kernel is at least of version $1.$2.
is_since() {
    MAJOR=${RELEASE%%.*}
    MINOR=${RELEASE#*.}
    MINOR=${MINOR%%[!0-9]*}
    [ "$MAJOR" -gt "$1" ] || { [ "$MAJOR" -eq "$1" ] && [ "$MINOR" -ge "$2" ]; }
}

# Nothing without a listing.
count_flows() {
    [ -n "$SOURCE" ] || return 0
    record "flows $LIMIT" "$SOURCE$MARK sums$NL"
    if ! command -v awk >/dev/null || ! command -v sort >/dev/null; then
        record nocount ''
        return
    fi
    flush
    SAID=$(
        {
            "$LIST" |
                run_awk -v limit="$LIMIT" -v capacity="$FLOW_CAPACITY" "$FLOW_AWK" |
                sort |
                run_awk -v top="$FLOW_TOP" '$1 == "total" || $1 == "kind" || rows[$1]++ < top' >&5
        } 3>&1
    )
    record said "$SAID"
}

list_file() {
    if [ -e "$ROOT$SOURCE" ] && ! [ -f "$ROOT$SOURCE" ] && ! [ -d "$ROOT$SOURCE" ]; then
        put "$NL@odd$NL" >&3
        return
    fi
    list_with cat "$ROOT$SOURCE"
}

list_by() {
    list_with "$ROOT$SOURCE" "$@"
}

# A program that was killed may have printed half a line. The next one has the time that is left.
list_with() {
    BEGIN=$(date +%s)
    limited "$FLOW_SECONDS" "$@"
    END=$(date +%s)
    FLOW_SECONDS=$((FLOW_SECONDS + ${BEGIN:-0} - ${END:-0}))
    [ "$STATUS" -le 128 ] || put @
    [ "$STATUS" -eq 0 ]
}
