"""The scenarios under load: what is asked, how, of whom, and which limit each is compared with."""

from dataclasses import dataclass

from . import zone

FEW_CLIENTS, SOME_CLIENTS, MANY_CLIENTS = 16, 64, 1000
OUTSTANDING = 100
WORKERS = (1, 2, 4, 8)
CLUSTERS = (10, 10_000)
MIX_MISSES = 0.1


@dataclass(frozen=True)
class Scenario:
    """One kind of load; `group` is what `--scenarios` and the report call it."""

    name: str
    group: str
    title: str
    questions: str = "hit"  # the kind in zone.QUESTIONS
    transport: str = "udp"
    clients: int = FEW_CLIENTS
    outstanding: int = OUTSTANDING  # queries that dnsperf has under way at most
    wants_dnssec: bool = False  # EDNS with DO
    rcode: str = "NOERROR"
    upstream_share: tuple = (0.0, 0.01)  # of the completed queries, from and to
    is_cached: bool = True  # whether what is asked again is asked before the load
    cached_names: int = zone.HIT_NAMES
    limit: str = ""  # the scenario of the limit that this one is compared with; empty: its own
    pads_limit: bool = False  # whether the limit's replies are as long as the servers'
    echoes: float = 1.0  # how many messages the server must receive and send per query, at least
    is_for_peers: bool = True
    workers: int = 1
    is_pinned: bool = True  # to one core
    clusters: int = 1

    @property
    def asks_new_names(self):
        """Whether the questions must not be asked twice."""
        return self.upstream_share[0] > 0

    @property
    def limit_name(self):
        """The name of the scenario whose figures of the limit count here."""
        return self.limit or self.name


def _hits(name, title, **changes):
    """A scenario of hits that is measured on Switchyard and the limit only, whose replies are as long."""
    return Scenario(name, name, title, is_for_peers=False, pads_limit=True, **changes)


def _worker_scenarios():
    for questions, what in (("hit", "1,000 names"), ("one", "one name")):
        for count in WORKERS:
            yield Scenario(
                f"workers-{count}-{questions}",
                "workers",
                f"{count} workers, {what}",
                questions=questions,
                clients=SOME_CLIENTS,
                outstanding=OUTSTANDING * count,  # as much for each worker, or batches would get smaller
                is_for_peers=False,
                workers=count,
                is_pinned=False,
            )


def _cluster_scenarios():
    for count in CLUSTERS:
        yield Scenario(
            f"clusters-{count}",
            "clusters",
            f"misses in {count:,} clusters",
            questions=f"clusters-{count}",
            is_cached=False,
            upstream_share=(0.99, 1.05),
            limit="hit",
            echoes=2,
            is_for_peers=False,
            clusters=count,
        )


SCENARIOS = (
    Scenario("hit", "hit", "1,000 names over UDP, all cached"),
    Scenario(
        "hit100k",
        "hit100k",
        "100,000 names in random order over UDP, all cached",
        questions="hit100k",
        cached_names=zone.MANY_NAMES,
        limit="hit",
    ),
    Scenario(
        "miss",
        "miss",
        "every name new, over UDP",
        questions="miss",
        is_cached=False,
        upstream_share=(0.99, 1.05),
        limit="hit",
        echoes=2,
    ),
    Scenario("tcp", "tcp", "hits over 16 TCP connections", transport="tcp"),
    Scenario(
        "mix",
        "mix",
        "90 % hits, 10 % misses, from 1,000 clients' sockets",
        questions="mix",
        clients=MANY_CLIENTS,
        upstream_share=(0.09, 0.11),
        echoes=1 + MIX_MISSES,
    ),
    _hits("nxdomain", "names that do not exist, all cached", questions="nxdomain", rcode="NXDOMAIN"),
    _hits("nodata", "names without the type that is asked, all cached", questions="nodata"),
    _hits(
        "large",
        f"{zone.POD_ADDRESSES} addresses for each name, with EDNS and DO",
        questions="large",
        wants_dnssec=True,
        cached_names=zone.HIT_NAMES * zone.POD_ADDRESSES,  # some caches count records
    ),
    _hits("dnssec", "what `hit` asks, with EDNS and DO", wants_dnssec=True),
    *_cluster_scenarios(),
    *_worker_scenarios(),
)
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
# What is no load of dnsperf, but measured by a module of its own.
SINGLES = ("latency", "start", "memory", "allocations")
GROUPS = (*dict.fromkeys(scenario.group for scenario in SCENARIOS), *SINGLES)
