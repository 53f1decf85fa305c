"""Proves that the runner works: each installed server gives figures, and what must be refused is refused."""

from . import load, wire, zone
from .measure import judge
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
    scenarios = ("hit",)

    def __init__(self, limit):
        self._limit = limit

    def command(self, directory, port, upstream_port, scenario):
        return self._limit.command(directory, port, upstream_port, scenario)

    def first_scenario(self, _scenario):
        return "up"

    def check(self, port, scenario):
        if scenario == "up":
            self._limit.check(port, "hit")
        else:
            super().check(port, scenario)


class _Ends(Server):
    """A program that ends at once."""

    name = "program that ends"

    def command(self, *_):
        return ["false"]


def passes(bench, limit, servers, scenarios, say):
    """Runs all checks, tells each with `say`, and returns whether all passed."""
    failed = [name for name, is_right in _checks(bench, limit) if not _tell(say, name, is_right)]
    for server in [limit, *servers]:
        for scenario in scenarios:
            if scenario not in server.scenarios:
                continue
            measurement = bench.measure(server, scenario, 1)
            what = f"{server.name} {scenario}"
            problems = "; ".join(measurement.problems)
            is_known = server.closes_tcp_early and scenario == "tcp" and problems.startswith("lost ")
            if not _tell(say, what, is_known or not problems, problems):
                failed.append(what)
    say(f"{len(failed)} failed" + (": " + ", ".join(failed) if failed else ""))
    return not failed


def _checks(bench, limit):
    """Yields pairs of what must hold and whether it does."""
    wrong = bench.measure(_EchoAsServer(limit), "hit", 1)
    yield "an answer without records is refused", any("wrong answer" in p for p in wrong.problems)
    ended = bench.measure(_Ends(), "hit", 1)
    yield "a program that ends at once is reported", any("did not start" in p for p in ended.problems)
    result = load.parse(SUMMARY)
    yield "dnsperf's summary is read", (result.sent, result.completed, result.noerror) == (1000, 900, 890)
    problems = " ".join(judge("peer", "hit", result, 90))
    yield "loss is reported", "lost 10.0%" in problems
    yield "wrong RCODEs are reported", "10 of 900 answers were not NOERROR" in problems
    yield "hits that are not cached are reported", "10.0% of the hits" in problems
    problems = " ".join(judge("peer", "miss", result, 90))
    yield "misses that are not forwarded are reported", "10.0% of the misses" in problems
    yield "another address is refused", _refuses_other_address(bench.upstream.port)


def _refuses_other_address(port):
    qname, address = zone.checks("hit", zone.UPSTREAM_DOMAIN)[1]
    response = wire.ask(port, qname, "udp", 1)
    wire.check_answer(response, qname, address)
    try:
        wire.check_answer(response, qname, zone.MISS_ADDRESS)
    except wire.WrongAnswer:
        return True
    return False


def _tell(say, what, is_right, why=""):
    say(f"{'ok    ' if is_right else 'FAILED'}  {what}" + (f": {why}" if why else ""))
    return is_right
