#!/bin/sh
# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later

# Bring every stand-in of this folder to life, on the host: its programs, its namespaces, a boot, and its ssh server.
set -eu
HERE=$(dirname "$(readlink -f "$0")")
NAMES=/run/standins
UNITS=/run/systemd/system

modprobe overlay
# Namespaces are kept by mounts, and such a mount may not be shared.
mkdir -p "$NAMES" "$UNITS"
mount --bind "$NAMES" "$NAMES"
mount --make-private "$NAMES"

for folder in "$HERE"/*; do
    [ -d "$folder" ] || continue
    name=${folder##*/}
    tree=$folder/tree
    # shellcheck disable=SC2046
    (cd /usr/bin && cp --remove-destination -pL $(cat "$folder/programs") "$tree/bin/")
    [ ! -d "$tree/etc/sysconfig" ] || cp -pL /usr/sbin/sysctl "$tree/sbin/"
    cp -L /lib64/ld-linux-x86-64.so.2 "$tree/lib64/"
    if [ -f "$tree/lib/standin/sshd_config" ]; then
        cp -p /usr/sbin/sshd "$tree/lib/standin/"
        cp -p /etc/ssh/ssh_host_*_key "$tree/etc/ssh/"
    fi
    : >"$NAMES/$name.mnt"
    : >"$NAMES/$name.net"
    : >"$NAMES/$name.uts"
    unshare --mount="$NAMES/$name.mnt" --net="$NAMES/$name.net" --uts="$NAMES/$name.uts" --propagation private "$HERE/mounts.sh" "$folder"
    cat >"$UNITS/standin-$name.socket" <<END
[Socket]
ListenStream=$(cat "$folder/port")
Accept=yes
END
    cat >"$UNITS/standin-$name@.service" <<END
[Service]
ExecStart=-$HERE/enter.sh $name
StandardInput=socket
StandardError=journal
END
done
systemctl daemon-reload
# shellcheck disable=SC2046
systemctl start $(cd "$UNITS" && echo standin-*.socket)
