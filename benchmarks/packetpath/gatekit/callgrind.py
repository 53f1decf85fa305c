"""Runs programs under valgrind's callgrind and reads what it counted."""

import os
import re
import shutil
import subprocess
from collections import Counter

RUN_SECONDS = 120
# The function around the measured part of a batch (Scenarios/ScenarioRunner.swift).
MEASURED = "packetpath_measured"

_NAMED = re.compile(r"(c?fn)=\((\d+)\)(?: (.*))?")


class CallgrindFailed(Exception):
    """Valgrind or the program under it did not do what it had to."""


def environment():
    """Returns an environment in which a program does the same in every run.

    It is small, because its size moves the stack, and with that the instructions of copies.
    """
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "VALGRIND_LIB") if name in os.environ}
    return {**kept, "SWIFT_DETERMINISTIC_HASHING": "1", "SWIFT_BACKTRACE": "enable=no"}


def command(out, *options):
    """Returns the beginning of a command that counts; what follows is the program."""
    valgrind = shutil.which("valgrind")
    if not valgrind:
        raise CallgrindFailed("valgrind is not installed")
    return [valgrind, "--tool=callgrind", f"--callgrind-out-file={out}", *options]


def instructions(packetpath, scenario, operations, out):
    """Returns the instructions that one operation of a scenario takes."""
    options = [f"--toggle-collect={MEASURED}", packetpath, "run", scenario, str(operations)]
    done = subprocess.run(
        command(out, *options), env=environment(), capture_output=True, text=True, timeout=RUN_SECONDS, check=False
    )
    if done.returncode:
        raise CallgrindFailed(f"{scenario}: {done.stderr.strip().splitlines()[-1]}")
    total = re.search(r"^(?:totals|summary): (\d+)", out.read_text(), re.MULTILINE)
    if not total or int(total.group(1)) < operations:
        raise CallgrindFailed(f"{scenario}: nothing was counted; is {MEASURED} still there?")
    return int(total.group(1)) / operations


def calls(out):
    """Returns how often each function was called, by name, from the file that callgrind wrote."""
    names, counted, callee = {}, Counter(), None
    for line in out.read_text(errors="replace").splitlines():
        if found := _NAMED.match(line):
            kind, number, name = found.groups()
            if name:
                # Callgrind marks the depth of recursion: name'2.
                names[number] = name.split("'")[0]
            if kind == "cfn":
                callee = names[number]
        elif callee and line.startswith("calls="):
            counted[callee] += int(line[6:].split()[0])
            callee = None
    return counted
