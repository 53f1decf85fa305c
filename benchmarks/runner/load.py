"""Runs dnsperf and reads what it found."""

import re
import subprocess
from dataclasses import dataclass

CLIENTS = 16
OUTSTANDING = 100
QUERY_TIMEOUT_SECONDS = 2
EXTRA_SECONDS = 10  # after which a dnsperf that does not end is killed


class LoadFailed(Exception):
    """dnsperf did not run to its end; the text says why."""


@dataclass
class LoadResult:
    """What dnsperf counted in one run."""

    sent: int
    completed: int
    noerror: int
    seconds: float
    latency_seconds: float

    @property
    def lost_share(self):
        """The part of the queries that had no answer in time, from 0 to 1."""
        return 1 - self.completed / self.sent if self.sent else 1.0


def run(port, questions, transport, seconds, once=False):
    """Asks the questions in the file for at most `seconds`; `once` ends the run at the end of the file.

    dnsperf runs on the core to which this process is pinned.
    """
    command = ["dnsperf", "-s", "127.0.0.1", "-p", port, "-d", questions, "-m", transport, "-l", seconds]
    command += ["-c", CLIENTS, "-T", 1, "-q", OUTSTANDING, "-t", QUERY_TIMEOUT_SECONDS]
    if once:
        command += ["-n", 1]
    command = [str(part) for part in command]
    limit = seconds + QUERY_TIMEOUT_SECONDS + EXTRA_SECONDS
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired as error:
        raise LoadFailed(f"dnsperf did not end within {limit} s") from error
    if done.returncode != 0:
        raise LoadFailed(f"dnsperf ended with {done.returncode}: {done.stderr.strip()[-200:]}")
    return parse(done.stdout)


def parse(output):
    """Reads dnsperf's summary."""
    sent = _number(r"Queries sent:\s+(\d+)", output)
    completed = _number(r"Queries completed:\s+(\d+)", output)
    seconds = _number(r"Run time \(s\):\s+([\d.]+)", output)
    if sent is None or completed is None or seconds is None:
        raise LoadFailed("dnsperf printed no summary")
    noerror = _number(r"Response codes:.*?NOERROR (\d+)", output) or 0
    latency = _number(r"Average Latency \(s\):\s+([\d.]+)", output) or 0
    return LoadResult(int(sent), int(completed), int(noerror), float(seconds), float(latency))


def _number(pattern, text):
    match = re.search(pattern, text)
    return float(match.group(1)) if match else None
