import Glibc
import Testing

extension SystemTests {
    /// Answers past their end, from a server whose cluster has died (RFC 8767, RFC 8914).
    @Suite struct StaleTests {
        private let name = "web.shop.svc.east.k8s.corp"

        @Test func answersOutliveTheirCluster() throws {
            let upstream = try ScriptedUpstream { request in
                if request.query.qname.lowercased().hasPrefix("never") {
                    var denial = TestMessage(to: request.query, code: Code.nxDomain)
                    denial.authority = [.soa("cluster.local", ttl: 1)]
                    return [.reply(denial)]
                }
                let record = TestRecord.a(request.query.qname, "10.0.0.1", ttl: 1)
                return [.reply(TestMessage(to: request.query, answer: [record]))]
            }
            let server = try TestServer.switchyard(cluster: upstream)
            let denied = "never.shop.svc.east.k8s.corp"
            let before = try dig(name, at: server.endpoint)
            #expect(before.data("A") == ["10.0.0.1"])
            #expect(before.extendedErrors.isEmpty)
            #expect(try dig(denied, at: server.endpoint).status == "NXDOMAIN")
            upstream.stop()
            usleep(1_100_000)

            // The port is closed or silent, whichever: the thread has ended, the socket may live a moment longer.
            let stale = try dig(name, at: server.endpoint)
            #expect(stale.status == "NOERROR", "\(stale)")
            #expect(stale.data("A") == ["10.0.0.1"])
            #expect(stale.answer.first?.ttl == 1, "never above the original one")
            #expect(stale.extendedErrors.map(\.code) == [3], "\(stale)")
            #expect(stale.errorText.contains("cluster east: \(upstream.endpoint)"), "\(stale)")
            let staleDenial = try dig(denied, at: server.endpoint)
            #expect(staleDenial.status == "NXDOMAIN")
            #expect(staleDenial.extendedErrors.map(\.code) == [19], "\(staleDenial)")

            // What was never known stays unknown, and without RD nothing stale is told.
            #expect(try dig("other.shop.svc.east.k8s.corp", at: server.endpoint).status == "SERVFAIL")
            #expect(try dig(name, "+norecurse", at: server.endpoint).answer.isEmpty)
        }
    }
}
