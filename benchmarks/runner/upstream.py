"""knotd as the upstream of every server: the zone of zone.py on loopback."""

import subprocess
from contextlib import contextmanager

from . import zone
from .processes import DidNotStart, PinnedProcess, free_port
from .servers import check_answers, wait_for

CONFIGURATION = """\
server:
    rundir: {directory}
    listen: 127.0.0.1@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
control:
    listen: {socket}
database:
    storage: {directory}
log:
  - target: stderr
    any: warning
mod-stats:
  - id: counts
    request-protocol: off
    server-operation: on
template:
  - id: default
    global-module: mod-stats/counts
zone:
  - domain: {domain}
    storage: {directory}
    file: zone
    zonefile-sync: -1
    journal-content: none
"""


class Upstream:
    """A knotd that runs; `queries()` tells how many queries it has had."""

    def __init__(self, port, socket):
        self.port = port
        self._socket = socket

    def queries(self):
        """Returns the number of queries since the start, or None if knotd does not tell."""
        command = ["knotc", "-s", str(self._socket), "stats", "mod-stats.server-operation"]
        told = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout
        for line in told.splitlines():
            if "[query]" in line:
                return int(line.rpartition("=")[2])
        return None if "server-operation" in told or not told else 0


@contextmanager
def running_upstream(directory, core):
    """Starts knotd in `directory` on the given core and yields it as an Upstream."""
    directory.mkdir()
    port, socket = free_port(), directory / "knot.sock"
    zone.write_zone(directory / "zone")
    text = CONFIGURATION.format(directory=directory, port=port, socket=socket, domain=zone.UPSTREAM_DOMAIN)
    (directory / "knot.conf").write_text(text)
    with PinnedProcess(["knotd", "-c", directory / "knot.conf"], {core}, directory / "log") as process:
        kinds = ("hit", "hit100k", "miss", "nxdomain", "nodata")
        checks = [check for kind in kinds for check in zone.checks(kind, zone.UPSTREAM_DOMAIN)]
        checks += zone.checks("large", zone.UPSTREAM_DOMAIN, wants_dnssec=True)
        wait_for(process, lambda: check_answers(port, "udp", checks))
        upstream = Upstream(port, socket)
        if upstream.queries() is None:
            raise DidNotStart("knotd does not count its queries: " + process.log_tail())
        yield upstream
