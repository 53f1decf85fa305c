"""The peers, each configured for throughput as its documentation says: one thread, cache on, no query log.

All of them forward cluster.local to knotd and none of them maps names. DNSSEC validation is off everywhere: the
zones of clusters are not signed. Caches hold all names that are asked again. Each class says where its settings
come from.
"""

from . import zone
from .servers import Server

DOMAIN = zone.UPSTREAM_DOMAIN


class Dnsmasq(Server):
    """dnsmasq, by dnsmasq(8): "huge cache size impacts performance", so it is not larger than the names need.

    --dns-forward-max has to be raised from 150 for many queries at once. Over TCP it forks a process for each
    connection, which it closes after 100 queries.
    """

    name = program = "dnsmasq"
    package = "dnsmasq-base"
    closes_tcp_early = True

    def configure(self, site):
        return [
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--pid-file",
            "--user=",
            "--no-resolv",
            "--no-hosts",
            "--no-poll",
            "--bind-interfaces",
            "--listen-address=127.0.0.1",
            f"--port={site.port}",
            f"--cache-size={2 * site.cached_names}",
            "--dns-forward-max=1000",
            f"--server=/{DOMAIN}/127.0.0.1#{site.upstream_port}",
        ]


class Unbound(Server):
    """Unbound without its validator, by its guide "Howto optimise" and unbound.conf(5).

    Slabs: a power of 2 near the number of threads. The RRset cache has twice the size of the message cache.
    num-queries-per-thread: half of outgoing-range, which is as large as libevent allows. so-reuseport: yes.
    Larger socket buffers against spikes.
    """

    name = program = package = "unbound"
    version_command = ["-V"]

    def configure(self, site):
        file = site.directory / "unbound.conf"
        file.write_text(
            f"""\
server:
    directory: "{site.directory}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    verbosity: 0
    interface: 127.0.0.1@{site.port}
    access-control: 127.0.0.0/8 allow
    num-threads: 1
    so-reuseport: yes
    so-rcvbuf: 4m
    so-sndbuf: 4m
    msg-cache-slabs: 1
    rrset-cache-slabs: 1
    infra-cache-slabs: 1
    key-cache-slabs: 1
    msg-cache-size: 64m
    rrset-cache-size: 128m
    outgoing-range: 8192
    num-queries-per-thread: 4096
    incoming-num-tcp: 64
    module-config: "iterator"
    do-not-query-localhost: no
    do-ip6: no
remote-control:
    control-enable: no
forward-zone:
    name: "{DOMAIN}"
    forward-addr: 127.0.0.1@{site.upstream_port}
"""
        )
        return ["-d", "-p", "-c", file]


class Dnsdist(Server):
    """dnsdist with a packet cache, by its guide "Performance tuning" and the reference of newPacketCache.

    recvmmsg in vectors; as many outstanding queries as there are IDs; one TCP thread for one core. The cache
    consists of shards that fill unevenly, so it has room for more than the names. One core gains nothing from
    more listeners (reusePort) or from a second thread for responses (the same server twice).
    """

    name = program = package = "dnsdist"

    def configure(self, site):
        file = site.directory / "dnsdist.conf"
        check_name = zone.hit_name(0, DOMAIN)
        file.write_text(
            f"""\
setLocal("127.0.0.1:{site.port}")
setACL({{"127.0.0.0/8"}})
setSecurityPollSuffix("")
setMaxUDPOutstanding(65535)
setUDPMultipleMessagesVectorSize(64)
setMaxTCPClientThreads(1)
newServer({{address="127.0.0.1:{site.upstream_port}", checkName="{check_name}."}})
getPool(""):setCache(newPacketCache({max(100_000, 4 * site.cached_names)}, {{maxTTL=86400}}))
"""
        )
        return ["--supervised", "--disable-syslog", "--config", file]


class KnotResolver(Server):
    """Knot Resolver 5: one kresd for one core, forwarding without validation.

    By the chapter "Cache" of its manual: a cache that is much larger than what is in it, and in memory (tmpfs), which
    is where a run has its directory if the machine offers that. No log. It keeps the answers of policy.STUB for
    cache.min_ttl only, 5 s by default, so that is set to the TTL that they have.
    """

    name = "knot-resolver"
    program = "kresd"
    has_own_allocator = True
    package = "knot-resolver"
    version_command = ["-V"]

    def configure(self, site):
        file = site.directory / "kresd.conf"
        file.write_text(
            f"""\
log_level("crit")
net.listen("127.0.0.1", {site.port}, {{ kind = "dns" }})
net.ipv6 = false
trust_anchors.remove(".")
modules.unload("ta_signal_query")
modules.unload("ta_update")
modules.unload("priming")
cache.size = 128 * MB
cache.min_ttl({zone.TTL_SECONDS})
policy.add(policy.suffix(policy.STUB("127.0.0.1@{site.upstream_port}"), {{todname("{DOMAIN}")}}))
"""
        )
        return ["-n", "-c", file, site.directory]


class Recursor(Server):
    """PowerDNS Recursor with one thread, by its "Performance guide".

    The thread reads a socket of its own: pdns-distributes-queries=no and reuseport=yes. Packet cache and record
    cache keep their sizes of 500,000 and 1,000,000, which is more than is asked here.
    """

    name = "pdns_recursor"
    program = "pdns_recursor"
    package = "pdns-recursor"

    def configure(self, site):
        (site.directory / "recursor.conf").write_text(
            f"""\
daemon=no
disable-syslog=yes
write-pid=no
quiet=yes
loglevel=0
socket-dir={site.directory}
setuid=
local-address=127.0.0.1
local-port={site.port}
allow-from=127.0.0.0/8
dont-query=
threads=1
pdns-distributes-queries=no
reuseport=yes
dnssec=off
security-poll-suffix=
max-tcp-per-client=0
forward-zones={DOMAIN}=127.0.0.1:{site.upstream_port}
"""
        )
        return [f"--config-dir={site.directory}"]


class Named(Server):
    """BIND 9 with one worker, by its reference manual.

    recursive-clients and tcp-clients above what is asked at once; a cache of its own size instead of 90 % of the
    memory; no additional records (minimal-responses).
    """

    name = program = "named"
    has_own_allocator = True
    package = "bind9"
    version_command = ["-v"]

    def configure(self, site):
        file = site.directory / "named.conf"
        file.write_text(
            f"""\
options {{
    directory "{site.directory}";
    pid-file none;
    session-keyfile none;
    listen-on port {site.port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    allow-query {{ 127.0.0.0/8; }};
    recursion yes;
    recursive-clients 10000;
    tcp-clients 1000;
    max-cache-size 256m;
    dnssec-validation no;
    empty-zones-enable no;
    minimal-responses yes;
    querylog no;
}};
controls {{ }};
logging {{ category default {{ null; }}; }};
zone "{DOMAIN}" {{
    type forward;
    forward only;
    forwarders {{ 127.0.0.1 port {site.upstream_port}; }};
}};
"""
        )
        return ["-f", "-n", "1", "-c", file]


class CoreDNS(Server):
    """CoreDNS on one Go processor; Debian has no package of it."""

    name = program = "coredns"
    has_own_allocator = True
    environment = {"GOMAXPROCS": "1"}
    version_command = ["-version"]

    def configure(self, site):
        file = site.directory / "Corefile"
        file.write_text(
            f"""\
.:{site.port} {{
    bind 127.0.0.1
    cache {zone.TTL_SECONDS} {{
        success {max(100_000, 4 * site.cached_names)}
    }}
    forward {DOMAIN} 127.0.0.1:{site.upstream_port}
}}
"""
        )
        return ["-conf", file]


PEERS = (Recursor(), Dnsdist(), Unbound(), Named(), KnotResolver(), CoreDNS(), Dnsmasq())
