"""How long clients wait at half of the load that saturates a server."""

import statistics
import time
from dataclasses import dataclass, field

from . import load, machine
from .measure import LOSS_MAX, guarded
from .processes import nanoseconds
from .scenarios import BY_NAME

SATURATE_SECONDS = 1
LATE_MAX_MICROSECONDS = 200  # of the client itself, at its p99
OTHERS_SHARE_MAX = 0.05
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
    others_share: float = 0.0  # the part of the server's core that other processes took
    figures: dict = field(default_factory=dict)  # what load/paced.c printed

    @property
    def is_disturbed(self):
        """Whether others had the cores, so that the figures say little of the server."""
        late = self.figures.get("late_p99", 0)
        return late > LATE_MAX_MICROSECONDS or self.others_share > OTHERS_SHARE_MAX


class LatencyFigures:
    """The medians of the rounds that were not disturbed, or of all where less than half were not."""

    def __init__(self, rounds):
        calm = [one for one in rounds if not one.is_disturbed]
        counted = calm if 2 * len(calm) >= len(rounds) else rounds
        self.problems = list(dict.fromkeys(p for one in counted for p in one.problems))
        self.is_valid = not self.problems
        self.calm, self.rounds = len(calm), len(rounds)
        if not self.is_valid:
            return
        self.rate = statistics.median(one.rate for one in counted)
        for name in (*PERCENTILES, "late_p99"):
            values = [one.figures[name] for one in counted]
            setattr(self, name, max(values) if name == "max" else statistics.median(values))
        self.p99_lowest = min(one.figures["p99"] for one in counted)
        self.p99_highest = max(one.figures["p99"] for one in counted)
        sent = sum(one.figures["sent"] for one in counted)
        self.lost_share = 1 - sum(one.figures["answered"] for one in counted) / sent


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
            disturbed = " (disturbed)" if latency.is_disturbed else ""
            say(f"round {number} latency {server.name:14} {p99} at {latency.rate:,} queries/s{disturbed}")
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
        for latency.attempts in range(1, ATTEMPTS + 1):
            _run_paced(bench, process, paced, site.port, questions, latency)
            if not latency.is_disturbed:
                break
        server.check(site.port, scenario)
    lost = 1 - latency.figures["answered"] / latency.figures["sent"]
    if lost > LOSS_MAX:
        latency.problems.append(f"lost {lost:.1%} of {latency.figures['sent']:.0f} queries")
    if latency.figures["not_noerror"]:
        latency.problems.append(f"{latency.figures['not_noerror']:.0f} answers were not NOERROR")


def _run_paced(bench, process, paced, port, questions, latency):
    core = bench.cores[0]
    start, busy, cpu = time.monotonic_ns(), machine.busy_ticks(core), process.cpu_nanoseconds()
    latency.figures = load.run_paced(paced, port, questions, latency.rate, bench.seconds)
    others = nanoseconds(machine.busy_ticks(core) - busy) - (process.cpu_nanoseconds() - cpu)
    latency.others_share = max(0.0, others / (time.monotonic_ns() - start))
