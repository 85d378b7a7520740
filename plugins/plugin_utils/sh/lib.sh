# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# What reading and applying have in common. Plain POSIX sh for dash, bash 3.2, busybox ash, mksh and yash, with
# coreutils of 2007 or busybox. Comments and indentation are not sent to the host.
#
# Set before this text: NONCE (a word that occurs nowhere else), ROOT (a prefix of all paths, for tests; else empty).
#
# The answer is a row of records: a line "@NONCE kind", then any bytes up to the next such line. A record ends where
# a newline and the next mark follow, so that a text with or without a newline at its end stays what it is.

LC_ALL=C
export LC_ALL
# Each of these changes what ls or grep print.
unset CDPATH BLOCK_SIZE BLOCKSIZE LS_BLOCK_SIZE TIME_STYLE QUOTING_STYLE GREP_OPTIONS GREP_COLOR GREP_COLORS
TASK_PATH=${PATH-}
# Behind the system directories, because on NixOS everything is elsewhere.
PATH=/sbin:/usr/sbin:/bin:/usr/bin${TASK_PATH:+:$TASK_PATH}
umask 022
# With a terminal (requiretty), messages would get in between the answer.
exec 2>/dev/null
set -f
NL='
'
MARK=$NL@$NONCE
OUT=

# mksh has no builtin printf, and an argument of a program is limited to 128 KiB.
if [ -n "${KSH_VERSION-}" ]; then
    put() {
        print -rn -- "$1"
    }
else
    put() {
        printf %s "$1"
    }
fi

# Few writes: small records are collected.
flush() {
    put "$OUT"
    OUT=
}

# record KIND TEXT
record() {
    OUT=$OUT$MARK\ $1$NL$2
    [ "${#OUT}" -lt 4096 ] || flush
}

# The whole text of a file into TEXT, without any process; not for keys of sysctl, because most shells read byte by
# byte. Fails when the file cannot be opened.
slurp() {
    TEXT=
    LINE=
    {
        while IFS= read -r LINE; do
            TEXT=$TEXT$LINE$NL
        done
        TEXT=$TEXT$LINE
    } <"$1"
}

# What the link $1 says into TARGET; a newline at its end survives.
read_link() {
    TARGET=$(readlink "$1" && echo .)
    TARGET=${TARGET%"$NL."}
}

# The path $1 without any link into REAL; what does not exist is kept as it is written. Fails after 40 links.
resolve() {
    REAL=$1
    HOPS=0
    while :; do
        enter "${REAL%/*}" "${REAL##*/}"
        [ -L "$REAL" ] || return 0
        HOPS=$((HOPS + 1))
        [ "$HOPS" -le 40 ] || return 1
        read_link "$REAL"
        case $TARGET in
        /*) REAL=$ROOT$TARGET ;;
        *) REAL=${REAL%/*}/$TARGET ;;
        esac
    done
}

# The physical directory $1 and the name in it, as one path into REAL; of a missing directory, as much as there is.
enter() {
    ABOVE=$1
    BELOW=$2
    until cd -P -- "${ABOVE:-/}"; do
        BELOW=${ABOVE##*/}/$BELOW
        ABOVE=${ABOVE%/*}
    done
    REAL=${PWD%/}/$BELOW
    case $BELOW in
    '' | . | ..) ! cd -P -- "$REAL" || REAL=$PWD ;;
    esac
}
