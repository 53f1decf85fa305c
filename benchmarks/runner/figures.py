"""The medians of rounds, which the tables, the targets and the charts are made of."""

import statistics

from .latency import LatencyFigures
from .scenarios import BY_NAME, SCENARIOS


class Figures:
    """The medians of one server in one scenario, or the reason why there are none."""

    def __init__(self, measurements):
        self.problems = list(dict.fromkeys(p for m in measurements for p in m.problems))
        good = [m for m in measurements if not m.problems]
        self.is_valid = bool(good) and not self.problems
        if not self.is_valid:
            return
        costs = [m.microseconds_per_query for m in good]
        completed = sum(m.completed for m in good)
        self.microseconds = statistics.median(costs)
        self.lowest, self.highest = min(costs), max(costs)
        self.queries_per_second = statistics.median(m.completed / m.seconds for m in good)
        self.latency_microseconds = statistics.median(m.latency_seconds for m in good) * 1e6
        # The kernel only samples user time, so the rounds are added up instead of compared.
        self.user_microseconds = sum(m.user_nanoseconds for m in good) / 1000 / completed
        self.lost_share = 1 - completed / sum(m.sent for m in good)
        self.others_share = max(m.others_share for m in good)
        self.upstream_share = sum(m.upstream_queries for m in good) / completed
        self.reply_octets = statistics.median(m.reply_octets for m in good)
        self.resident_bytes = statistics.median(m.resident_bytes for m in good)


class Results:
    """Everything that a run measured."""

    def __init__(self, measurements=(), starts=(), memory=None, latencies=(), allocations=()):
        self.measurements = list(measurements)
        self.starts = list(starts)
        self.memory = memory
        self.latencies = list(latencies)
        self.allocations = list(allocations)
        self.loads = {k: Figures(g) for k, g in _grouped(measurements, "server", "scenario").items()}
        grouped = _grouped(latencies, "server")
        self.latency = {server: LatencyFigures(group) for (server,), group in grouped.items()}

    def figures(self, server, scenario):
        """Returns the valid figures of a server in a scenario, or None."""
        figures = self.loads.get((server, scenario))
        return figures if figures and figures.is_valid else None

    def ratio(self, server, scenario):
        """Returns a server's CPU time as a multiple of the limit's in the same run, or None."""
        limit = self.figures("limit", BY_NAME[scenario].limit_name)
        figures = self.figures(server, scenario)
        return figures.microseconds / limit.microseconds if limit and figures else None

    def started(self, server, clusters=1):
        """Returns the valid launches of a server, or None."""
        for start in self.starts:
            if (start.server, start.clusters) == (server, clusters) and start.milliseconds:
                return start if not start.problems else None
        return None

    def allocations_of(self, server):
        """Returns what was counted in a server, or None."""
        return next((a for a in self.allocations if a.server == server and not a.problems), None)

    def latency_of(self, server):
        """Returns the valid latency figures of a server, or None."""
        figures = self.latency.get(server)
        return figures if figures and figures.is_valid else None

    def scenarios(self, group):
        """Returns the scenarios of a group that were measured."""
        measured = {measurement.scenario for measurement in self.measurements}
        return [s for s in SCENARIOS if s.group == group and s.name in measured]

    def problems(self):
        """Returns pairs of what has no figure and why."""
        found = []
        for (server, scenario), figures in self.loads.items():
            found += [(f"{server}, {scenario}", problem) for problem in figures.problems]
        for start in self.starts:
            what = f"{start.server}, start"
            what += f" with {start.clusters} clusters" if start.clusters > 1 else ""
            found += [(what, problem) for problem in dict.fromkeys(start.problems)]
        for server, figures in self.latency.items():
            found += [(f"{server}, latency", problem) for problem in figures.problems]
        for counted in self.allocations:
            found += [(f"{counted.server}, allocations", problem) for problem in counted.problems]
        if self.memory:
            found += [("switchyard, memory", problem) for problem in self.memory.problems]
        return found


def _grouped(items, *names):
    groups = {}
    for item in items:
        groups.setdefault(tuple(getattr(item, name) for name in names), []).append(item)
    return groups
