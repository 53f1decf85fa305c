import Glibc
import Testing

extension SystemTests {
    /// `switchyard demo`, as somebody tries it who has nothing else.
    @Suite struct DemoTests {
        private static let endpoint = Endpoint("127.0.0.1", 5300)

        /// Starts the demo and waits until it has printed what to try.
        private func start() throws -> ChildProcess {
            // Its port is fixed, so another demo on this machine may have it for a while.
            _ = waitUntil(seconds: 60) { FreePort.isFree(Self.endpoint.port) }
            let demo = try ChildProcess(.switchyard, ["demo"])
            let isReady = waitUntil(seconds: 20) {
                demo.standardOutput.contains("Ctrl-C") || demo.exitStatus != nil
            }
            try #require(isReady && demo.exitStatus == nil, "\(demo.log)")
            return demo
        }

        /// The words behind each `dig` that the demo prints.
        private func digLines(_ demo: ChildProcess) -> [[String]] {
            demo.standardOutput.split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ").map(String.init)
                return words.first == "dig" ? Array(words.dropFirst()) : nil
            }
        }

        @Test func everyLineThatItPrintsWorks() throws {
            let demo = try start()
            let lines = digLines(demo)
            #expect(lines.count >= 6)
            for words in lines {
                let reply = Reply(parsing: try run(.dig, ["-r"] + words).output)
                let isDenied = words.contains { $0.hasPrefix("billing.shop.svc.east") || $0.contains("esat") }
                #expect(reply.status == (isDenied ? "NXDOMAIN" : "NOERROR"), "\(reply)")
                #expect(reply.answer.isEmpty == isDenied, "\(reply)")
                #expect(!isDenied || reply.authority.first?.type == "SOA")
            }
            demo.send(signal: SIGINT)
            #expect(demo.wait(seconds: 10) == .exited(0), "\(demo.log)")
            #expect(demo.standardError.isEmpty, "\(demo.standardError)")
        }

        @Test func bothClustersAnswerWithTheirOwnData() throws {
            let demo = try start()
            defer { demo.stop() }
            let server = Self.endpoint
            let east = try dig("web.shop.svc.east.k8s.corp", at: server).data("A")
            let west = try dig("web.shop.svc.west.k8s.corp", at: server).data("A")
            #expect(east.count == 1 && west.count == 1 && east != west)
            #expect(try dig("web.shop.svc.east.k8s.corp", "AAAA", at: server).data("AAAA").count == 1)
            #expect(try dig("db.shop.svc.west.k8s.corp", at: server).data("A").count == 2)
            #expect(try dig("-x", east[0], at: server).data("PTR") == ["web.shop.svc.east.k8s.corp."])
            let srv = try dig("_postgres._tcp.db.shop.svc.east.k8s.corp", "SRV", at: server)
            #expect(srv.data("SRV").count == 2)
            #expect(srv.answer.allSatisfy { $0.data.hasSuffix(".db.shop.svc.east.k8s.corp.") }, "\(srv)")
            // No endpoint is ready: the Kubernetes specification wants NXDOMAIN.
            #expect(try dig("search.shop.svc.east.k8s.corp", at: server).status == "NXDOMAIN")
            #expect(try dig("cart.shop.svc.east.k8s.corp", "AAAA", at: server).isNoData)
            #expect(try dig("storefront.shop.svc.west.k8s.corp", at: server).data("A") == west)
            #expect(
                try dig("docs.shop.svc.east.k8s.corp", "CNAME", at: server).data("CNAME") == [
                    "www.example.org."
                ]
            )
            #expect(try dig("worker.batch.svc.east.k8s.corp", "+noedns", at: server).data("A").count == 60)
            let version = try dig("dns-version.east.k8s.corp", "TXT", at: server)
            #expect(version.answer.count == 1, "\(version)")
        }

        @Test func secondDemoSaysThatThePortIsInUse() throws {
            let demo = try start()
            defer { demo.stop() }
            let second = try run(.switchyard, ["demo"])
            #expect(second.status == .exited(3))
            #expect(second.error.split(separator: "\n").count == 1, "\(second.error)")
            #expect(second.error.contains("5300"))
            #expect(try dig("CH", "TXT", "version.bind", at: Self.endpoint).status == "NOERROR")
        }
    }
}
