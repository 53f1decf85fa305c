"""Turns measurements into tables and JSON."""

import statistics

SCENARIOS = ("hit", "miss", "tcp")
TITLES = {
    "hit": "hit: 1,000 names over UDP, all cached",
    "miss": "miss: every name new, over UDP",
    "tcp": "tcp: hits over 16 connections",
}


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


class Report:
    """All measurements of a run, grouped by server and scenario."""

    def __init__(self, heading, versions, scenarios, measurements):
        self.heading = heading
        self.versions = versions
        self.scenarios = [s for s in SCENARIOS if s in scenarios]
        self.measurements = measurements
        grouped = {}
        for measurement in measurements:
            grouped.setdefault((measurement.server, measurement.scenario), []).append(measurement)
        self._figures = {key: Figures(group) for key, group in grouped.items()}

    def figures(self, server, scenario):
        """Returns the figures of a server in a scenario, or None where it was not measured."""
        return self._figures.get((server, scenario))

    def ratio(self, server, scenario):
        """Returns a server's CPU time as a multiple of the limit's in the same run, or None."""
        limit = self.figures("limit", "tcp" if scenario == "tcp" else "hit")
        figures = self.figures(server, scenario)
        if not limit or not limit.is_valid or not figures or not figures.is_valid:
            return None
        return figures.microseconds / limit.microseconds

    def markdown(self):
        """Returns the whole report."""
        parts = ["# Benchmark", self._heading(), self._summary()]
        parts += [self._details(scenario) for scenario in self.scenarios]
        parts.append(self._problems())
        return "\n\n".join(part for part in parts if part) + "\n"

    def json(self):
        """Returns the report as values that `json` can write: the raw rounds and the medians."""
        medians = []
        for (server, scenario), figures in self._figures.items():
            entry = {"server": server, "scenario": scenario, "ratio": self.ratio(server, scenario)}
            medians.append({**entry, **vars(figures)})
        return {
            "heading": dict(self.heading),
            "versions": self.versions,
            "medians": medians,
            "rounds": [vars(measurement) for measurement in self.measurements],
        }

    def _heading(self):
        lines = [f"- {title}: {fact}" for title, fact in self.heading]
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        lines.append(f"- Versions: {versions}")
        return "\n".join(lines)

    def _summary(self):
        header = ["server"]
        for scenario in self.scenarios:
            header += [f"{scenario} us/query", "x"]
        rows = []
        for server in self._servers():
            row = [server]
            for scenario in self.scenarios:
                row += self._summary_cells(server, scenario)
            rows.append(row)
        title = "Server CPU time per completed query, and as a multiple x of the limit:"
        return f"{title}\n\n{_table(header, rows)}"

    def _summary_cells(self, server, scenario):
        if (server, scenario) == ("limit", "miss"):
            echo = self.figures("limit", "hit")
            return [f"{2 * echo.microseconds:.2f} (two echoes)", "2.00"] if echo.is_valid else ["-", "-"]
        figures, ratio = self.figures(server, scenario), self.ratio(server, scenario)
        if not figures:
            return ["-", "-"]
        if not figures.is_valid:
            return ["not valid", "-"]
        return [f"{figures.microseconds:.2f}", f"{ratio:.2f}" if ratio else "-"]

    def _details(self, scenario):
        header = ["server", "us/query", "min-max", "user us", "queries/s", "mean latency us", "lost"]
        header += ["upstream/query", "others"]
        rows = []
        for server in self._servers():
            figures = self.figures(server, scenario)
            if figures and figures.is_valid:
                rows.append(
                    [
                        server,
                        f"{figures.microseconds:.2f}",
                        f"{figures.lowest:.2f}-{figures.highest:.2f}",
                        f"{figures.user_microseconds:.2f}",
                        f"{figures.queries_per_second:,.0f}",
                        f"{figures.latency_microseconds:,.0f}",
                        f"{figures.lost_share:.2%}",
                        f"{figures.upstream_share:.2f}",
                        f"{figures.others_share:.0%}",
                    ]
                )
        return f"## {TITLES[scenario]}\n\n{_table(header, rows)}" if rows else ""

    def _problems(self):
        lines = []
        for (server, scenario), figures in self._figures.items():
            lines += [f"- {server}, {scenario}: {problem}" for problem in figures.problems]
        return "## Not valid\n\n" + "\n".join(lines) if lines else ""

    def _servers(self):
        return list(dict.fromkeys(m.server for m in self.measurements))


def _table(header, rows):
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    rule = ["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]]
    lines = []
    for row in [header, rule, *rows]:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
