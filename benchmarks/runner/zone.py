"""The zone that knotd serves as upstream, and the questions that clients ask for it."""

import random
from dataclasses import dataclass

UPSTREAM_DOMAIN = "cluster.local"
CLUSTERS_PARENT = "k8s.corp"
MAPPED_DOMAIN = f"east.{CLUSTERS_PARENT}"  # what Switchyard's clients ask; as long as UPSTREAM_DOMAIN
HIT_NAMES = 1000
MANY_NAMES = 100_000
POD_ADDRESSES = 70  # of a headless service: a response of about 1,200 octets
MANY_ADDRESS = "192.0.2.2"
MISS_ADDRESS = "192.0.2.1"
TTL_SECONDS = 3600  # nothing expires during a run
CHECKED_NAMES = 8
RCODE_NOERROR, RCODE_NXDOMAIN = 0, 3


@dataclass(frozen=True)
class Check:
    """A question and the answer that it must have."""

    qname: str
    qtype: str = "A"
    addresses: frozenset = frozenset()
    rcode: int = RCODE_NOERROR
    wants_dnssec: bool = False  # ask with EDNS and DO, and require EDNS in the response


def hit_name(index, domain):
    """Returns the name with the number `index` of the names that are asked again and again."""
    return f"web-{index:04}.bench.svc.{domain}"


def hit_address(index):
    """Returns the address of `hit_name(index)`."""
    return f"10.96.{index >> 8}.{index & 255}"


def many_name(index, domain):
    """Returns one of the names of `hit100k`, which a wildcard answers."""
    return f"n{index:07}.many.svc.{domain}"


def miss_name(index, domain):
    """Returns a name that only the wildcard answers; each index is asked once per server."""
    return f"m{index:08}.miss.svc.{domain}"


def missing_name(index, domain):
    """Returns a name that does not exist."""
    return f"non-{index:04}.bench.svc.{domain}"


def pods_name(index, domain):
    """Returns the name of a service with POD_ADDRESSES addresses."""
    return f"pod-{index:04}.pods.svc.{domain}"


def pods_addresses(index):
    """Returns the addresses of `pods_name(index)`."""
    return [f"10.{128 + (index >> 8)}.{index & 255}.{pod}" for pod in range(POD_ADDRESSES)]


def cluster_domain(index):
    """Returns the zone of a cluster where there are several."""
    return f"c{index:05}.{CLUSTERS_PARENT}"


def checks(kind, domain, wants_dnssec=False):
    """Returns what is checked before and after questions of a kind are measured."""
    found = []
    for number in range(CHECKED_NAMES):
        index = number * HIT_NAMES // CHECKED_NAMES
        if kind == "nxdomain":
            check = Check(missing_name(index, domain), rcode=RCODE_NXDOMAIN)
        elif kind == "nodata":
            check = Check(hit_name(index, domain), "AAAA")
        elif kind == "large":
            name, addresses = pods_name(index, domain), frozenset(pods_addresses(index))
            check = Check(name, addresses=addresses, wants_dnssec=wants_dnssec)
        elif kind == "hit100k":
            check = Check(many_name(index, domain), addresses=frozenset([MANY_ADDRESS]))
        elif kind == "miss":
            check = Check(f"check-{number}.miss.svc.{domain}", addresses=frozenset([MISS_ADDRESS]))
        elif kind.startswith("clusters-"):
            last = int(kind.partition("-")[2]) - 1
            zone = cluster_domain(number * last // CHECKED_NAMES)
            check = Check(f"check-{number}.miss.svc.{zone}", addresses=frozenset([MISS_ADDRESS]))
        else:
            addresses = frozenset([hit_address(index)])
            check = Check(hit_name(index, domain), addresses=addresses, wants_dnssec=wants_dnssec)
        found.append(check)
    return found


def write_zone(path):
    """Writes the zone file."""
    lines = [
        f"$ORIGIN {UPSTREAM_DOMAIN}.",
        f"$TTL {TTL_SECONDS}",
        f"@ SOA ns.dns hostmaster 1 7200 1800 86400 {TTL_SECONDS}",
        "@ NS ns.dns",
        "ns.dns A 127.0.0.1",
        f"*.miss.svc A {MISS_ADDRESS}",
        f"*.many.svc A {MANY_ADDRESS}",
    ]
    for i in range(HIT_NAMES):
        lines.append(f"web-{i:04}.bench.svc A {hit_address(i)}")
        lines += [f"pod-{i:04}.pods.svc A {address}" for address in pods_addresses(i)]
    path.write_text("\n".join(lines) + "\n")


def write_questions(kind, path, domain, count):
    """Writes the questions of a kind; `count` is how many new names a run can use up."""
    with path.open("w") as file:
        if kind == "miss":
            file.writelines(f"{miss_name(i, domain)} A\n" for i in range(count))
        elif kind == "mix":
            file.writelines(_mixed(domain, count))
        elif kind.startswith("clusters-"):
            clusters, dice = int(kind.partition("-")[2]), random.Random(1)
            for i in range(count):
                file.write(f"{miss_name(i, cluster_domain(dice.randrange(clusters)))} A\n")
        else:
            file.writelines(_repeated(kind, domain))


def _repeated(kind, domain):
    if kind == "one":
        return [f"{hit_name(0, domain)} A\n"]
    name, qtype, count = {
        "hit": (hit_name, "A", HIT_NAMES),
        "hit100k": (many_name, "A", MANY_NAMES),
        "nxdomain": (missing_name, "A", HIT_NAMES),
        "nodata": (hit_name, "AAAA", HIT_NAMES),
        "large": (pods_name, "A", HIT_NAMES),
    }[kind]
    order = list(range(count))
    random.Random(1).shuffle(order)
    return [f"{name(i, domain)} {qtype}\n" for i in order]


def _mixed(domain, count):
    """Yields nine questions of `hit` and a new name at a random place, again and again."""
    dice = random.Random(1)
    for i in range(count // 10):
        place = dice.randrange(10)
        for j in range(10):
            name = miss_name(i, domain) if j == place else hit_name(dice.randrange(HIT_NAMES), domain)
            yield f"{name} A\n"


def write_sample(path, domain, names, count):
    """Writes `count` of the first `names` names of `miss`, in random order."""
    sample = random.Random(2).sample(range(names), count)
    path.write_text("".join(f"{miss_name(i, domain)} A\n" for i in sample))
