#!/bin/sh
# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later

# The firewall service of an old Red Hat release: start | restart. What it does with modules and kernel settings is the
# init script of the described host itself; this stands in for the programs that the script calls, and for its last lines.
# shellcheck source=/dev/null
. /etc/rc.d/init.d/functions

flush_n_delete() {
    :
}

rmmod_r() {
    /lib/standin/modules unload "$1"
}

# shellcheck source=/dev/null
. /etc/rc.d/init.d/iptables
case $1 in
start) start ;;
restart) stop && start ;;
esac
