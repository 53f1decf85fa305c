"""How long clients wait at half of the load that saturates a server."""

import statistics
from dataclasses import dataclass, field

from . import load
from .measure import LOSS_MAX, guarded
from .scenarios import BY_NAME

SATURATE_SECONDS = 1
LATE_MAX_MICROSECONDS = 200
ATTEMPTS = 3
PERCENTILES = ("p50", "p99", "p999", "max")


@dataclass
class Latency:
    """One server in one round: times in microseconds."""

    server: str
    round: int
    problems: list = field(default_factory=list)
    saturation: float = 0.0  # queries a second that the server's core has time for
    rate: int = 0
    attempts: int = 0
    figures: dict = field(default_factory=dict)  # what load/paced.c printed


class LatencyFigures:
    """The medians of a server's rounds; the highest of all for `max`."""

    def __init__(self, rounds):
        self.problems = list(dict.fromkeys(p for one in rounds for p in one.problems))
        good = [one for one in rounds if not one.problems]
        self.is_valid = bool(good) and not self.problems
        if not self.is_valid:
            return
        self.rate = statistics.median(one.rate for one in good)
        for name in (*PERCENTILES, "late_p99"):
            values = [one.figures[name] for one in good]
            setattr(self, name, max(values) if name == "max" else statistics.median(values))
        self.p99_lowest = min(one.figures["p99"] for one in good)
        self.p99_highest = max(one.figures["p99"] for one in good)
        sent = sum(one.figures["sent"] for one in good)
        self.lost_share = 1 - sum(one.figures["answered"] for one in good) / sent


def measure(bench, servers, paced, rounds, say):
    """Measures round after round; returns the list of what each server did in each."""
    measured = []
    for number in range(1, rounds + 1):
        for server in servers:
            latency = Latency(server.name, number)
            with guarded(latency.problems):
                _measure(bench, server, paced, latency)
            measured.append(latency)
            p99 = f"{latency.figures['p99']:8.1f} us p99" if latency.figures else "; ".join(latency.problems)
            say(f"round {number} latency {server.name:14} {p99} at {latency.rate:,} queries/s")
    return measured


def _measure(bench, server, paced, latency):
    scenario = BY_NAME["hit"]
    questions = bench.questions("hit", server.domain)
    running, site = bench.running(server, scenario)
    with running as process:
        server.check(site.port, scenario)
        bench.warm(server, scenario, site.port)
        cpu = process.cpu_nanoseconds()
        burst = load.run(site.port, questions, SATURATE_SECONDS, scenario)
        # dnsperf may be slower than the server; what a core of the server has time for is not less than that.
        latency.saturation = burst.completed * 1e9 / (process.cpu_nanoseconds() - cpu)
        latency.rate = int(latency.saturation / 2)
        # Where the client itself did not run in time, the figures say nothing of the server.
        for latency.attempts in range(1, ATTEMPTS + 1):
            latency.figures = load.run_paced(paced, site.port, questions, latency.rate, bench.seconds)
            if latency.figures["late_p99"] <= LATE_MAX_MICROSECONDS:
                break
        server.check(site.port, scenario)
    lost = 1 - latency.figures["answered"] / latency.figures["sent"]
    if lost > LOSS_MAX:
        latency.problems.append(f"lost {lost:.1%} of {latency.figures['sent']:.0f} queries")
    if latency.figures["not_noerror"]:
        latency.problems.append(f"{latency.figures['not_noerror']:.0f} answers were not NOERROR")
