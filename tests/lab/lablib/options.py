# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's verbs and options."""

from __future__ import annotations

import argparse

from .roots import DEFAULT_ROOT, KINDS

DESCRIPTION = """\
A lab of real Linux kernels in a network namespace of its own. LAB_CACHE (images), LAB_STATE (what is running; its last
part names the namespace) and LAB_MIRROR are read from the environment."""


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab.py", description=DESCRIPTION)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    add_image(verbs.add_parser("image", help="build root images, or find them in the cache"))
    add_up(verbs.add_parser("up", help="start hosts and wait until they answer ssh"))
    down = verbs.add_parser("down", help="end hosts; without names all of them and the network")
    down.add_argument("names", nargs="*", metavar="NAME")
    add_reboot(verbs.add_parser("reboot", help="reboot hosts and wait until they answer ssh again"))
    status = verbs.add_parser("status", help="what is running")
    status.add_argument("--json", action="store_true", help="machine readable")
    run = verbs.add_parser("run", help="run a command where it can reach the hosts, with ANSIBLE_INVENTORY set")
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    ssh = verbs.add_parser("ssh", help="log in to a host, or run a command on it")
    ssh.add_argument("name", metavar="NAME")
    ssh.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    push = verbs.add_parser("push", help="copy a file or folder to a host")
    for argument in ("name", "source", "target"):
        push.add_argument(argument, metavar=argument.upper())
    verbs.add_parser("console", help="print what a host's kernel and init said").add_argument("name", metavar="NAME")
    verbs.add_parser("roots", help="list the roots")
    verbs.add_parser("requirements", help="say what this machine lacks").add_argument(
        "--kind", choices=KINDS, default="uml"
    )
    return parser


def add_image(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("roots", nargs="*", metavar="ROOT", help=f"default: {DEFAULT_ROOT}")
    parser.add_argument("--all", action="store_true", help="every root that has a kernel of this kind")
    parser.add_argument("--kind", choices=KINDS, default="uml")


def add_up(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--hosts", type=int, metavar="N", help="host1 to hostN (default 1, unless --name or --host is given)"
    )
    parser.add_argument("--name", action="append", default=[], metavar="NAME", help="a host of this name")
    parser.add_argument(
        "--host", action="append", default=[], metavar="NAME:ROOT[:KIND]", help="a host of this name and root"
    )
    parser.add_argument("--root", default=DEFAULT_ROOT, metavar="ROOT", help=f"for --hosts and --name ({DEFAULT_ROOT})")
    parser.add_argument("--kind", choices=KINDS, default="uml", help="for every host that does not say its own (uml)")
    parser.add_argument("--memory", type=int, default=0, metavar="MIB", help="per host; default 384 (uml), 1024 (qemu)")
    parser.add_argument("--append", default="", metavar="WORDS", help="kernel arguments for every host of this call")
    parser.add_argument(
        "--append-to", nargs=2, action="append", default=[], metavar=("NAME", "WORDS"), help="and more for one of them"
    )
    parser.add_argument(
        "--accelerator", choices=("auto", "kvm", "tcg"), default="auto", help="qemu: auto tries KVM first (auto)"
    )


def add_reboot(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument(
        "--append", metavar="WORDS", help="shut down and start again with these kernel arguments instead"
    )
    parser.add_argument("--hard", action="store_true", help="a power cut: nothing is shut down before")
