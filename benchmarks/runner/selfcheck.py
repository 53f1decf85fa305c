"""Proves that the runner works: each installed server gives figures, and what must be refused is refused."""

from dataclasses import replace
from xml.etree import ElementTree

from . import charts, latency, load, wire, zone
from .measure import judge
from .scenarios import BY_NAME, SCENARIOS
from .servers import Server

SUMMARY = """
  Queries sent:         1000
  Queries completed:    900 (90.00%)
  Queries lost:         100 (10.00%)

  Response codes:       NOERROR 890 (98.89%), SERVFAIL 10 (1.11%)
  Run time (s):         2.000000
  Queries per second:   450.000000

  Average Latency (s):  0.001000 (min 0.000100, max 0.010000)
"""


class _EchoAsServer(Server):
    """The echo, checked as if it were a server: it never has the right answer."""

    name = "echo as a server"

    def __init__(self, limit):
        self._limit = limit

    def command(self, site, scenario, reply_octets):
        return self._limit.command(site, scenario, reply_octets)

    def check_up(self, site, scenario):
        self._limit.check(site.port, scenario)


class _Ends(Server):
    """A program that ends at once."""

    name = "program that ends"

    def command(self, *_):
        return ["false"]


def passes(bench, limit, servers, built, wanted, say):
    """Runs all checks, tells each with `say`, and returns whether all passed."""
    checks = _checks(bench, limit, built["paced.c"])
    failed = [name for name, is_right in checks if not _tell(say, name, is_right)]
    for scenario in SCENARIOS:
        if scenario.group not in wanted:
            continue
        for server in [*servers, limit]:
            if not server.takes_part(scenario, False):
                continue
            measurement = bench.measure(server, scenario, 1)
            what = f"{server.name} {scenario.name}"
            problems = "; ".join(measurement.problems)
            closes_early = server.closes_tcp_early and scenario.transport == "tcp"
            is_known = closes_early and problems.startswith("lost ")
            if not _tell(say, what, is_known or not problems, problems):
                failed.append(what)
    say(f"{len(failed)} failed" + (": " + ", ".join(failed) if failed else ""))
    return not failed


def _checks(bench, limit, paced):
    """Yields pairs of what must hold and whether it does."""
    hit, miss = BY_NAME["hit"], BY_NAME["miss"]
    wrong = bench.measure(_EchoAsServer(limit), hit, 1)
    yield "an answer without records is refused", any("wrong answer" in p for p in wrong.problems)
    ended = bench.measure(_Ends(), hit, 1)
    yield "a program that ends at once is reported", any("did not start" in p for p in ended.problems)
    result = load.parse(SUMMARY)
    read = (result.sent, result.completed, result.rcodes)
    yield "dnsperf's summary is read", read == (1000, 900, {"NOERROR": 890, "SERVFAIL": 10})
    problems = " ".join(judge("peer", hit, result, 90))
    yield "loss is reported", "lost 10.0%" in problems
    yield "wrong RCODEs are reported", "10 of 900 answers were not NOERROR" in problems
    yield "hits that are not cached are reported", "asked the upstream 0.100 times" in problems
    problems = " ".join(judge("peer", miss, result, 90))
    yield "misses that are not forwarded are reported", "asked the upstream 0.100 times" in problems
    yield "NOERROR where NXDOMAIN is right is reported", "not NXDOMAIN" in " ".join(
        judge("peer", BY_NAME["nxdomain"], result, 0)
    )
    yield from _disturbed_rounds()
    yield from _refused_answers(bench.upstream.port)
    yield from _limit_checks(bench, limit, paced)
    bars = [charts.Bar("switchyard", 1.0, 0.9, 1.2), charts.Bar("peer", 250.0)]
    drawn = ElementTree.fromstring(charts.chart("a < b", "unit", bars, target=2))
    texts = [element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")]
    yield "a chart is well-formed and shows names and values", {"a < b", "peer", "250"} <= set(texts)
    yield "a chart of nothing is none", charts.chart("title", "unit", []) is None


def _disturbed_rounds():
    """Rounds in which others had the cores do not count where there are enough others."""
    calm = {**dict.fromkeys((*latency.PERCENTILES, "late_p99"), 9.0), "sent": 10, "answered": 10}
    late = {**calm, "p99": 9000.0, "late_p99": 5000.0}

    def of(*figures):
        return latency.LatencyFigures([latency.Latency("peer", 1, rate=1, figures=one) for one in figures])

    yield "a disturbed round does not count", of(calm, late, calm).p99_highest == 9
    noisy = of(late, late)
    yield "rounds that are all disturbed count, and are shown", (noisy.p99, noisy.calm) == (9000, 0)


def _limit_checks(bench, limit, paced):
    """The limit's replies have the right length; the paced client sends at its rate and sees loss."""
    hit = BY_NAME["hit"]
    site = bench.site("limit")
    with limit.running(site, {bench.cores[0]}, hit, 777):
        yield "the limit's replies are as long as they have to be", limit.check(site.port, hit) == 777
        questions = bench.questions("hit", limit.domain)
        figures = load.run_paced(paced, site.port, questions, 2000, 0.5)
        yield "the paced client sends as many as it has to", figures["sent"] == 1000
        ordered = [figures[name] for name in latency.PERCENTILES]
        yield "its percentiles are in order", 0 < ordered[0] and ordered == sorted(ordered)
    figures = load.run_paced(paced, site.port, questions, 2000, 0.2)
    is_slow = figures["answered"] == 0 and figures["p50"] > 1e6
    yield "the paced client counts what nobody answers as slow", is_slow


def _refused_answers(port):
    check = zone.checks("hit", zone.UPSTREAM_DOMAIN)[1]
    response = wire.ask(port, check, "udp", 1)
    wire.check_answer(response, check)
    for what, wrong in (
        ("another address", replace(check, addresses=frozenset([zone.MISS_ADDRESS]))),
        ("a missing address", replace(check, addresses=check.addresses | {zone.MISS_ADDRESS})),
        ("another RCODE", replace(check, rcode=zone.RCODE_NXDOMAIN)),
        ("another name", replace(check, qname="web-0000.bench.svc.cluster.local")),
        ("a response without OPT", replace(check, wants_dnssec=True)),
    ):
        yield f"{what} is refused", _is_refused(response, wrong)
    yield "a response that is cut short is refused", _is_refused(response[:-3], check)


def _is_refused(response, check):
    try:
        wire.check_answer(response, check)
    except wire.WrongAnswer:
        return True
    return False


def _tell(say, what, is_right, why=""):
    say(f"{'ok    ' if is_right else 'FAILED'}  {what}" + (f": {why}" if why else ""))
    return is_right
