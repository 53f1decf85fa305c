"""How many allocations each hit costs, counted in the server itself by load/allocations.c."""

import struct
from dataclasses import dataclass, field

from . import load
from .measure import guarded
from .scenarios import BY_NAME

PASSES = 10  # over the 1,000 names
LOAD_SECONDS = 10  # at most


@dataclass
class Allocations:
    """What one server allocated while it answered hits."""

    server: str
    problems: list = field(default_factory=list)
    at_start: int = 0  # proves that the counter works: nothing starts without an allocation
    counted: int = 0
    queries: int = 0

    @property
    def per_hit(self):
        """The calls of malloc and its kin for each hit, the server's housekeeping included."""
        return self.counted / self.queries


def measure(bench, servers, library, say):
    """Returns what was counted, for every server that takes its memory from the C library."""
    found = []
    for server in servers:
        if server.has_own_allocator:
            continue
        allocations = Allocations(server.name)
        with guarded(allocations.problems):
            _measure(bench, server, library, allocations)
        found.append(allocations)
        text = "; ".join(allocations.problems) or f"{allocations.per_hit:.4f} per hit"
        say(f"allocations {server.name:14} {text}")
    return found


def _measure(bench, server, library, allocations):
    scenario = BY_NAME["hit"]
    questions = bench.questions("hit", server.domain)
    file = bench.directory / f"allocations-{server.name}"
    file.write_bytes(bytes(8))
    extra = {"LD_PRELOAD": str(library), "ALLOCATIONS_FILE": str(file)}
    running, site = bench.running(server, scenario, environment=extra)
    with running:
        bench.warm(server, scenario, site.port)
        allocations.at_start = _count(file)
        for _ in range(PASSES):
            allocations.queries += load.run(site.port, questions, LOAD_SECONDS, scenario, once=True).completed
        allocations.counted = _count(file) - allocations.at_start
    if not allocations.at_start:
        allocations.problems.append("no allocation was counted, not even at the start")
    if not allocations.queries:
        allocations.problems.append("no query was completed")


def _count(file):
    (count,) = struct.unpack("=Q", file.read_bytes())
    return count
