"""One measurement under load: start, check, warm, load, judge."""

import time
from contextlib import contextmanager
from dataclasses import dataclass, field

from . import load, machine, zone
from .processes import DidNotStart, nanoseconds
from .servers import new_site
from .wire import WrongAnswer

LOSS_MAX = 0.01
WARM_PASSES = 2  # the second fills packet caches that lie behind a record cache
WARM_SECONDS = 30  # at most: some servers need 15 s for 100,000 names
NEW_NAMES_PER_SECOND = 150_000  # questions prepared; more than any server here can take


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
    reply_octets: float = 0.0
    resident_bytes: int = 0  # after warming

    @property
    def microseconds_per_query(self):
        """The server's CPU time for each completed query."""
        return self.cpu_nanoseconds / 1000 / self.completed


class Bench:
    """The upstream, the question files and the cores: what all measurements share."""

    def __init__(self, directory, upstream, seconds, cores):
        self.directory = directory
        self.upstream = upstream
        self.seconds = seconds
        self.cores = cores  # of the server and of the load
        self._questions = {}
        self._reply_octets = {}
        self._count = 0

    def site(self, name, **settings):
        """Returns a Site in a directory that nobody uses."""
        self._count += 1
        return new_site(self.directory / f"{self._count}-{name}", self.upstream.port, **settings)

    def running(self, server, scenario, environment=None, **settings):
        """Returns a context manager that runs a server as a scenario wants it, and its site."""
        settings = {
            "workers": scenario.workers,
            "clusters": scenario.clusters,
            "cached_names": scenario.cached_names,
            **settings,
        }
        site = self.site(server.name, **settings)
        cores = {self.cores[0]} if scenario.is_pinned else set(self.cores)
        octets = self._reply_octets.get(scenario.name, 0) if scenario.pads_limit else 0
        return server.running(site, cores, scenario, octets, environment), site

    def measure(self, server, scenario, number):
        """Measures one server in one scenario; whatever goes wrong is in the measurement's `problems`."""
        measurement = Measurement(server.name, scenario.name, number)
        with guarded(measurement.problems):
            running, site = self.running(server, scenario)
            with running as process:
                measurement.reply_octets = server.check(site.port, scenario)
                # The first server of a round says how long the replies of the limit have to be.
                self._reply_octets.setdefault(scenario.name, round(measurement.reply_octets))
                if scenario.is_cached:
                    self.warm(server, scenario, site.port)
                measurement.resident_bytes = process.resident_bytes()
                self._load(measurement, server, scenario, process, site.port)
                server.check(site.port, scenario)
        return measurement

    def warm(self, server, scenario, port):
        """Asks the names that the scenario will ask again."""
        kind = "hit" if scenario.questions == "mix" else scenario.questions
        for _ in range(WARM_PASSES):
            load.run(port, self.questions(kind, server.domain), WARM_SECONDS, scenario, once=True)

    def questions(self, kind, domain):
        """Returns the file with the questions of a kind."""
        if (kind, domain) not in self._questions:
            path = self.directory / f"{kind}.{domain}"
            zone.write_questions(kind, path, domain, int(self.seconds * NEW_NAMES_PER_SECOND))
            self._questions[kind, domain] = path
        return self._questions[kind, domain]

    def _load(self, measurement, server, scenario, process, port):
        questions = self.questions(scenario.questions, server.domain)
        upstream, ticks = self.upstream.queries(), process.user_ticks()
        start, busy = time.monotonic_ns(), machine.busy_ticks(self.cores[0])
        cpu = process.cpu_nanoseconds()
        once = scenario.asks_new_names  # a second pass would be answered from the cache
        result = load.run(port, questions, self.seconds, scenario, once)
        measurement.cpu_nanoseconds = process.cpu_nanoseconds() - cpu
        if scenario.is_pinned:
            others = nanoseconds(machine.busy_ticks(self.cores[0]) - busy) - measurement.cpu_nanoseconds
            measurement.others_share = max(0.0, others / (time.monotonic_ns() - start))
        measurement.user_nanoseconds = nanoseconds(process.user_ticks() - ticks)
        measurement.upstream_queries = self.upstream.queries() - upstream
        measurement.sent = result.sent
        measurement.completed = result.completed
        measurement.lost_share = result.lost_share
        measurement.seconds = result.seconds
        measurement.latency_seconds = result.latency_seconds
        measurement.problems += judge(server.name, scenario, result, measurement.upstream_queries)


@contextmanager
def guarded(problems):
    """Turns what can go wrong with a server into a text in `problems`."""
    try:
        yield
    except DidNotStart as error:
        problems.append(f"did not start: {error}")
    except WrongAnswer as error:
        problems.append(f"wrong answer: {error}")
    except (OSError, load.LoadFailed) as error:
        problems.append(f"no answer: {error}")


def judge(name, scenario, result, upstream_queries):
    """Returns the reasons why a run gives no figure."""
    problems = []
    if result.lost_share > LOSS_MAX:
        problems.append(f"lost {result.lost_share:.1%} of {result.sent} queries")
    if not result.completed:
        return problems or ["no query was completed"]
    rcode = "NOERROR" if name == "limit" else scenario.rcode
    right = result.rcodes.get(rcode, 0)
    if right < result.completed:
        problems.append(f"{result.completed - right} of {result.completed} answers were not {rcode}")
    share = upstream_queries / result.completed
    lowest, highest = scenario.upstream_share
    if name != "limit" and not lowest <= share <= highest:
        problems.append(f"asked the upstream {share:.3f} times for each query, not {lowest:g} to {highest:g}")
    return problems
