"""Turns results into tables and JSON."""

from .scenarios import BY_NAME, CLUSTERS, SCENARIOS, WORKERS
from .targets import UNKNOWN, octet_nanoseconds, verdicts, workers_ratio

SUMMARY = ("hit", "hit100k", "miss", "tcp", "mix")
LENGTHS = ("hit", "nxdomain", "nodata", "large", "dnssec")


class Report:
    """A run as text: heading, targets, a table for each kind of measurement, what is not valid."""

    def __init__(self, heading, versions, results):
        self.heading = heading
        self.versions = versions
        self.results = results

    def markdown(self):
        """Returns the whole report."""
        parts = ["# Benchmark", self._heading(), self._targets(), self._summary(), self._lengths()]
        parts += [self._workers(), self._latency(), self._starts()]
        parts += [self._details(s) for s in SCENARIOS if s.group not in ("workers", "clusters")]
        parts += [self._problems()]
        return "\n\n".join(part for part in parts if part) + "\n"

    def json(self):
        """Returns the report as values that `json` can write: raw rounds, medians and targets."""
        results, medians = self.results, []
        for (server, scenario), figures in results.loads.items():
            ratio = results.ratio(server, scenario)
            medians.append({"server": server, "scenario": scenario, "ratio": ratio, **vars(figures)})
        return {
            "heading": dict(self.heading),
            "versions": self.versions,
            "targets": [vars(verdict) for verdict in verdicts(results)],
            "medians": medians,
            "latency_medians": [{"server": s, **vars(figures)} for s, figures in results.latency.items()],
            "memory": vars(results.memory) if results.memory else None,
            "starts": [vars(start) for start in results.starts],
            "latencies": [vars(latency) for latency in results.latencies],
            "allocations": [vars(counted) for counted in results.allocations],
            "rounds": [vars(measurement) for measurement in results.measurements],
        }

    def _heading(self):
        lines = [f"- {title}: {fact}" for title, fact in self.heading]
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        lines.append(f"- Versions: {versions}")
        return "\n".join(lines)

    def _targets(self):
        table = verdicts(self.results)
        rows = [[v.what, v.target, v.measured, v.verdict] for v in table if v.verdict != UNKNOWN]
        left = f" {len(table) - len(rows)} other targets were not measured." if len(rows) < len(table) else ""
        note = "x: CPU time as a multiple of the limit's. `make gates` counts retains and releases per hit."
        return f"## Targets\n\n{_table(['what', 'target', 'measured', 'verdict'], rows)}\n\n{note}{left}"

    def _summary(self):
        names = [name for name in SUMMARY if self.results.scenarios(name)]
        header = ["server"]
        for name in names:
            header += [f"{name} us/query", "x"]
        rows = [[s, *(c for name in names for c in self._summary_cells(s, name))] for s in self._servers()]
        if not names:
            return ""
        text = "Server CPU time per completed query, and as a multiple x of the limit:"
        return f"## Servers\n\n{text}\n\n{_table(header, rows)}"

    def _summary_cells(self, server, name):
        scenario, limit = BY_NAME[name], self.results.figures("limit", BY_NAME[name].limit_name)
        if server == "limit" and limit and scenario.echoes > 1:
            cost = scenario.echoes * limit.microseconds
            return [f"{cost:.2f} ({scenario.echoes:g} echoes)", f"{scenario.echoes:.2f}"]
        figures = limit if server == "limit" else self.results.figures(server, name)
        if not figures:
            return ["not valid" if (server, name) in self.results.loads else "-", "-"]
        ratio = figures.microseconds / limit.microseconds if limit else None
        return [f"{figures.microseconds:.2f}", f"{ratio:.2f}" if ratio else "-"]

    def _lengths(self):
        rows = []
        for name in LENGTHS:
            ours, limit = self.results.figures("switchyard", name), self.results.figures("limit", name)
            if not ours or not limit:
                continue
            above = octet_nanoseconds(self.results, name)
            cost = ours.microseconds * 1000 / ours.reply_octets
            row = [name, f"{ours.reply_octets:.0f}", f"{limit.microseconds:.2f}", f"{ours.microseconds:.2f}"]
            row += [f"{ours.microseconds / limit.microseconds:.2f}", f"{cost:.1f}", f"{above:+.2f}"]
            rows.append(row)
        if len(rows) < 2:
            return ""
        header = ["hits of switchyard", "octets of a reply", "limit us/query", "us/query", "x", "ns/octet"]
        return "## Lengths and kinds of replies\n\n" + _table([*header, "above the limit ns/octet"], rows)

    def _workers(self):
        rows = []
        for questions, names in (("hit", "1,000 names"), ("one", "one name")):
            for server in ("limit", "switchyard"):
                found = [self.results.figures(server, f"workers-{count}-{questions}") for count in WORKERS]
                if not any(found):
                    continue
                ratio = workers_ratio(self.results, server, questions)
                cells = [_spread(figures) if figures else "-" for figures in found]
                rows.append([f"{server}, {names}", *cells, f"{ratio:.2f}" if ratio else "-"])
        if not rows:
            return ""
        header = ["us/query (min-max)", *(f"{count} workers" for count in WORKERS), "last/first"]
        text = "On both cores, which the load generator shares; 100 queries under way for each worker."
        return f"## Workers\n\n{text}\n\n{_table(header, rows)}"

    def _latency(self):
        rows = []
        for server in self._servers():
            f = self.results.latency_of(server)
            if f:
                spread = f"{f.p99_lowest:,.0f}-{f.p99_highest:,.0f}"
                row = [server, f"{f.rate:,.0f}", f"{f.p50:,.0f}", f"{f.p99:,.0f}", spread, f"{f.p999:,.0f}"]
                row += [f"{f.max:,.0f}", f"{f.lost_share:.3%}", f"{f.late_p99:,.0f}", f"{f.calm} of {f.rounds}"]
                rows.append(row)
        if not rows:
            return ""
        header = ["us", "queries/s", "p50", "p99", "p99 min-max", "p99.9", "max", "lost", "client late p99"]
        header.append("calm rounds")
        return f"## Latency of hits at half of the saturation load\n\n{_table(header, rows)}"

    def _starts(self):
        rows = []
        for start in self.results.starts:
            if not start.milliseconds or start.problems:
                continue
            name = start.server + (f", {start.clusters:,} clusters" if start.clusters > 1 else "")
            spread = f"{min(start.milliseconds):.1f}-{max(start.milliseconds):.1f}"
            many = self.results.figures(start.server, "hit100k") if start.clusters == 1 else None
            resident = f"{many.resident_bytes / 1e6:.1f}" if many else "-"
            counted = self.results.allocations_of(start.server) if start.clusters == 1 else None
            row = [name, str(len(start.milliseconds)), f"{start.median_milliseconds:.1f}", spread]
            rows.append([*row, f"{start.idle_bytes / 1e6:.1f}", resident])
            rows[-1].append(f"{counted.per_hit:.3f}" if counted else "-")
        if not rows:
            return ""
        header = ["server", "starts", "ms to first answer", "min-max", "idle MB", "MB with 100,000 answers"]
        header.append("allocations per hit")
        return f"## Start and memory\n\n{_table(header, rows)}" + self._clusters()

    def _clusters(self):
        found = [(count, self.results.figures("switchyard", f"clusters-{count}")) for count in CLUSTERS]
        texts = [f"{_spread(figures)} us with {count:,}" for count, figures in found if figures]
        return f"\n\nA miss with clusters: {', '.join(texts)}." if texts else ""

    def _details(self, scenario):
        header = ["server", "us/query", "min-max", "x", "user us", "queries/s", "mean latency us", "lost"]
        header += ["upstream/query", "others"]
        rows = []
        for server in self._servers():
            figures = self.results.figures(server, scenario.name)
            if not figures:
                continue
            ratio = self.results.ratio(server, scenario.name)
            rows.append(
                [
                    server,
                    f"{figures.microseconds:.2f}",
                    f"{figures.lowest:.2f}-{figures.highest:.2f}",
                    f"{ratio:.2f}" if ratio else "-",
                    f"{figures.user_microseconds:.2f}",
                    f"{figures.queries_per_second:,.0f}",
                    f"{figures.latency_microseconds:,.0f}",
                    f"{figures.lost_share:.2%}",
                    f"{figures.upstream_share:.2f}",
                    f"{figures.others_share:.0%}",
                ]
            )
        return f"## {scenario.name}: {scenario.title}\n\n{_table(header, rows)}" if rows else ""

    def _problems(self):
        lines = [f"- {what}: {why}" for what, why in self.results.problems()]
        return "## Not valid\n\n" + "\n".join(lines) if lines else ""

    def _servers(self):
        return list(self.versions)


def _spread(figures):
    return f"{figures.microseconds:.2f} ({figures.lowest:.2f}-{figures.highest:.2f})"


def _table(header, rows):
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    rule = ["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]]
    lines = []
    for row in [header, rule, *rows]:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
