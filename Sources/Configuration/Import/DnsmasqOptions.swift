/// What becomes of options of dnsmasq that no key of ours corresponds to.
enum DnsmasqOptions {
    /// Those that change nothing here: it is so already, or the service manager's business.
    static let needless: Set<String> = [
        "bind-dynamic", "bind-interfaces", "bogus-priv", "clear-on-reload", "dns-loop-detect",
        "group", "keep-in-foreground", "local-service", "log-async", "log-facility", "no-daemon", "no-poll",
        "pid-file", "quiet-dhcp", "quiet-dhcp6", "quiet-ra", "user",
    ]

    private static let local = "there are no records of one's own yet; put it on a server, and name that here"
    private static let file = "it is not followed; import that file on its own"
    private static let filter = "answers are not filtered; leave it to a server behind this one"
    private static let dnssec = "nothing is validated here; leave it to the servers of `upstream`"
    private static let ports = "ports of queries are always random"
    private static let listen = "write the addresses to listen on to `listen`"
    private static let client = "nothing of a client is forwarded"

    /// Why others are left out, and what to do.
    static let reasons: [String: String] = [
        "addn-hosts": local, "address": local, "auth-server": local, "auth-zone": local, "caa-record": local,
        "cname": local, "dns-rr": local, "dynamic-host": local, "host-record": local, "hostsdir": local,
        "interface-name": local, "mx-host": local, "mx-target": local, "naptr-record": local,
        "ptr-record": local, "read-ethers": local, "srv-host": local, "synth-domain": local,
        "txt-record": local, "domain": local, "expand-hosts": local, "localmx": local, "selfmx": local,
        "localise-queries": local, "local-ttl": local,
        "conf-dir": file, "conf-file": file, "conf-script": file, "servers-file": file,
        "alias": filter, "bogus-nxdomain": filter, "filter-A": filter, "filter-AAAA": filter,
        "filter-rr": filter, "filterwin2k": filter, "ignore-address": filter, "ipset": filter,
        "nftset": filter, "rebind-domain-ok": filter, "rebind-localhost-ok": filter,
        "stop-dns-rebind": filter,
        "dnssec": dnssec, "dnssec-check-unsigned": dnssec, "dnssec-no-timecheck": dnssec,
        "dnssec-timestamp": dnssec, "proxy-dnssec": "it is done always", "trust-anchor": dnssec,
        "max-port": ports, "min-port": ports, "query-port": ports,
        "except-interface": listen, "no-dhcp-interface": listen,
        "add-cpe-id": client, "add-mac": client, "add-subnet": client, "umbrella": client,
        "domain-needed": "names of one label go to `upstream` like all others", "conntrack": client,
        "strip-mac": client, "strip-subnet": client,
        "edns-packet-max": "UDP answers have 1232 octets at most",
        "log-queries": "queries are not logged",
        "log-debug": "set `log.level` instead",
        "fast-dns-retry": "queries are sent again when a server does not answer in its usual time",
        "port-limit": ports,
    ]

    /// Whether an option is about something else than DNS.
    static func isOtherService(_ option: String) -> Bool {
        let names = [
            "enable-ra", "enable-tftp", "leasefile-ro", "script-arp", "shared-network", "bootp-dynamic",
        ]
        return option.hasPrefix("dhcp-") || option.hasPrefix("dhcp") || option.hasPrefix("tftp-")
            || option.hasPrefix("pxe-") || option.hasPrefix("ra-") || names.contains(option)
    }
}
