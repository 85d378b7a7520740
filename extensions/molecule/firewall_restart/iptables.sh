#!/bin/sh
# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later

# A firewall service for the test, which behaves as those of the older Red Hat releases are documented to: restart flushes the
# rules, unloads the iptables modules and conntrack unless IPTABLES_MODULES_UNLOAD is "no", and loads the rules again.
IPTABLES_MODULES_UNLOAD="yes"
# shellcheck source=/dev/null
[ -f /etc/sysconfig/iptables-config ] && . /etc/sysconfig/iptables-config
RULES=/etc/sysconfig/iptables

unload() {
    for module in xt_conntrack iptable_filter iptable_nat nf_nat ip_tables nf_conntrack_netlink nf_conntrack; do
        grep -q "^$module " /proc/modules && modprobe -r "$module"
    done
    return 0
}

stop() {
    iptables-legacy -F
    [ "$IPTABLES_MODULES_UNLOAD" = yes ] && unload
    return 0
}

start() {
    iptables-legacy-restore "$RULES"
}

case "$1" in
    start) start ;;
    stop) stop ;;
    restart) stop && start ;;
    *) echo "usage: $0 start|stop|restart" >&2; exit 2 ;;
esac
