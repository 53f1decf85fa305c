"""The targets of Switchyard, and whether a run met them."""

from dataclasses import dataclass

from .scenarios import BY_NAME, CLUSTERS, WORKERS
from .start import LOADED_CLUSTERS

OURS = "switchyard"
MET, MISSED, PRINTED, UNKNOWN = "met", "not met", "printed", "not measured"


@dataclass
class Verdict:
    """One line of the table."""

    what: str
    target: str
    measured: str = "-"
    verdict: str = UNKNOWN


def verdicts(results):
    """Returns the whole table, lines that were not measured included."""
    return [
        *_hit(results),
        _ratio(results, "hit100k", 1.20),
        _ratio(results, "miss", 2.6),
        _ratio(results, "tcp", 1.25),
        _mix(results),
        *(_per_octet(results, name) for name in ("nxdomain", "nodata", "large", "dnssec")),
        _allocations(results),
        *_memory(results),
        *_clusters(results),
        _start(results),
        *(_workers(results, questions) for questions in ("hit", "one")),
        *_latency(results),
    ]


def _verdict(what, target, value, maximum, text):
    return Verdict(what, target, text, MET if value <= maximum else MISSED)


def _ratio(results, name, maximum):
    what, target = BY_NAME[name].title, f"x <= {maximum:.2f}"
    ratio = results.ratio(OURS, name)
    return _verdict(what, target, ratio, maximum, f"x = {ratio:.2f}") if ratio else Verdict(what, target)


def _hit(results):
    yield _ratio(results, "hit", 1.10)
    what, target = "user time of a hit", "<= 0.30 us"
    figures = results.figures(OURS, "hit")
    if not figures:
        yield Verdict(what, target)
        return
    user = figures.user_microseconds
    yield _verdict(what, target, user, 0.30, f"{user:.2f} us")


def _mix(results):
    what, target = BY_NAME["mix"].title, "ahead of every peer"
    ours = results.figures(OURS, "mix")
    servers = {server for server, scenario in results.loads if scenario == "mix"} - {OURS, "limit"}
    peers = {s: f.microseconds for s in servers if (f := results.figures(s, "mix"))}
    if not ours:
        return Verdict(what, target)
    if not peers:
        return Verdict(what, target, f"{ours.microseconds:.2f} us", PRINTED)
    best = min(peers, key=peers.get)
    text = f"{ours.microseconds:.2f} us; best peer {best} {peers[best]:.2f} us"
    return _verdict(what, target, ours.microseconds, peers[best], text)


def octet_nanoseconds(results, name):
    """Returns what an octet of a reply costs above the limit, which sends as many, in ns, or None."""
    ours, limit = results.figures(OURS, name), results.figures("limit", BY_NAME[name].limit_name)
    if not ours or not limit or not ours.reply_octets:
        return None
    return (ours.microseconds - limit.microseconds) * 1000 / ours.reply_octets


def _per_octet(results, name):
    """The limit sends as many octets, so that x leaves what they cost beyond the kernel's part."""
    what, target = f"{name}: {BY_NAME[name].title}", "x <= 1.10 times that of hit"
    ratio, hit = results.ratio(OURS, name), results.ratio(OURS, "hit")
    if not ratio or not hit:
        return Verdict(what, target)
    octets, cost = results.figures(OURS, name).reply_octets, octet_nanoseconds(results, name)
    text = f"{ratio / hit:.2f} times (x = {ratio:.2f}, {octets:.0f} octets, {cost:+.2f} ns per octet)"
    return _verdict(what, target, ratio / hit, 1.10, text)


def _allocations(results):
    what, target = "allocations per hit", "0"
    counted = results.allocations_of(OURS)
    if not counted:
        return Verdict(what, target)
    return _verdict(what, target, counted.counted, 0, f"{counted.counted} in {counted.queries:,} hits")


def _memory(results):
    what, target = "cache for each A answer, 1,000,000 of them", "<= 200 octets"
    memory = results.memory
    if memory and not memory.problems:
        value = memory.bytes_per_answer
        text = f"{value:.0f} octets ({memory.held / memory.asked:.1%} of {memory.asked:,} held)"
        yield _verdict(what, target, value, 200, text)
    else:
        yield Verdict(what, target)
    what, target = "resident memory when idle", "<= 20 MB"
    start = results.started(OURS)
    if start:
        yield _verdict(what, target, start.idle_bytes / 1e6, 20, f"{start.idle_bytes / 1e6:.1f} MB")
    else:
        yield Verdict(what, target)


def _clusters(results):
    few, many = CLUSTERS
    what, target = f"a miss with {many:,} clusters", f"<= 1.05 times that with {few}"
    one, other = (results.figures(OURS, f"clusters-{count}") for count in CLUSTERS)
    if one and other:
        ratio = other.microseconds / one.microseconds
        text = f"{ratio:.2f} times ({other.microseconds:.2f} and {one.microseconds:.2f} us)"
        yield _verdict(what, target, ratio, 1.05, text)
    else:
        yield Verdict(what, target)
    what, target = f"start with {LOADED_CLUSTERS:,} clusters", "<= 300 ms"
    start = results.started(OURS, LOADED_CLUSTERS)
    if start:
        value = start.median_milliseconds
        yield _verdict(what, target, value, 300, f"{value:.0f} ms to the first answer")
    else:
        yield Verdict(what, target)


def _start(results):
    what, target = "start to first answer", "<= 30 ms"
    start = results.started(OURS)
    if not start:
        return Verdict(what, target)
    value = start.median_milliseconds
    return _verdict(what, target, value, 30, f"{value:.1f} ms (median of {len(start.milliseconds)})")


def workers_ratio(results, server, questions):
    """Returns the CPU time per hit with the most workers as a multiple of that with one, or None."""
    names = [f"workers-{count}-{questions}" for count in (WORKERS[0], WORKERS[-1])]
    one, most = (results.figures(server, name) for name in names)
    return most.microseconds / one.microseconds if one and most else None


def _workers(results, questions):
    names = "1,000 names" if questions == "hit" else "one name"
    what, target = f"a hit with {WORKERS[-1]} workers, {names}", "<= 1.10 times that with 1"
    ratio, limit = (workers_ratio(results, server, questions) for server in (OURS, "limit"))
    if not ratio:
        return Verdict(what, target)
    beside = f" (limit {limit:.2f} times)" if limit else ""
    return _verdict(what, target, ratio, 1.10, f"{ratio:.2f} times{beside}")


def _latency(results):
    what, target = "p99 of latency at half of the saturation load", "<= 1 ms"
    figures = results.latency_of(OURS)
    if not figures:
        yield Verdict(what, target)
        yield Verdict("p99.9 of the same", "printed")
        return
    spread = f"rounds {figures.p99_lowest / 1000:.2f}-{figures.p99_highest / 1000:.2f}"
    limit = results.latency_of("limit")
    beside = f"; limit {limit.p99 / 1000:.2f}" if limit else ""
    text = f"{figures.p99 / 1000:.2f} ms at {figures.rate:,.0f} queries/s ({spread}{beside})"
    yield _verdict(what, target, figures.p99, 1000, text)
    yield Verdict("p99.9 of the same", "printed", f"{figures.p999 / 1000:.2f} ms", PRINTED)
