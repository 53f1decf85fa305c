"""The zone that knotd serves as upstream, and the questions that clients ask for it."""

import random

UPSTREAM_DOMAIN = "cluster.local"
MAPPED_DOMAIN = "east.k8s.corp"  # what Switchyard's clients ask; as long as UPSTREAM_DOMAIN
HIT_NAMES = 1000
MISS_ADDRESS = "192.0.2.1"
TTL_SECONDS = 3600  # nothing expires during a run
CHECKED_NAMES = 8


def hit_name(index, domain):
    """Returns the name with the number `index` of the names that are asked again and again."""
    return f"web-{index:04}.bench.svc.{domain}"


def hit_address(index):
    """Returns the address of `hit_name(index)`."""
    return f"10.96.{index >> 8}.{index & 255}"


def miss_name(index, domain):
    """Returns a name that only the wildcard answers; each index is asked once per server."""
    return f"m{index:08}.miss.svc.{domain}"


def checks(scenario, domain):
    """Returns pairs of a name and its address, to be checked before the scenario is measured."""
    if scenario == "miss":
        return [(f"check-{i}.miss.svc.{domain}", MISS_ADDRESS) for i in range(CHECKED_NAMES)]
    step = HIT_NAMES // CHECKED_NAMES
    return [(hit_name(i, domain), hit_address(i)) for i in range(0, HIT_NAMES, step)]


def write_zone(path):
    """Writes the zone file."""
    lines = [
        f"$ORIGIN {UPSTREAM_DOMAIN}.",
        f"$TTL {TTL_SECONDS}",
        f"@ SOA ns.dns hostmaster 1 7200 1800 86400 {TTL_SECONDS}",
        "@ NS ns.dns",
        "ns.dns A 127.0.0.1",
        f"*.miss.svc A {MISS_ADDRESS}",
    ]
    for i in range(HIT_NAMES):
        lines.append(f"web-{i:04}.bench.svc A {hit_address(i)}")
    path.write_text("\n".join(lines) + "\n")


def write_hit_questions(path, domain):
    """Writes the repeated questions as dnsperf reads them, in an order that is the same in every run."""
    order = list(range(HIT_NAMES))
    random.Random(1).shuffle(order)
    path.write_text("".join(f"{hit_name(i, domain)} A\n" for i in order))


def write_miss_questions(path, domain, count):
    """Writes `count` questions that all differ."""
    with path.open("w") as file:
        file.writelines(f"{miss_name(i, domain)} A\n" for i in range(count))
