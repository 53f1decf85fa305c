"""One measurement: start, check, warm, load, judge."""

import time
from dataclasses import dataclass, field

from . import load, machine, zone
from .processes import DidNotStart, nanoseconds
from .wire import WrongAnswer

LOSS_MAX = 0.01
UPSTREAM_SHARE_MAX = 0.01  # of hits that may reach the upstream
UPSTREAM_SHARE_MIN = 0.99  # of misses that must reach it
WARM_PASSES = 2  # the second fills packet caches that lie behind a record cache
WARM_SECONDS = 2
MISSES_PER_SECOND = 150_000  # questions prepared; more than any server here can take


@dataclass
class Measurement:
    """What one server did in one round of one scenario; `problems` not empty means: no figure."""

    server: str
    scenario: str
    round: int
    problems: list = field(default_factory=list)
    sent: int = 0
    completed: int = 0
    lost_share: float = 0.0
    seconds: float = 0.0
    latency_seconds: float = 0.0
    cpu_nanoseconds: int = 0
    user_nanoseconds: int = 0
    upstream_queries: int = 0
    others_share: float = 0.0  # the part of the server's core that other processes took

    @property
    def microseconds_per_query(self):
        """The server's CPU time for each completed query."""
        return self.cpu_nanoseconds / 1000 / self.completed


class Bench:
    """The upstream, the question files and the core of the servers: what all measurements share."""

    def __init__(self, directory, upstream, seconds, server_core):
        self.directory = directory
        self.upstream = upstream
        self.seconds = seconds
        self.server_core = server_core
        self._questions = {}
        self._count = 0

    def measure(self, server, scenario, number):
        """Measures one server in one scenario; whatever goes wrong is in the measurement's `problems`."""
        measurement = Measurement(server.name, scenario, number)
        self._count += 1
        directory = self.directory / f"{self._count}-{server.name}"
        try:
            with server.running(directory, self.server_core, self.upstream.port, scenario) as (process, port):
                server.check(port, scenario)
                self._warm(server, scenario, port)
                self._load(measurement, server, process, port)
                server.check(port, scenario)
        except DidNotStart as error:
            measurement.problems.append(f"did not start: {error}")
        except WrongAnswer as error:
            measurement.problems.append(f"wrong answer: {error}")
        except (OSError, load.LoadFailed) as error:
            measurement.problems.append(f"no answer: {error}")
        return measurement

    def _warm(self, server, scenario, port):
        if scenario == "miss":
            return
        questions = self._file("hit", server.domain)
        for _ in range(WARM_PASSES):
            load.run(port, questions, _transport(scenario), WARM_SECONDS, once=True)

    def _load(self, measurement, server, process, port):
        questions = self._file(measurement.scenario, server.domain)
        transport = _transport(measurement.scenario)
        upstream, ticks = self.upstream.queries(), process.user_ticks()
        start, busy = time.monotonic_ns(), machine.busy_ticks(self.server_core)
        cpu = process.cpu_nanoseconds()
        once = measurement.scenario == "miss"  # a second pass would be answered from the cache
        result = load.run(port, questions, transport, self.seconds, once)
        measurement.cpu_nanoseconds = process.cpu_nanoseconds() - cpu
        others = nanoseconds(machine.busy_ticks(self.server_core) - busy) - measurement.cpu_nanoseconds
        measurement.others_share = max(0.0, others / (time.monotonic_ns() - start))
        measurement.user_nanoseconds = nanoseconds(process.user_ticks() - ticks)
        measurement.upstream_queries = self.upstream.queries() - upstream
        measurement.sent = result.sent
        measurement.completed = result.completed
        measurement.lost_share = result.lost_share
        measurement.seconds = result.seconds
        measurement.latency_seconds = result.latency_seconds
        measurement.problems += judge(server.name, measurement.scenario, result, measurement.upstream_queries)

    def _file(self, scenario, domain):
        """Returns the questions of a scenario; TCP asks what `hit` asks."""
        kind = "miss" if scenario == "miss" else "hit"
        if (kind, domain) not in self._questions:
            path = self.directory / f"{kind}.{domain}"
            if kind == "miss":
                zone.write_miss_questions(path, domain, int(self.seconds * MISSES_PER_SECOND))
            else:
                zone.write_hit_questions(path, domain)
            self._questions[kind, domain] = path
        return self._questions[kind, domain]


def judge(name, scenario, result, upstream_queries):
    """Returns the reasons why a run gives no figure."""
    problems = []
    if result.lost_share > LOSS_MAX:
        problems.append(f"lost {result.lost_share:.1%} of {result.sent} queries")
    if not result.completed:
        return problems or ["no query was completed"]
    if result.noerror < result.completed:
        problems.append(f"{result.completed - result.noerror} of {result.completed} answers were not NOERROR")
    share = upstream_queries / result.completed
    if scenario == "miss" and share < UPSTREAM_SHARE_MIN:
        problems.append(f"asked the upstream for only {share:.1%} of the misses")
    if scenario != "miss" and share > UPSTREAM_SHARE_MAX and name != "limit":
        problems.append(f"asked the upstream for {share:.1%} of the hits")
    return problems


def _transport(scenario):
    return "tcp" if scenario == "tcp" else "udp"
