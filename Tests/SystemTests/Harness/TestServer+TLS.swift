import TLSTestSupport

extension TestServer {
    /// Unbound that answers `www.example.org` over TLS, too; it never asks anybody.
    ///
    /// - Parameter tlsPort: where it listens for TLS.
    static func unbound(_ identity: TestAuthority.Identity, tlsPort: UInt16) throws -> TestServer {
        try TestServer(.unbound, probe: TestMessage(query: "example.org", Type.soa)) { directory, port in
            let file = try directory.write(
                """
                server:
                    directory: "\(directory.path)"
                    chroot: ""
                    username: ""
                    pidfile: ""
                    use-syslog: no
                    interface: 127.0.0.1@\(port)
                    interface: 127.0.0.1@\(tlsPort)
                    tls-port: \(tlsPort)
                    tls-service-pem: "\(identity.certificate)"
                    tls-service-key: "\(identity.key)"
                    tcp-idle-timeout: 500
                    extended-statistics: yes
                    access-control: 127.0.0.0/8 allow
                    num-threads: 1
                    module-config: "iterator"
                    do-ip6: no
                    local-zone: "." static
                    local-data: '. 3600 SOA a.root. nobody.root. 1 1800 900 604800 3600'
                    local-zone: "example.org." redirect
                    local-data: 'example.org. 3600 SOA a.root. nobody.root. 1 1800 900 604800 3600'
                    local-data: 'example.org. 0 A 192.0.2.1'
                    local-zone: "cluster.local." redirect
                    local-data: 'cluster.local. 0 A 192.0.2.2'
                remote-control:
                    control-enable: yes
                    control-interface: "\(directory.path)/control"
                    control-use-cert: no
                """,
                to: "unbound.conf"
            )
            return ["-d", "-p", "-c", file]
        }
    }

    /// What Unbound has counted under a name.
    func unboundStatistic(_ name: String) throws -> Int {
        let result = try run(.unboundControl, ["-c", "\(directory.path)/unbound.conf", "stats_noreset"])
        for line in result.output.split(separator: "\n") where line.hasPrefix("\(name)=") {
            if let value = Int(line.dropFirst(name.count + 1)) { return value }
        }
        throw HarnessError("unbound-control says nothing of \(name): \(result)")
    }
}
