"""Runs dnsperf or the paced client, and reads what they found."""

import re
import subprocess
from dataclasses import dataclass

QUERY_TIMEOUT_SECONDS = 2
EXTRA_SECONDS = 10  # after which a dnsperf that does not end is killed


class LoadFailed(Exception):
    """dnsperf did not run to its end; the text says why."""


@dataclass
class LoadResult:
    """What dnsperf counted in one run."""

    sent: int
    completed: int
    rcodes: dict  # how many answers had each RCODE
    seconds: float
    latency_seconds: float

    @property
    def lost_share(self):
        """The part of the queries that had no answer in time, from 0 to 1."""
        return 1 - self.completed / self.sent if self.sent else 1.0


def run(port, questions, seconds, scenario, once=False):
    """Asks the questions in the file as a scenario does, for at most `seconds`; `once` ends it with the file.

    dnsperf runs on the core to which this process is pinned.
    """
    command = ["dnsperf", "-s", "127.0.0.1", "-p", port, "-d", questions, "-m", scenario.transport]
    command += ["-c", scenario.clients, "-T", 1, "-q", scenario.outstanding]
    command += ["-t", QUERY_TIMEOUT_SECONDS, "-l", seconds]
    if scenario.wants_dnssec:
        command.append("-D")
    if once:
        command += ["-n", 1]
    return parse(_output(command, seconds + QUERY_TIMEOUT_SECONDS + EXTRA_SECONDS))


def run_paced(program, port, questions, rate, seconds):
    """Sends `rate` queries a second with load/paced.c, and returns what it printed: numbers by their name."""
    told = _output([program, port, questions, rate, seconds], seconds + QUERY_TIMEOUT_SECONDS + EXTRA_SECONDS)
    figures = {name: float(value) for name, value in (line.split() for line in told.splitlines())}
    if "late_max" not in figures:
        raise LoadFailed("the paced client printed no summary")
    return figures


def parse(output):
    """Reads dnsperf's summary."""
    sent = _number(r"Queries sent:\s+(\d+)", output)
    completed = _number(r"Queries completed:\s+(\d+)", output)
    seconds = _number(r"Run time \(s\):\s+([\d.]+)", output)
    if sent is None or completed is None or seconds is None:
        raise LoadFailed("dnsperf printed no summary")
    line = re.search(r"Response codes:.*|$", output).group(0)
    rcodes = {name: int(count) for name, count in re.findall(r"([A-Z]+) (\d+)", line)}
    latency = _number(r"Average Latency \(s\):\s+([\d.]+)", output) or 0
    return LoadResult(int(sent), int(completed), rcodes, float(seconds), float(latency))


def _output(command, limit_seconds):
    command = [str(part) for part in command]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit_seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise LoadFailed(f"{command[0]} did not end within {limit_seconds:g} s") from error
    if done.returncode != 0:
        raise LoadFailed(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()[-200:]}")
    return done.stdout


def _number(pattern, text):
    match = re.search(pattern, text)
    return float(match.group(1)) if match else None
