# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# Reading. Set before this text, all of it shell words that a for or set takes after eval:
#   WANTED_TEXTS    patterns of the files that are wanted as a whole
#   WANTED_OTHERS   patterns of what else is listed
#   WANTED_FOLDERS  directories in which a pattern looks for names
#   SEARCHES        calls of search (or search_end): files of which only some lines are wanted
#   PICKS           calls of pick: patterns of which only the files with a certain line are wanted
#   PICKED_PROCESSES  the same of /proc/[0-9]*
#   TEXT_BYTES      no more than that of each file
#   WANTED_TOOLS    names of programs
#   EXTRAS          calls of what is in other texts: ask, try_tool, try_file, count_flows

TAB='	'
ARROW=' -> '

read_host() {
    IFS=$NL
    read_facts
    eval "$SEARCHES"
    PICKED=
    set +f
    eval "$PICKS"
    set -f
    list_paths
    read_texts
    check_folders
    eval "$EXTRAS"
    record end ''
    flush
}

read_facts() {
    MACHINE=$(uname -rm)
    RELEASE=${MACHINE% *}
    # The tree of another host brings its own.
    if [ -s "$ROOT/proc/sys/kernel/osrelease" ] && slurp "$ROOT/proc/sys/kernel/osrelease"; then
        RELEASE=${TEXT%"$NL"}
    fi
    record release "$RELEASE"
    record machine "${MACHINE##* }"
    find_page_size
    record page "$PAGE"
    find_user
    record euid "$USER_ID"
    for NAME in $WANTED_TOOLS; do
        find_tool "$NAME"
        [ -z "$TOOL" ] || record "tool $NAME" "$TOOL"
    done
    # [ -w ] of busybox tells root that everything can be written, even where a mount forbids it.
    record mounts ''
    flush
    sed -n -e 's,^[^ ]* \(/[^ ]*\) [^ ]* \(r[ow]\).*,\2 \1,' -e '/^r[ow] \/$/p' \
        -e '/^r[ow] \/\(boot\|etc\|lib\|proc\|run\|sys\|usr\|var\)$/p' \
        -e '/^r[ow] \/\(etc\|proc\|sys\|var\/lib\)\//p' </proc/self/mounts
}

# From the first mapping of the shell itself; getconf is not everywhere, and neither is smaps.
find_page_size() {
    PAGE=
    while IFS=' ' read -r KEY VALUE REST; do
        [ "$KEY" != KernelPageSize: ] || break
    done </proc/self/smaps
    if [ "$KEY $REST" = 'KernelPageSize: kB' ]; then
        PAGE=$((VALUE * 1024))
    else
        PAGE=$(getconf PAGESIZE)
    fi
}

find_user() {
    while IFS=" $TAB" read -r KEY VALUE USER_ID REST; do
        [ "$KEY" != Uid: ] || break
    done </proc/self/status
    [ "$KEY" = Uid: ] || USER_ID=$(id -u)
}

# only_files PATH...: those that are files into WORDS, each as a parameter of the caller, for eval. To set the parameters
# anew for each of them would take the square of the time.
only_files() {
    WORDS=
    COUNT=0
    for FILE; do
        COUNT=$((COUNT + 1))
        [ ! -f "$FILE" ] || WORDS="$WORDS \"\${$COUNT}\""
    done
}

# search NEEDLES PATTERN...: the lines with one of the needles (one in each line) of the files that exist, as PATH:LINE.
search() {
    NEEDLES=$1
    shift
    only_files "$@"
    record lines ''
    flush
    eval "find_needles -aF $WORDS" 2>&1
    [ $? -le 125 ] || record fault grep
}

# find_needles OPTIONS FILE...
find_needles() {
    OPTIONS=$1
    shift
    grep "$OPTIONS" -e "$NEEDLES" -- /dev/null "$@" </dev/null
}

# pick NEEDLES FILE...: the files in which one of the needles occurs into PICKED, of these and of PICKED_PROCESSES,
# which are thousands of files on some hosts, and surely files.
pick() {
    NEEDLES=$1
    shift
    only_files "$@"
    set +f
    pick_from "$PICKED_PROCESSES" "$@" || pick_from '' "$@" || record fault grep
    set -f
}

# pick_from PATTERNS FILE...: fails when grep cannot be run, or not on so many.
pick_from() {
    PATTERNS=$1
    shift
    PICKED=$(eval "find_needles -laF $WORDS $PATTERNS")
    [ $? -le 125 ]
}

# Everything that exists, in one go: ls follows no link here, and complains about what does not exist.
list_paths() {
    BLOCKED=
    set +f
    eval "set -- $WANTED_TEXTS $WANTED_OTHERS"
    set -f
    for FILE in $PICKED; do
        set -- "$@" "$FILE"
    done
    ODD=
    for FILE; do
        case $FILE in
        *[!\ -~]*) ODD=yes ;;
        esac
    done
    if [ -n "$ODD" ]; then
        for FILE; do
            shift
            case $FILE in
            *[!\ -~]*) list_odd "$FILE" ;;
            *) set -- "$@" "$FILE" ;;
            esac
        done
    fi
    if LIST=$(ls -ldn "$@"); then :; elif [ $? -gt 125 ]; then record fault ls; fi
    record list "$LIST"
    for LINE in $LIST; do
        NAME=/${LINE#* /}
        case $LINE in
        l*)
            TARGET=${NAME##*"$ARROW"}
            NAME=${NAME%"$ARROW"*}
            look_at_link
            ;;
        esac
        [ -w "$NAME" ] || BLOCKED=$BLOCKED$NAME$NL
    done
    record blocked "$BLOCKED"
}

# A name with a newline in it would look like two lines, and of other bytes busybox makes question marks.
list_odd() {
    NAME=$1
    [ -e "$NAME" ] || [ -L "$NAME" ] || return 0
    META=$(ls -ldn "$NAME")
    record odd "$NAME$MARK meta$NL${META%% /*}"
    if [ -L "$NAME" ]; then
        read_link "$NAME"
        record target "$TARGET"
        look_at_link
    fi
    [ -w "$NAME" ] || record shut "$NAME"
}

# Of the link NAME to TARGET: where it leads, and to what.
look_at_link() {
    if [ -f "$NAME" ]; then
        KIND='file'
    elif [ -d "$NAME" ]; then
        KIND='directory'
    elif [ -e "$NAME" ]; then
        KIND='other'
    else
        KIND='missing'
    fi
    case $TARGET in
    /*) TARGET=$ROOT$TARGET ;;
    *) TARGET=${NAME%/*}/$TARGET ;;
    esac
    resolve "$TARGET" || REAL=
    record "link $KIND" "$NAME$MARK real$NL$REAL"
}

# All of them by one process: starting one is what costs time, and a shell that reads a file itself does it byte by
# byte. Of several files, head says where each begins; the last one, which is empty, is the end.
read_texts() {
    set +f
    eval "set -- $WANTED_TEXTS"
    set -f
    for FILE in $PICKED; do
        set -- "$@" "$FILE"
    done
    only_files "$@"
    eval "set -- $WORDS"
    record names "$*"
    record texts ''
    flush
    { SAID=$(head -c "$TEXT_BYTES" -- /dev/null "$@" /dev/null 2>&1 >&5 </dev/null); } 5>&1
    [ $? -le 125 ] || record fault head
    record complaints "$SAID"
}

# A directory that may not be listed matches no pattern, but it is there.
check_folders() {
    eval "set -- $WANTED_FOLDERS"
    for FOLDER; do
        [ ! -d "$FOLDER" ] || [ -r "$FOLDER" ] || record unlisted "$FOLDER"
    done
}

# The path of a program inside the tree into TOOL, empty when there is none.
find_tool() {
    TOOL=
    IFS=:
    for PLACE in $TASK_PATH /sbin /usr/sbin /bin /usr/bin; do
        case $PLACE in
        /*) PLACE=${PLACE%/}/$1 ;;
        *) continue ;;
        esac
        if [ -f "$ROOT$PLACE" ] && [ -x "$ROOT$PLACE" ]; then
            TOOL=$PLACE
            break
        fi
    done
    IFS=$NL
}
