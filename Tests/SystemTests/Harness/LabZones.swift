/// What the clusters of the lab serve: equal names, different data.
///
/// The shapes are those of the Kubernetes DNS specification, and more that zones may hold.
enum LabZones {
    /// A label of 63 octets.
    static let longLabel = String(repeating: "x", count: 63)
    /// 248 octets in wire form below `cluster.local`: with a longer zone in its place it is no name any more.
    static let longName =
        "\(longLabel).\(longLabel).\(longLabel).\(String(repeating: "y", count: 40)).cluster.local"

    /// The zones of a cluster, by apex.
    ///
    /// - Parameters:
    ///   - network: N of 10.N.0.0, the network of its services; pods are in the next.
    ///   - other: the cluster that its cross-cluster aliases point to.
    static func cluster(network n: Int, other: String, extra: String = "") -> [String: String] {
        [
            "cluster.local": clusterLocal(n, other) + extra,
            "10.in-addr.arpa": reverse("10.in-addr.arpa", ipv4Pointers),
            "172.in-addr.arpa": reverse("172.in-addr.arpa", ["31.0.20", "32.0.20", "63.0.20", "64.0.20"]),
            "0.1.0.0.0.0.d.f.ip6.arpa": reverse("0.1.0.0.0.0.d.f.ip6.arpa", ipv6Pointers),
        ]
    }

    /// Both knotd have all of these; which of them is asked is routing's affair.
    private static let ipv4Pointers = [
        "255.255.95", "20.0.96", "254.255.103", "1.0.104", "1.0.112", "254.15.112", "1.16.112",
    ]

    /// fd00:10:96:0:: to fd00:10:96:4000::, by the nibbles left of fd00:0010.
    private static let ipv6Pointers = ["0000", "3fff", "4000"].map { group in
        let address = "0096" + group + "0000000000000020"
        return address.reversed().map(String.init).joined(separator: ".")
    }

    private static func reverse(_ apex: String, _ owners: [String]) -> String {
        """
        $ORIGIN \(apex).
        $TTL 30
        @ SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 5
        @ NS ns.dns.cluster.local.
        \(owners.map { "\($0) PTR web.shop.svc.cluster.local." }.joined(separator: "\n"))

        """
    }

    private static func clusterLocal(_ n: Int, _ other: String) -> String {
        let workers = (1...60).map { "worker.batch.svc A 10.\(n + 1).1.\($0)" }.joined(separator: "\n")
        let text = (1...12).map { "\"\($0) " + String(repeating: "t", count: 200) + "\"" }.joined(
            separator: " "
        )
        return """
            $ORIGIN cluster.local.
            $TTL 30
            @ SOA ns.dns hostmaster 1 7200 1800 86400 5
            @ NS ns.dns
            ns.dns A 10.\(n).0.10
            dns-version 28800 TXT "1.1.0"
            web.shop.svc A 10.\(n).0.20
            web.shop.svc AAAA fd00:10:\(n)::20
            web.shop.svc TXT "backend=http://web.shop.svc.cluster.local:80/" "cluster.local"
            _http._tcp.web.shop.svc SRV 0 100 80 web.shop.svc
            _ldap._tcp.web.shop.svc SRV 0 0 0 .
            cart.shop.svc A 10.\(n).0.21
            short.shop.svc 2 A 10.\(n).0.22
            zero.shop.svc 0 A 10.\(n).0.23
            db.shop.svc A 10.\(n + 1).0.60
            db.shop.svc A 10.\(n + 1).0.61
            db-0.db.shop.svc A 10.\(n + 1).0.60
            db-0.db.shop.svc AAAA fd00:10:\(n + 1)::60
            db-1.db.shop.svc A 10.\(n + 1).0.61
            _postgres._tcp.db.shop.svc SRV 0 50 5432 db-0.db.shop.svc
            _postgres._tcp.db.shop.svc SRV 0 50 5432 db-1.db.shop.svc
            here.shop.svc HTTPS 1 . alpn=h2
            there.shop.svc HTTPS 0 web.shop.svc
            docs.shop.svc CNAME www.example.org.
            lost.shop.svc CNAME missing.example.org.
            storefront.shop.svc CNAME web.shop.svc
            dangling.shop.svc CNAME nothing.shop.svc
            peer.shop.svc CNAME web.shop.svc.\(other).k8s.corp.
            stranger.shop.svc CNAME web.shop.svc.nowhere.k8s.corp.
            loop.shop.svc CNAME loop.shop.svc.\(other).k8s.corp.
            mail.shop.svc MX 10 web.shop.svc
            phone.shop.svc NAPTR 10 10 "S" "SIP+D2U" "" _http._tcp.web.shop.svc
            owner.shop.svc RP admin.web.shop.svc info.web.shop.svc
            files.shop.svc AFSDB 1 web.shop.svc
            exchange.shop.svc KX 1 web.shop.svc
            sub.shop.svc NS ns.sub.shop.svc
            ns.sub.shop.svc A 10.\(n).0.30
            moved.shop.svc DNAME new.shop.svc
            page.new.shop.svc A 10.\(n).0.24
            policy.shop.svc CAA 0 issue "cluster.local"
            odd.shop.svc TYPE65400 \\# 4 0a000001
            \\000\\255.shop.svc A 10.\(n).0.25
            large.shop.svc TXT \(text)
            long.shop.svc CNAME \(longName).
            \(longName). A 10.\(n).0.26
            \(workers)

            """
    }

    /// What the default upstream knows.
    static let publicZones = ["example.org", "40.192.in-addr.arpa"]
    static let publicRecords = [
        "example.org 300 SOA ns.example.org. hostmaster.example.org. 1 7200 1800 86400 60",
        "example.org 300 NS ns.example.org.",
        "www.example.org 300 A 192.0.2.80",
        "www.example.org 300 AAAA 2001:db8::80",
        "northeast.example.org 300 TXT \"public\"",
        "web.shop.svc.northeast.example.org 300 A 192.0.2.81",
        "portal.example.org 300 CNAME web.shop.svc.east.k8s.corp.",
        "40.192.in-addr.arpa 300 SOA ns.example.org. hostmaster.example.org. 1 7200 1800 86400 60",
        "1.2.40.192.in-addr.arpa 300 PTR www.example.org.",
        "web.shop.svc.northeast.k8s.example 300 A 192.0.2.82",
    ]
}
