# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# What conntrack_info reads beside the files of the manifest: ends of logs, and what programs print. Their messages are
# gathered through descriptor 3, their output goes to the answer through descriptor 5, and neither through a file: this
# writes nothing.
#
# Set before this text: KEEP_BYTES (of the lines that are found in a log or an output, as much as that is sent)

exec 5>&1

# limited SECONDS PROGRAM ARGUMENT...: run it for that long at most. What it prints is standard output, what it
# complains about goes to 3, then a line "@time" when the time was over, then "@ " and its exit status.
limited() {
    LEFT=$1
    shift
    # With exec, the process is the program itself in every shell, and ends when it is killed.
    exec "$@" </dev/null 2>&3 3>&- 5>&- &
    PROGRAM_ID=$!
    {
        while [ "$LEFT" -gt 0 ]; do
            sleep 1 3>&-
            LEFT=$((LEFT - 1))
        done
        put "$NL@time$NL" >&3
        kill -9 "$PROGRAM_ID"
    } </dev/null >/dev/null 5>&- &
    WATCH_ID=$!
    wait "$PROGRAM_ID"
    STATUS=$?
    # Not every shell ends at once when it is asked to while it waits for a program.
    kill -9 "$WATCH_ID"
    put "$NL@ $STATUS$NL" >&3
}

# Of standard input, the lines with one of the NEEDLES (all without any), and of too many the last ones.
keep_lines() {
    if [ -n "$NEEDLES" ]; then
        grep -aF -e "$NEEDLES" | tail -c "$KEEP_BYTES"
    else
        tail -c "$KEEP_BYTES"
    fi
}

# ask ENTRY NEEDLES SECONDS PROGRAM ARGUMENT...: what a program of the host prints.
ask() {
    ENTRY=$1
    NEEDLES=$2
    SECONDS_LEFT=$3
    find_tool "$4"
    [ -n "$TOOL" ] || return 0
    shift 4
    record command "$ENTRY$MARK printed$NL"
    flush
    SAID=$({ limited "$SECONDS_LEFT" "$ROOT$TOOL" "$@" | keep_lines >&5; } 3>&1)
    record ended "$SAID"
}

# The size in the line $1 of ls -ldn, into SIZE. In yash the variable of a for is one of the function.
find_size() {
    COUNT=0
    IFS=' '
    for WORD in $1; do
        SIZE=$WORD
        COUNT=$((COUNT + 1))
        [ "$COUNT" -lt 5 ] || break
    done
    IFS=$NL
}

# search_end BYTES NEEDLES FILE...: as search, but only in so many bytes at the end of each file.
search_end() {
    BYTES=$1
    NEEDLES=$2
    shift 2
    for FILE; do
        [ -f "$FILE" ] || continue
        record path "$FILE"
        find_size "$(ls -ldnL "$FILE")"
        [ "$SIZE" -le "$BYTES" ] || record cut ''
        record found ''
        flush
        SAID=$({ tail -c "$BYTES" "$FILE" 2>&3 </dev/null | keep_lines >&5; } 3>&1)
        [ -z "$SAID" ] || record error "$SAID"
    done
}
