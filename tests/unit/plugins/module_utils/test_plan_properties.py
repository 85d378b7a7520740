# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for any host, any options and any files that others have left there."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.stateward.conntrack.plugins.module_utils._errors import ConntrackError
from ansible_collections.stateward.conntrack.plugins.module_utils._model import MODULE, Entry, Snapshot
from ansible_collections.stateward.conntrack.plugins.module_utils._workflow import run
from ansible_collections.stateward.conntrack.tests.support.fakehost import FakeHost
from ansible_collections.stateward.conntrack.tests.support.hosts import host_names, load_host, with_files
from ansible_collections.stateward.conntrack.tests.support.kernel_model import same_variable, show
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

settings.register_profile("plan", deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
BOUNDED = settings(settings.get_profile("plan"), max_examples=60)
FEWER = settings(settings.get_profile("plan"), max_examples=25)

HOSTS = {name: load_host(name) for name in host_names()}
ABSENT = {"state": "absent", "force": True}

# ---------------------------------------------------------------------------------------------- what is drawn

KEY = st.sampled_from(
    [
        "net.netfilter.nf_conntrack_max",
        "net/nf_conntrack_max",
        "net.ipv4.netfilter.ip_conntrack_max",
        "net.netfilter.nf_conntrack_udp_timeout",
        "-net.netfilter.nf_conntrack_*",
        "vm.swappiness",
    ]
)
SYSCTL_LINE = st.builds(lambda key, value, end: f"{key} = {value}{end}", KEY, st.integers(-1, 900000), st.just("\n"))
MODPROBE_LINE = st.sampled_from(
    [
        "options nf_conntrack hashsize=4096\n",
        "options ip_conntrack hashsize=4096\n",
        "options nf_conntrack hashsize = 4096\n",
        "install nf_conntrack /bin/true\n",
        "install nf_conntrack_ipv4 /bin/false\n",
        "install nf_conntrack /sbin/modprobe --ignore-install nf_conntrack $CMDLINE_OPTS; /bin/logger x\n",
        "blacklist nf_conntrack\n",
        "alias eth0 e1000",
    ]
)
SHELL_LINE = st.sampled_from(
    ['IPTABLES_MODULES_UNLOAD="yes"\n', "IPTABLES_MODULES_UNLOAD=no\n", "# nothing\r\n", 'MODULES_LOADED_ON_BOOT="a b"']
)
ANY_LINE = st.binary(max_size=30).map(lambda data: data.decode("utf-8", "surrogateescape").replace("\0", ""))


def lines(one: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(st.one_of(one, one, one, ANY_LINE), max_size=4).map("".join)


PLACES: dict[str, st.SearchStrategy[str]] = {
    "/etc/sysctl.conf": lines(SYSCTL_LINE),
    "/etc/sysctl.d/10-site.conf": lines(SYSCTL_LINE),
    "/etc/sysctl.d/99-zz.conf": lines(SYSCTL_LINE),
    "/etc/sysctl.d/99-stateward-conntrack.conf": lines(SYSCTL_LINE),
    "/etc/modprobe.d/aa.conf": lines(MODPROBE_LINE),
    "/etc/modprobe.d/zz.conf": lines(MODPROBE_LINE),
    "/etc/modprobe.conf": lines(MODPROBE_LINE),
    "/etc/modules": lines(st.sampled_from(["nf_conntrack\n", "loop\n", "nf_conntrack hashsize=77\n"])),
    "/etc/sysconfig/iptables-config": lines(SHELL_LINE),
    "/etc/sysconfig/kernel": lines(SHELL_LINE),
    "/etc/ufw/ufw.conf": st.just("ENABLED=yes\n"),
    "/etc/ufw/sysctl.conf": lines(SYSCTL_LINE),
    "/proc/900/comm": st.sampled_from(["kube-proxy\n", "pve-firewall\n"]),
}
FILES = st.lists(st.sampled_from(sorted(PLACES)), max_size=4, unique=True).flatmap(
    lambda paths: st.fixed_dictionaries({path: PLACES[path] for path in paths})
)
WAYS = ("preload", "modprobe", "sysctl", "late_load", "iptables_unload")
OPTIONS = st.fixed_dictionaries(
    {
        "profile": st.sampled_from(["general", "none", "web_lb", "small_router", "k8s_node"]),
        "force": st.just(True),
        "persist": st.lists(st.sampled_from(WAYS), max_size=5, unique=True),
    },
    optional={
        "max": st.one_of(st.integers(1, 300000), st.sampled_from(["auto", "keep"])),
        "hashsize": st.one_of(st.integers(1, 100000), st.sampled_from(["auto", "keep"])),
        "allow_lower": st.booleans(),
        "takeover": st.booleans(),
        "runtime": st.booleans(),
        "timeouts": st.dictionaries(
            st.sampled_from(["udp", "tcp_time_wait", "gre", "icmp"]), st.integers(1, 500), max_size=2
        ),
        "settings": st.dictionaries(st.sampled_from(["acct", "tcp_loose", "helper"]), st.integers(0, 1), max_size=2),
    },
)
HOST = st.sampled_from(sorted(HOSTS))


def place(name: str, files: Mapping[str, str]) -> Snapshot:
    """The host with these files; in places that it has as a link or a directory, it keeps what it has."""
    snapshot = HOSTS[name]
    kinds = {path: snapshot.get(path) for path in files}
    fitting = {path: text for path, text in files.items() if kinds[path] is None or _is_file(kinds[path])}
    return with_files(snapshot, fitting)


def _is_file(entry: Entry | None) -> bool:
    return entry is not None and entry.kind == "file"


def accepted(host: FakeHost, options: Mapping[str, Any]) -> dict[str, Any]:
    """The result of a run; a refusal ends the example, after a look at what it left behind."""
    before = dict(host.nodes)
    try:
        result = run(host, options, check_mode=False)
    except ConntrackError:
        assert host.nodes == before
        assume(False)
    assert result.error == ""
    return result.values


def content(host: FakeHost) -> dict[str, tuple[str, int, str | None]]:
    """All files; of the kernel, every value."""
    return {path: (entry.kind, entry.mode, entry.text) for path, entry in host.nodes.items()}


def own_copies(path: str) -> bool:
    return "stateward-conntrack" in path and ("/backup" in path or path.endswith("/stateward-conntrack"))


def plain_load(snapshot: Snapshot, host: FakeHost) -> FakeHost:
    """The host with nothing done but the loads of another one."""
    fresh = FakeHost(snapshot)
    fresh.apply(tuple(operation for operation in host.applied if operation.kind == MODULE), ())
    return fresh


# What the kernel works out from the buckets once, at load, and where it shows their number before it was rounded.
DERIVED = ("/parameters/hashsize", "/parameters/expect_hashsize", "_expect_max")


# ---------------------------------------------------------------------------------------------- what holds


@BOUNDED
@given(HOST, FILES, OPTIONS)
def test_after_a_run_there_is_nothing_to_do(name: str, files: dict[str, str], options: dict[str, Any]) -> None:
    host = FakeHost(place(name, files))
    accepted(host, options)
    again = accepted(host, options)
    assert (again["changed"], again["operations"]) == (False, [])


def comparable(values: Mapping[str, Any], *, loaded: bool) -> dict[str, Any]:
    """A result without the status of the operations.

    Where the module is loaded by the run, check mode does not know what only the loaded module tells: the kernel's own
    value of every key that is not set (in C(after), and in C(sizing) of what is kept), and which old names of the keys
    it takes as well (in what files of others will do: C(conflicts), C(survives)).
    """
    operations = [{**item, "status": "", "reason": ""} for item in values["operations"]]
    unknown = ("after", "sizing", "conflicts", "survives") if loaded else ()
    return {key: value for key, value in {**values, "operations": operations}.items() if key not in unknown}


@BOUNDED
@given(HOST, FILES, OPTIONS)
def test_check_mode_says_what_the_run_does(name: str, files: dict[str, str], options: dict[str, Any]) -> None:
    snapshot = place(name, files)
    host = FakeHost(snapshot)
    real = accepted(host, options)
    check = run(FakeHost(snapshot), options, check_mode=True).values
    loads = any(item["kind"] == "module" for item in check["operations"])
    if not loads:
        assert comparable(check, loaded=False) == comparable(real, loaded=False)
        return
    planned = {item["name"]: item["after"] for item in check["operations"] if item["kind"] == "value"}
    everything = {**real["after"], **real["after"]["timeouts"], **real["after"]["settings"]}
    assert {key: str(everything[key]) for key in planned} == planned
    sizes = {key: check["sizing"][key] for key in ("max", "hashsize") if check["sizing"][key] is not None}
    assert {key: real["sizing"][key] for key in sizes} == sizes
    assert comparable(check, loaded=True) == comparable(real, loaded=True)


@BOUNDED
@given(HOST, FILES, OPTIONS, st.integers(0, 12))
def test_a_failure_anywhere_leaves_all_as_it_was(
    name: str, files: dict[str, str], options: dict[str, Any], number: int
) -> None:
    snapshot = place(name, files)
    host = FakeHost(snapshot, fail_at=number)
    try:
        result = run(host, options, check_mode=False)
    except ConntrackError:
        assume(False)
    assume(result.error)
    expected, found = content(plain_load(snapshot, host)), content(host)
    # A module that was loaded stays so, with the sizes that our option, gone again, gave it.
    sizes = ("_max", "_buckets") if result.values["changed"] else ()
    paths = [path for path in {**expected, **found} if not path.endswith((*DERIVED, *sizes))]
    assert {path: found.get(path) for path in paths} == {path: expected.get(path) for path in paths}
    assert result.values["changed"] is any(operation.kind == MODULE for operation in host.applied)


@BOUNDED
@given(HOST, FILES, OPTIONS, OPTIONS)
def test_absent_goes_back_behind_the_first_run(
    name: str, files: dict[str, str], first: dict[str, Any], second: dict[str, Any]
) -> None:
    own = "/etc/sysctl.d/99-stateward-conntrack.conf"  # of an earlier life of ours: it goes as well
    snapshot = place(name, {path: text for path, text in files.items() if path != own})
    host = FakeHost(snapshot)
    accepted(host, first)
    accepted(host, second)
    accepted(host, ABSENT)
    # What a load by other people's options would have made is not known: the kernel's own sizes are put back.
    assume(not (any(operation.kind == MODULE for operation in host.applied) and "hashsize" in str(files)))
    expected, found = content(plain_load(snapshot, host)), content(host)
    paths = [path for path in {**expected, **found} if not path.endswith(DERIVED) and not own_copies(path)]
    assert {path: found.get(path) for path in paths} == {path: expected.get(path) for path in paths}


@BOUNDED
@given(HOST, st.integers(1, 400000), st.integers(1, 400000), st.booleans())
def test_sizes_go_in_the_order_that_keeps_chains_short(name: str, size: int, buckets: int, auto: bool) -> None:
    options = {
        "profile": "none",
        "max": size,
        "hashsize": "auto" if auto else buckets,
        "allow_lower": True,
        "force": True,
    }
    host = FakeHost(HOSTS[name])
    values = accepted(host, options)
    order = [item["name"] for item in values["operations"] if item["name"] in ("max", "hashsize")]
    assume(len(order) == 2)
    growing = (values["before"]["hashsize"] or 0) <= values["after"]["hashsize"]
    assert order == (["hashsize", "max"] if growing else ["max", "hashsize"])


@FEWER
@given(st.sampled_from(["debian12", "el6", "ubuntu2204", "builtin"]), st.lists(st.integers(0, 400000), max_size=5))
def test_auto_moves_only_when_the_need_outgrows_it(name: str, counts: list[int]) -> None:
    host = FakeHost(HOSTS[name])
    options = {"memory_limit": "60%"}
    size = accepted(host, options)["after"]["max"]
    for count in sorted(counts):
        show(host.nodes, same_variable(host.nodes, "count"), count)
        values = accepted(host, options)
        moved = values["after"]["max"] != size
        assert moved == (count * 2 > size)
        assert values["changed"] == moved
        size = values["after"]["max"]
        assert not accepted(host, options)["changed"]


PARSED = sorted(
    {path for snapshot in HOSTS.values() for path, entry in snapshot.entries.items() if entry.text is not None}
    - {"/proc/meminfo"}
)


@settings(BOUNDED, max_examples=150)
@given(HOST, st.lists(st.tuples(st.sampled_from(PARSED), st.binary(max_size=60)), min_size=1, max_size=3), OPTIONS)
def test_any_bytes_anywhere_are_survived(name: str, damage: list[tuple[str, bytes]], options: dict[str, Any]) -> None:
    host = FakeHost(HOSTS[name])
    for path, data in damage:
        entry = host.nodes.get(path)
        if entry is not None and entry.kind == "file":
            text = None if b"\0" in data else data.decode("utf-8", "surrogateescape")
            host.nodes[path] = Entry(path, "file", entry.mode, text, error="NUL" if text is None else "")
    for params in (options, ABSENT):
        try:
            result = run(host, params, check_mode=True)
        except ConntrackError:
            continue
        str(result.values).encode("utf-8")
        "".join(result.warnings).encode("utf-8")
