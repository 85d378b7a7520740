# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# The names that the description links to busybox. modprobe must not load modules into the real kernel.
case ${0##*/} in
modprobe) exec /lib/standin/modprobe "$@" ;;
busybox) exec /lib/standin/busybox "$@" ;;
*) exec /lib/standin/busybox "${0##*/}" "$@" ;;
esac
