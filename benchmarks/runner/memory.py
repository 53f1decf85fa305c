"""How much memory Switchyard's cache takes for each answer, when it is full of A answers."""

from dataclasses import dataclass, field

from . import load, zone
from .measure import guarded
from .scenarios import BY_NAME

ENTRIES = 1_000_000
CACHE_MEBIBYTES = 190  # just under 200 octets for each entry
PROBES = 50_000
FILL_SECONDS = 60  # at most


@dataclass
class CacheMemory:
    """What one filling showed."""

    problems: list = field(default_factory=list)
    cache_mebibytes: int = CACHE_MEBIBYTES
    asked: int = 0
    held: float = 0.0  # of the asked, by what a sample of them found
    resident_before: int = 0
    resident_after: int = 0

    @property
    def bytes_per_answer(self):
        """The growth of the resident memory for each answer that is still there."""
        return (self.resident_after - self.resident_before) / self.held


def measure(bench, switchyard, say):
    """Asks for a million names, then for some of them again: those that reach the upstream were not held."""
    memory = CacheMemory()
    scenario = BY_NAME["miss"]
    fill, probe = bench.directory / "fill", bench.directory / "probe"
    with guarded(memory.problems):
        zone.write_questions("miss", fill, switchyard.domain, ENTRIES)
        zone.write_sample(probe, switchyard.domain, ENTRIES, PROBES)
        running, site = bench.running(switchyard, scenario, cache_mebibytes=CACHE_MEBIBYTES)
        with running as process:
            # What the server takes for other things than the cache, it has taken then.
            bench.warm(switchyard, BY_NAME["hit"], site.port)
            memory.resident_before = process.resident_bytes()
            memory.asked = load.run(site.port, fill, FILL_SECONDS, scenario, once=True).completed
            memory.resident_after = process.resident_bytes()
            upstream = bench.upstream.queries()
            probed = load.run(site.port, probe, FILL_SECONDS, scenario, once=True).completed
            missed = bench.upstream.queries() - upstream
    for file in (fill, probe):
        file.unlink(missing_ok=True)
    if not memory.problems:
        if memory.asked < ENTRIES * 0.99 or probed < PROBES * 0.99:
            memory.problems.append(f"only {memory.asked} of {ENTRIES} and {probed} of {PROBES} were answered")
        memory.held = memory.asked * (1 - missed / max(probed, 1))
        say(f"memory: {memory.held:,.0f} of {memory.asked:,} answers held in {memory.cache_mebibytes} MiB")
    return memory
