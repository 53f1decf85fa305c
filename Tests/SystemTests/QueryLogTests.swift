import Foundation
import Glibc
import Testing

extension SystemTests {
    /// The log of queries of the real program, read by others.
    @Suite struct QueryLogTests {
        private static let name = "web.shop.svc.east.k8s.corp"

        private static func upstream() throws -> ScriptedUpstream {
            try ScriptedUpstream { request in
                let query = request.query
                guard !query.qname.hasPrefix("broken") else {
                    return [.reply(TestMessage(to: query, code: Code.servFail))]
                }
                return [.reply(TestMessage(to: query, answer: [.a(query.qname, "10.0.0.1", ttl: 600)]))]
            }
        }

        private static func lines(_ path: String) -> [String] {
            let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            return text.split(separator: "\n").map(String.init)
        }

        /// A server that logs as `keys` say, in which `DIR` is a folder that ends with the tests.
        private static func server(
            _ upstream: ScriptedUpstream,
            _ folder: TemporaryDirectory,
            _ keys: String
        ) throws -> TestServer {
            let settings = "queryLog: {\(keys.replacing("DIR", with: folder.path))}"
            return try .switchyard(cluster: upstream, settings: settings)
        }

        @Test func aMissAndAHitAreLines() throws {
            let upstream = try Self.upstream()
            defer { upstream.stop() }
            let folder = try TemporaryDirectory()
            let server = try Self.server(upstream, folder, "file: DIR/log, clusters: [east]")
            _ = try dig(Self.name, at: server.endpoint)
            _ = try dig("+tcp", Self.name, at: server.endpoint)
            #expect(waitUntil(seconds: 10) { Self.lines("\(folder.path)/log").count >= 2 })
            let lines = Self.lines("\(folder.path)/log")
            try #require(lines.count == 2, "\(lines)")
            let common = ["client=127.0.0.1", "name=\(Self.name)", "type=A", "rcode=NOERROR", "route=east"]
            for part in common + ["source=miss", "transport=udp", "upstream=\(upstream.endpoint)"] {
                #expect(lines[0].contains(" \(part) "), "\(part) in \(lines[0])")
            }
            for part in common + ["source=hit", "transport=tcp"] {
                #expect(lines[1].contains(" \(part) "), "\(part) in \(lines[1])")
            }
            #expect(!lines[1].contains("upstream="))
        }

        @Test func aHostileNameForgesNothing() throws {
            let upstream = try Self.upstream()
            defer { upstream.stop() }
            let folder = try TemporaryDirectory()
            let server = try Self.server(upstream, folder, "file: DIR/log, format: json, clusters: [east]")
            let hostile = #"a\010b\"\032rcode=NOERROR.shop.svc.east.k8s.corp"#
            _ = try dig(hostile, at: server.endpoint)
            #expect(waitUntil(seconds: 10) { !Self.lines("\(folder.path)/log").isEmpty })
            let lines = Self.lines("\(folder.path)/log")
            try #require(lines.count == 1, "\(lines)")
            let object = try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any]
            let name = try #require(object?["name"] as? String)
            #expect(name.hasPrefix(#"a\010b"#) && name.contains(#"\032rcode=NOERROR."#), "\(name)")
            #expect(object?["rcode"] as? String == "NOERROR")
        }

        @Test func onlyFailuresAreLoggedAndNamesAreHidden() throws {
            let upstream = try Self.upstream()
            defer { upstream.stop() }
            let folder = try TemporaryDirectory()
            let keys = "file: DIR/log, only: failures, clusters: [east], hashNames: true"
            let server = try Self.server(upstream, folder, keys)
            _ = try dig(Self.name, at: server.endpoint)
            _ = try dig("broken.east.k8s.corp", at: server.endpoint)
            _ = try dig("BROKEN.east.k8s.corp", at: server.endpoint)
            #expect(waitUntil(seconds: 10) { Self.lines("\(folder.path)/log").count >= 2 })
            let lines = Self.lines("\(folder.path)/log")
            #expect(lines.count == 2, "\(lines)")
            #expect(lines.allSatisfy { $0.contains("rcode=SERVFAIL source=failed") }, "\(lines)")
            #expect(!lines.contains { $0.lowercased().contains("broken") }, "\(lines)")
            let names = lines.compactMap { $0.firstMatch(of: /name=([0-9a-f]{16})\b/)?.1 }
            #expect(names.count == 2 && Set(names).count == 1, "\(lines)")
        }

        @Test func aFileThatIsMovedAwayIsMadeAnew() throws {
            let upstream = try Self.upstream()
            defer { upstream.stop() }
            let folder = try TemporaryDirectory()
            let server = try Self.server(upstream, folder, "file: DIR/log, clusters: [east]")
            let log = "\(folder.path)/log"
            _ = try dig("first.east.k8s.corp", at: server.endpoint)
            #expect(waitUntil(seconds: 10) { Self.lines(log).count == 1 })
            try FileManager.default.moveItem(atPath: log, toPath: "\(log).1")
            #expect(waitUntil(seconds: 10) { FileManager.default.fileExists(atPath: log) })
            _ = try dig("second.east.k8s.corp", at: server.endpoint)
            #expect(waitUntil(seconds: 10) { Self.lines(log).count == 1 })
            #expect(Self.lines(log).first?.contains("name=second.east.k8s.corp") == true)
            #expect(Self.lines("\(log).1").count == 1)
        }

        @Test func aFullDiskStopsTheLogAndNotTheAnswers() throws {
            let upstream = try Self.upstream()
            defer { upstream.stop() }
            let folder = try TemporaryDirectory()
            let server = try Self.server(upstream, folder, "file: /dev/full, clusters: [east]")
            for i in 0..<20 {
                let reply = try dig("n\(i).east.k8s.corp", at: server.endpoint)
                #expect(reply.data("A") == ["10.0.0.1"], "\(reply)")
            }
            #expect(waitUntil(seconds: 10) { server.process.log.contains("the query log cannot be written") })
            #expect(server.process.log.contains("records of the query log were lost"))
        }

        // MARK: dnstap

        /// What the tool of dnstap prints of a file.
        private static func read(_ file: String) throws -> String {
            let result = try run(.dnstap, ["-r", file, "-y"])
            #expect(result.status == .exited(0), "\(result)")
            return result.output
        }

        private static func check(_ text: String) {
            #expect(
                text.contains("identity: switchyard") || text.contains("identity: \"switchyard\""),
                "\(text)"
            )
            for part in [
                "type: CLIENT_RESPONSE", "socket_family: INET", "socket_protocol: UDP",
                "query_address: 127.0.0.1", name, "status: NOERROR", "10.0.0.1",
            ] { #expect(text.contains(part), "\(part) in \(text)") }
        }

        @Test func dnstapReadsAFileOfOurs() throws {
            let upstream = try Self.upstream()
            defer { upstream.stop() }
            let folder = try TemporaryDirectory()
            let server = try Self.server(upstream, folder, "file: DIR/tap, format: dnstap, clusters: [east]")
            _ = try dig(Self.name, at: server.endpoint)
            server.process.send(signal: SIGTERM)
            #expect(server.process.wait(seconds: 10) == .exited(0))
            Self.check(try Self.read("\(folder.path)/tap"))
        }

        @Test func aReaderThatComesLateAndGoesAwayIsServedAgain() throws {
            let upstream = try Self.upstream()
            defer { upstream.stop() }
            let folder = try TemporaryDirectory()
            let socket = "\(folder.path)/s"
            let server = try Self.server(upstream, folder, "socket: DIR/s, clusters: [east]")
            for round in 1...2 {
                let file = "\(folder.path)/tap\(round)"
                let arguments = ["-t", "protobuf:dnstap.Dnstap", "-u", socket, "-w", file]
                let reader = try ChildProcess(.fstrmCapture, arguments)
                // Until it is connected, records are dropped.
                let isRead = waitUntil(seconds: 30) {
                    _ = try? dig(Self.name, at: server.endpoint)
                    usleep(100_000)
                    reader.send(signal: SIGHUP)
                    let size = (try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) ?? 0
                    return size > 100
                }
                #expect(isRead, "round \(round): \(server.process.log) \(reader.log)")
                reader.send(signal: SIGTERM)
                #expect(reader.wait(seconds: 10) != nil)
                if isRead { Self.check(try Self.read(file)) }
                try? FileManager.default.removeItem(atPath: socket)
            }
        }

        /// One that takes the connection and says nothing more.
        @Test func aReaderThatHangsHoldsNothingUp() throws {
            let upstream = try Self.upstream()
            defer { upstream.stop() }
            let folder = try TemporaryDirectory()
            let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(listener) }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &address.sun_path) {
                unsafe $0.copyBytes(from: Array("\(folder.path)/s".utf8))
            }
            let isBound = unsafe withUnsafePointer(to: &address) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
                }
            }
            try #require(isBound && listen(listener, 8) == 0)
            let server = try Self.server(upstream, folder, "socket: DIR/s, clusters: [east]")
            for i in 0..<10 {
                #expect(try dig("n\(i).east.k8s.corp", at: server.endpoint).data("A") == ["10.0.0.1"])
            }
            #expect(waitUntil(seconds: 10) { server.process.log.contains("the query log cannot be written") })
            server.process.send(signal: SIGTERM)
            #expect(server.process.wait(seconds: 10) == .exited(0))
        }

        @Test func aReaderThatIsMissingHoldsNothingUp() throws {
            let upstream = try Self.upstream()
            defer { upstream.stop() }
            let folder = try TemporaryDirectory()
            let server = try Self.server(upstream, folder, "socket: DIR/nobody, clusters: [east]")
            for i in 0..<10 {
                #expect(try dig("n\(i).east.k8s.corp", at: server.endpoint).data("A") == ["10.0.0.1"])
            }
            server.process.send(signal: SIGTERM)
            #expect(server.process.wait(seconds: 10) == .exited(0))
            #expect(server.process.log.contains("connect: no such file or directory"))
        }
    }
}
