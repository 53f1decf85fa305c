import Glibc
import Testing

extension SystemTests {
    /// Addresses to listen on.
    @Suite struct ListenTests {
        private let name = "web.shop.svc.east.k8s.corp"

        @Test(arguments: ["+notcp", "+tcp"]) func allListenAddressesAnswer(transport: String) throws {
            let port = try Lab.server.port
            for host in ["127.0.0.1", "127.0.0.2"] + (Machine.hasIPv6 ? ["::1"] : []) {
                let reply = try dig(name, transport, at: Endpoint(host, port))
                #expect(reply.data("A") == ["10.96.0.20"], "\(host)")
            }
        }

        @Test func otherAddressesDoNotAnswer() throws {
            let port = try Lab.server.port
            let query = TestMessage(query: name)
            #expect(
                try RawClient.exchange(query.bytes, with: Endpoint("127.0.0.3", port), within: 0.3) == nil
            )
            #expect(throws: HarnessError.self) { try StreamClient(Endpoint("127.0.0.3", port)) }
        }

        @Test func wildcardAnswersFromTheAddressThatWasAsked() throws {
            let lab = try Lab.current
            let server = try TestServer.switchyard(
                """
                listen: ["0.0.0.0:PORT"]
                workers: 2
                upstream: {servers: ["\(lab.publicDNS.endpoint)"]}
                zonePattern: "{cluster}.k8s.corp"
                clusters:
                  - {name: east, servers: ["\(lab.east.endpoint)"]}
                """
            )
            let port = server.endpoint.port
            for host in ["127.0.0.1", "127.0.0.3", "127.9.8.7"] {
                // A connected socket takes nothing from another address; the first is a miss, the others are hits.
                let query = TestMessage(query: name)
                #expect(try RawClient.ask(query, of: Endpoint(host, port)).answer.count == 1, "\(host)")
                let reply = try dig(name, at: Endpoint(host, port))
                #expect(reply.data("A") == ["10.96.0.20"], "\(reply)")
                #expect(!reply.description.contains("unexpected source"))
                #expect(try dig(name, "+tcp", at: Endpoint(host, port)).data("A") == ["10.96.0.20"])
            }
        }

        @Test(.enabled(if: Machine.hasIPv6)) func ipv6WildcardAnswersFromTheAddressThatWasAsked() throws {
            let lab = try Lab.current
            let server = try TestServer.switchyard(
                host: "::1",
                """
                listen: ["[::]:PORT", "0.0.0.0:PORT"]
                upstream: {servers: ["\(lab.publicDNS.endpoint)"]}
                zonePattern: "{cluster}.k8s.corp"
                clusters:
                  - {name: east, servers: ["\(lab.east.endpoint)"]}
                """
            )
            let port = server.endpoint.port
            for host in ["::1", "127.0.0.3"] {
                for transport in ["+notcp", "+tcp"] {
                    let reply = try dig(name, transport, at: Endpoint(host, port))
                    #expect(reply.data("A") == ["10.96.0.20"], "\(host) \(reply)")
                }
            }
        }

        @Test(.enabled(if: Machine.hasIPv6)) func ipv6ClientsOutsideTheListAreRefused() throws {
            let lab = try Lab.current
            let server = try TestServer.switchyard(
                """
                listen: [127.0.0.1:PORT, "[::1]:PORT"]
                upstream: {servers: ["\(lab.publicDNS.endpoint)"]}
                access: {allow: [127.0.0.0/8]}
                """
            )
            #expect(try dig("www.example.org", at: server.endpoint).status == "NOERROR")
            #expect(try dig("www.example.org", at: Endpoint("::1", server.endpoint.port)).status == "REFUSED")
        }
    }
}
