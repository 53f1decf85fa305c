import Glibc
import Testing

extension SystemTests {
    /// A cache that outlives its process.
    @Suite struct WarmRestartTests {
        private let name = "web.shop.svc.east.k8s.corp"

        private func upstream() throws -> ScriptedUpstream {
            try ScriptedUpstream {
                [.reply(TestMessage(to: $0.query, answer: [.a($0.query.qname, "10.0.0.1")]))]
            }
        }

        /// Starts a server and waits until it has looked at its file.
        private func start(_ upstream: ScriptedUpstream, file: String, says: String) throws -> TestServer {
            let server = try TestServer.switchyard(cluster: upstream, settings: "cache: {file: \(file)}")
            #expect(waitUntil(seconds: 10) { server.process.log.contains(says) }, "\(server.process.log)")
            return server
        }

        private func stop(_ server: TestServer) {
            server.process.send(signal: SIGTERM)
            #expect(server.process.wait(seconds: 10) == .exited(0), "\(server.process.log)")
        }

        @Test func answersAreThereAfterARestart() throws {
            let upstream = try upstream()
            defer { upstream.stop() }
            let directory = try TemporaryDirectory()
            let file = "\(directory.path)/cache.bin"
            let first = try start(upstream, file: file, says: "there is no cache file yet")
            #expect(try dig(name, at: first.endpoint).data("A") == ["10.0.0.1"])
            stop(first)
            let second = try start(upstream, file: file, says: "cache file read")
            #expect(try dig(name, at: second.endpoint).data("A") == ["10.0.0.1"])
            #expect(upstream.requests.filter { $0.query.qname.contains("web") }.count == 1)
        }

        @Test func aDamagedFileIsReportedAndWrittenAnew() throws {
            let upstream = try upstream()
            defer { upstream.stop() }
            let directory = try TemporaryDirectory()
            let file = try directory.write("this is no cache", to: "cache.bin")
            let first = try start(upstream, file: file, says: "is ignored")
            #expect(try dig(name, at: first.endpoint).data("A") == ["10.0.0.1"])
            stop(first)
            _ = try start(upstream, file: file, says: "cache file read")
        }

        @Test func aFileThatCannotBeWrittenStopsNothing() throws {
            let upstream = try upstream()
            defer { upstream.stop() }
            let file = "/nonexistent/cache.bin"
            let server = try start(upstream, file: file, says: "there is no cache file yet")
            #expect(try dig(name, at: server.endpoint).data("A") == ["10.0.0.1"])
            stop(server)
            #expect(server.process.log.contains("cannot be written"), "\(server.process.log)")
        }
    }
}
