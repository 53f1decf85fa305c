"""How long servers take from exec to the first right answer, and how much memory they have then."""

import socket
import statistics
import time
from dataclasses import dataclass, field

from . import wire, zone
from .measure import guarded
from .processes import DidNotStart
from .scenarios import BY_NAME

LAUNCHES_PER_ROUND = 4  # 20 in 5 rounds
LOADED_CLUSTERS = 10_000
POLL_SECONDS = 0.001
LIMIT_SECONDS = 10
SETTLE_SECONDS = 0.2  # before memory is read


@dataclass
class Start:
    """The launches of one server; with `clusters` in its configuration where that is Switchyard."""

    server: str
    clusters: int = 1
    problems: list = field(default_factory=list)
    milliseconds: list = field(default_factory=list)
    resident_bytes: list = field(default_factory=list)

    @property
    def median_milliseconds(self):
        """The median time to the first right answer."""
        return statistics.median(self.milliseconds)

    @property
    def idle_bytes(self):
        """The median of the resident memory."""
        return statistics.median(self.resident_bytes)


def measure(bench, servers, rounds, say):
    """Launches every server LAUNCHES_PER_ROUND times a round, and Switchyard with 10,000 clusters once."""
    starts = [Start(server.name) for server in servers]
    pairs = list(zip(servers, starts))
    for server in servers:
        if server.name == "switchyard":
            pairs.append((server, Start(server.name, LOADED_CLUSTERS)))
    for number in range(1, rounds + 1):
        for server, start in pairs:
            for _ in range(LAUNCHES_PER_ROUND if start.clusters == 1 else 1):
                with guarded(start.problems):
                    _launch(bench, server, start)
            if start.milliseconds:
                what = f"{start.server} {start.clusters}" if start.clusters > 1 else start.server
                say(f"round {number} start {what:14} {start.milliseconds[-1]:6.1f} ms")
    return [start for _, start in pairs]


def _launch(bench, server, start):
    site = bench.site(server.name, clusters=start.clusters)
    if start.clusters > 1:
        domain = zone.cluster_domain(start.clusters // 2)
        check = zone.Check(f"up.miss.svc.{domain}", addresses=frozenset([zone.MISS_ADDRESS]))
    else:
        check = zone.checks("hit", server.domain)[0]
    is_limit = server.name == "limit"
    with server.started(site, {bench.cores[0]}, BY_NAME["hit"]) as process:
        answered = _first_answer(process, site.port, check, wire.check_echo if is_limit else None)
        start.milliseconds.append((answered - process.started_nanoseconds) / 1e6)
        time.sleep(SETTLE_SECONDS)
        start.resident_bytes.append(process.resident_bytes())


def _first_answer(process, port, check, check_echo):
    """Asks every POLL_SECONDS; returns the time of the first right answer by the monotonic clock."""
    deadline = time.monotonic() + LIMIT_SECONDS
    message = wire.query(check)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.settimeout(POLL_SECONDS)
        datagrams.connect(("127.0.0.1", port))
        while time.monotonic() < deadline:
            try:
                datagrams.send(message)
                response, now = datagrams.recv(65535), time.monotonic_ns()
                if check_echo:
                    check_echo(response)
                else:
                    wire.check_answer(response, check)
                return now
            except ConnectionRefusedError:
                time.sleep(POLL_SECONDS)
            except (TimeoutError, wire.WrongAnswer):
                if process.has_ended():
                    break
    raise DidNotStart("no right answer: " + process.log_tail())
