"""The peers, each configured for throughput as its documentation says: one thread, cache on, no query log.

All of them forward cluster.local to knotd and none of them maps names. DNSSEC validation is off everywhere:
the zones of clusters are not signed. Caches hold all 1,000 names; a miss may evict.
"""

from . import zone
from .servers import Server

DOMAIN = zone.UPSTREAM_DOMAIN


class Dnsmasq(Server):
    """dnsmasq; its cache is kept small, since its manual warns that a huge one costs time.

    Over TCP it forks a process for each connection, which it closes after 100 queries.
    """

    name = program = "dnsmasq"
    package = "dnsmasq-base"
    closes_tcp_early = True

    def configure(self, directory, port, upstream_port):
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
            f"--port={port}",
            "--cache-size=2000",
            "--dns-forward-max=1000",
            f"--server=/{DOMAIN}/127.0.0.1#{upstream_port}",
        ]


class Unbound(Server):
    """Unbound without its validator module."""

    name = program = package = "unbound"
    version_command = ["-V"]

    def configure(self, directory, port, upstream_port):
        file = directory / "unbound.conf"
        file.write_text(
            f"""\
server:
    directory: "{directory}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    verbosity: 0
    interface: 127.0.0.1@{port}
    access-control: 127.0.0.0/8 allow
    num-threads: 1
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
    forward-addr: 127.0.0.1@{upstream_port}
"""
        )
        return ["-d", "-p", "-c", file]


class Dnsdist(Server):
    """dnsdist with a packet cache."""

    name = program = package = "dnsdist"

    def configure(self, directory, port, upstream_port):
        file = directory / "dnsdist.conf"
        check_name = zone.hit_name(0, DOMAIN)
        file.write_text(
            f"""\
setLocal("127.0.0.1:{port}")
setACL({{"127.0.0.0/8"}})
setSecurityPollSuffix("")
setMaxUDPOutstanding(65535)
setUDPMultipleMessagesVectorSize(64)
setMaxTCPClientThreads(1)
newServer({{address="127.0.0.1:{upstream_port}", checkName="{check_name}."}})
getPool(""):setCache(newPacketCache(100000, {{maxTTL=86400}}))
"""
        )
        return ["--supervised", "--disable-syslog", "--config", file]


class KnotResolver(Server):
    """Knot Resolver 5: one kresd, forwarding without validation."""

    name = "knot-resolver"
    program = "kresd"
    package = "knot-resolver"
    version_command = ["-V"]

    def configure(self, directory, port, upstream_port):
        file = directory / "kresd.conf"
        file.write_text(
            f"""\
log_level("crit")
net.listen("127.0.0.1", {port}, {{ kind = "dns" }})
net.ipv6 = false
trust_anchors.remove(".")
modules.unload("ta_signal_query")
modules.unload("ta_update")
modules.unload("priming")
cache.size = 128 * MB
policy.add(policy.suffix(policy.STUB("127.0.0.1@{upstream_port}"), {{todname("{DOMAIN}")}}))
"""
        )
        return ["-n", "-c", file, directory]


class Recursor(Server):
    """PowerDNS Recursor with one thread, which reads its own socket."""

    name = "pdns_recursor"
    program = "pdns_recursor"
    package = "pdns-recursor"

    def configure(self, directory, port, upstream_port):
        (directory / "recursor.conf").write_text(
            f"""\
daemon=no
disable-syslog=yes
write-pid=no
quiet=yes
loglevel=0
socket-dir={directory}
setuid=
local-address=127.0.0.1
local-port={port}
allow-from=127.0.0.0/8
dont-query=
threads=1
pdns-distributes-queries=no
dnssec=off
security-poll-suffix=
max-tcp-per-client=0
forward-zones={DOMAIN}=127.0.0.1:{upstream_port}
"""
        )
        return [f"--config-dir={directory}"]


class Named(Server):
    """BIND 9 with one worker."""

    name = program = "named"
    package = "bind9"
    version_command = ["-v"]

    def configure(self, directory, port, upstream_port):
        file = directory / "named.conf"
        file.write_text(
            f"""\
options {{
    directory "{directory}";
    pid-file none;
    session-keyfile none;
    listen-on port {port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    allow-query {{ 127.0.0.0/8; }};
    recursion yes;
    recursive-clients 10000;
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
    forwarders {{ 127.0.0.1 port {upstream_port}; }};
}};
"""
        )
        return ["-f", "-n", "1", "-c", file]


class CoreDNS(Server):
    """CoreDNS on one Go processor; Debian has no package of it."""

    name = program = "coredns"
    environment = {"GOMAXPROCS": "1"}
    version_command = ["-version"]

    def configure(self, directory, port, upstream_port):
        file = directory / "Corefile"
        file.write_text(
            f"""\
.:{port} {{
    bind 127.0.0.1
    cache {zone.TTL_SECONDS} {{
        success 100000
    }}
    forward {DOMAIN} 127.0.0.1:{upstream_port}
}}
"""
        )
        return ["-conf", file]


PEERS = (Recursor(), Dnsdist(), Unbound(), Named(), KnotResolver(), CoreDNS(), Dnsmasq())
