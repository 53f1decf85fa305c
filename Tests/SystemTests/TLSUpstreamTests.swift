import TLSTestSupport
import Testing

extension SystemTests {
    /// Servers behind tls:// (RFC 7858), with Unbound as the server.
    @Suite struct TLSUpstreamTests {
        private static func forwarder(
            _ port: UInt16,
            name: String = "dns.test",
            authorities: String,
            clusters: String = ""
        ) throws -> TestServer {
            try .switchyard(
                """
                listen: [127.0.0.1:PORT]
                workers: 1
                upstream:
                  servers: ["tls://127.0.0.1:\(port)#\(name)"]
                  tls: {ca: "\(authorities)"}
                cache: {serveStale: 0s}
                \(clusters)
                """
            )
        }

        @Test func queriesGoOverTLSAndLaterConnectionsAreResumed() throws {
            let authority = try TestAuthority()
            let port = try FreePort.find()
            let unbound = try TestServer.unbound(try authority.identity(), tlsPort: port)
            let server = try Self.forwarder(port, authorities: authority.file)
            for i in 0..<20 {
                #expect(try dig("n\(i).example.org", at: server.endpoint).data("A") == ["192.0.2.1"])
            }
            #expect(try unbound.unboundStatistic("num.query.tls") >= 20)
            // Unbound ends connections without queries after half a second.
            let deadline = Deadline(seconds: 15)
            var number = 0
            while try unbound.unboundStatistic("num.query.tls.resume") == 0, !deadline.isOver {
                number += 1
                _ = server.process.wait(seconds: 0.7)
                let reply = try dig("later\(number).example.org", at: server.endpoint)
                #expect(reply.data("A") == ["192.0.2.1"], "\(reply)")
            }
            #expect(try unbound.unboundStatistic("num.query.tls.resume") > 0)
        }

        @Test(arguments: [
            (-1, "dns.test", "has an expired certificate", "certificate has expired"),
            (
                2, "dns.corp", "has a certificate that is not for dns.corp", "certificate is not for dns.corp"
            ),
        ])
        func serverWithAWrongCertificateIsNotUsed(
            days: Int,
            name: String,
            text: String,
            line: String
        ) throws {
            let authority = try TestAuthority()
            let port = try FreePort.find()
            let unbound = try TestServer.unbound(try authority.identity(days: days), tlsPort: port)
            let server = try Self.forwarder(port, name: name, authorities: authority.file)
            for i in 0..<5 {
                let reply = try dig("n\(i).example.org", at: server.endpoint)
                #expect(reply.status == "SERVFAIL")
                #expect(reply.errorText.contains("127.0.0.1:\(port) \(text)"), "\(reply)")
            }
            #expect(try unbound.unboundStatistic("num.query.tls") == 0)
            let log = server.process.standardError
            let warning = "cannot use tls://127.0.0.1:\(port)#\(name): \(line)"
            #expect(log.split(separator: "\n").filter { $0.contains(warning) }.count == 1, "\(log)")
        }

        @Test func eachClusterHasItsOwnAuthorities() throws {
            let east = try TestAuthority()
            let west = try TestAuthority()
            let ports = try (0..<2).map { _ in try FreePort.find() }
            let servers = try [
                TestServer.unbound(try east.identity(["DNS:dns.east"]), tlsPort: ports[0]),
                TestServer.unbound(try west.identity(["DNS:dns.west"]), tlsPort: ports[1]),
            ]
            let forwarder = try Self.forwarder(
                ports[0],
                name: "dns.east",
                authorities: west.file,
                clusters: """
                    zonePattern: "{cluster}.k8s.corp"
                    clusters:
                      - name: east
                        servers: ["tls://127.0.0.1:\(ports[0])#dns.east"]
                        tls: {ca: "\(east.file)"}
                      - name: west
                        servers: ["tls://127.0.0.1:\(ports[1])#dns.west"]
                        tls: {ca: "\(west.file)"}
                    """
            )
            for name in ["web.east.k8s.corp", "web.west.k8s.corp"] {
                let reply = try dig(name, at: forwarder.endpoint)
                #expect(reply.data("A") == ["192.0.2.2"], "\(reply)")
            }
            let reply = try dig("www.example.org", at: forwarder.endpoint)
            #expect(reply.errorText.contains("has a certificate of an unknown authority"), "\(reply)")
            withExtendedLifetime(servers) {}
        }

        @Test func serverThatDoesNotSpeakTLSIsNeverAskedInTheClear() throws {
            let upstream = try ScriptedUpstream { request in
                [.reply(TestMessage(to: request.query, answer: [.a(request.query.qname, "192.0.2.66")]))]
            }
            defer { upstream.stop() }
            let authority = try TestAuthority()
            let server = try Self.forwarder(upstream.endpoint.port, authorities: authority.file)
            let reply = try dig("www.example.org", at: server.endpoint)
            #expect(reply.status == "SERVFAIL")
            #expect(!reply.description.contains("192.0.2.66"))
            #expect(upstream.names.isEmpty)
        }

        @Test func serverThatIsStartedAgainIsUsedAgain() throws {
            let authority = try TestAuthority()
            let port = try FreePort.find()
            let identity = try authority.identity()
            let first = try TestServer.unbound(identity, tlsPort: port)
            let server = try Self.forwarder(port, authorities: authority.file)
            #expect(try dig("a.example.org", at: server.endpoint).data("A") == ["192.0.2.1"])
            first.process.stop()
            #expect(try dig("b.example.org", at: server.endpoint).status == "SERVFAIL")
            let second = try TestServer.unbound(identity, tlsPort: port)
            let deadline = Deadline(seconds: 10)
            var number = 0
            var isBack = false
            while !isBack, !deadline.isOver {
                number += 1
                isBack = try dig("c\(number).example.org", at: server.endpoint).data("A") == ["192.0.2.1"]
                if !isBack { _ = second.process.wait(seconds: 0.1) }
            }
            #expect(isBack)
        }

        @Test func fileThatIsNoCertificateIsFoundByCheck() throws {
            let directory = try TemporaryDirectory()
            let authorities = try directory.write(
                "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n",
                to: "ca.pem"
            )
            let file = try directory.write(
                "upstream: {servers: [\"tls://192.0.2.53#dns.test\"], tls: {ca: \"\(authorities)\"}}\n",
                to: "switchyard.yaml"
            )
            for command in [["check", file], ["serve", "-c", file]] {
                let result = try run(.switchyard, command)
                #expect(result.status == .exited(1))
                #expect(result.error.contains("\(authorities) holds no usable certificate ("), "\(result)")
            }
        }
    }
}
