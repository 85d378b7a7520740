# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Counts the flows of a listing: what _flows.py does, in POSIX awk for mawk, gawk and busybox. No single quote may occur
# here, because this text is sent between two of them.
#
# Set on the command line: limit (lines that are counted at most), capacity (keys that each ranking remembers).
#
# A line is counted when the next one comes, or the listing ends as it should: when the time is over, the last line
# ends in a mark (@), and may be half a line.
NR > limit {
    full = 1
    exit
}
{
    if (source != "") count_flow()
    source = ""
}
# The grammar of FLOW in _parse/flows.py, up to the destination.
/^(ipv[46] +[0-9]+ +)?[a-z][A-Za-z0-9_-]* +[0-9]+ +(-?[0-9]+ +)?([A-Z][A-Za-z0-9_]* +)?(timeout=[0-9]+, +stream_timeout=[0-9]+ +)?src=[0-9A-Fa-f.:]+ +dst=[0-9A-Fa-f.:]+( |$)/ {
    at = 1
    if (($1 == "ipv4" || $1 == "ipv6") && $3 ~ /^[a-z][A-Za-z0-9_-]*$/) at = 3
    head = $at " " $(at + 1)
    at += 2
    if ($at ~ /^-?[0-9]/) at++
    state = ""
    if ($at ~ /^[A-Z]/) state = $(at++)
    if ($at ~ /^t/) at += 2
    source = substr($at, 5)
    destination = substr($(at + 1), 5)
    port = ""
    if ($(at + 2) ~ /^sport=[0-9]+$/ && $(at + 3) ~ /^dport=[0-9]+$/ && length($(at + 3)) < 12) port = substr($(at + 3), 7)
    is_assured = index($0, "[ASSURED]") > 0
    is_unreplied = index($0, "[UNREPLIED]") > 0
    is_offloaded = index($0, "OFFLOAD]") > 0
}
END {
    if (source != "" && (full || !/@$/)) count_flow()
    print "total", entries + 0, wide + 0, assured + 0, unreplied + 0, offloaded + 0, full + 0, source_error + 0, destination_error + 0, port_error + 0
    for (key in kinds) print "kind", kinds[key], key
    show("source", sources)
    show("destination", destinations)
    show("port", ports)
}
function count_flow() {
    entries++
    wide += index(source, ":") > 0
    assured += is_assured
    unreplied += is_unreplied
    offloaded += is_offloaded
    kinds[head " " state]++
    if (++sources[source] == 1 && ++source_keys > capacity) {
        source_error += forget(sources)
        source_keys = kept
    }
    if (++destinations[destination] == 1 && ++destination_keys > capacity) {
        destination_error += forget(destinations)
        destination_keys = kept
    }
    if (port != "" && ++ports[head " " port] == 1 && ++port_keys > capacity) {
        port_error += forget(ports)
        port_keys = kept
    }
}
# Forget the rarer half of the keys; the answer is the largest count among them.
function forget(table,    key, keys, least) {
    kept = 0
    for (key in table) {
        kept++
        keys[table[key]]++
    }
    least = 0
    while (kept > int(capacity / 2)) kept -= keys[++least]
    for (key in table) if (table[key] <= least) delete table[key]
    return least
}
# In a form that sorts by itself, the most frequent first.
function show(name, table,    key) {
    for (key in table) printf "%s %010d %s\n", name, 2000000000 - table[key], key
}
