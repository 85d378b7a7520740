#!/bin/sh
# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later

# iptables-restore of a stand-in: rules that look at states load connection tracking, and what reads the packets of each
# family. Which of these modules a kernel has is for modprobe to know.
grep -q -e '-m state' "${1-/dev/stdin}" || exit 0
for module in ip_conntrack nf_conntrack_ipv4 nf_conntrack_ipv6; do
    modprobe "$module"
done
