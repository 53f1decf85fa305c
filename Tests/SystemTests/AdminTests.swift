import Foundation
import Testing

extension SystemTests {
    /// The admin port and the control socket, with curl and by hand.
    @Suite struct AdminTests {
        /// A server with an admin port and a control socket.
        static func server(_ more: String = "") throws -> (TestServer, UInt16) {
            let lab = try Lab.current
            let port = try FreePort.find()
            let server = try TestServer.switchyard(
                """
                listen: [127.0.0.1:PORT]
                workers: 2
                upstream: {servers: [127.0.0.1:9]}
                admin: {listen: 127.0.0.1:\(port), controlSocket: DIRECTORY/control.sock}
                zonePattern: "{cluster}.k8s.corp"
                clusters:
                  - name: east
                    servers: ["\(lab.east.endpoint.host):\(lab.east.endpoint.port)"]
                \(more)
                """
            )
            return (server, port)
        }

        static func curl(_ arguments: [String]) throws -> (status: String, body: String) {
            let output = try run(
                .curl,
                ["--silent", "--max-time", "10", "--write-out", "\n%{http_code}"] + arguments
            )
            var lines = output.output.split(separator: "\n", omittingEmptySubsequences: false)
            let status = lines.popLast().map(String.init) ?? ""
            return (status, lines.joined(separator: "\n"))
        }

        @Test func bothPlacesServeTheStatus() throws {
            let (server, port) = try Self.server()
            let socket = "\(server.directory.path)/control.sock"
            for arguments in [
                ["http://127.0.0.1:\(port)/api/status"],
                ["--unix-socket", socket, "http://localhost/api/status"],
            ] {
                let answer = try Self.curl(arguments)
                #expect(answer.status == "200")
                let status = try JSONSerialization.jsonObject(with: Data(answer.body.utf8))
                let fields = try #require(status as? [String: Any])
                #expect(fields["workers"] as? Int == 2)
                #expect(fields["clusters"] as? Int == 1)
            }
        }

        @Test func otherPathsAndMethodsAreRefused() throws {
            let (server, port) = try Self.server()
            #expect(try Self.curl(["http://127.0.0.1:\(port)/nothing"]).status == "404")
            #expect(try Self.curl(["http://127.0.0.1:\(port)/api/status/"]).status == "404")
            let post = try Self.curl(["-i", "-X", "POST", "-d", "x", "http://127.0.0.1:\(port)/api/status"])
            #expect(post.status == "405")
            #expect(post.body.contains("Allow: GET, HEAD"))
            withExtendedLifetime(server) {}
        }

        @Test func aForeignHostNameIsRefusedOnLoopback() throws {
            let (server, port) = try Self.server()
            let url = "http://127.0.0.1:\(port)/api/status"
            for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "[evil]"] {
                #expect(try Self.curl(["-H", "Host: \(host)", url]).status == "421", "\(host)")
            }
            for host in ["localhost", "LOCALHOST:1234", "127.0.0.1:9153", "[::1]:80"] {
                #expect(try Self.curl(["-H", "Host: \(host)", url]).status == "200", "\(host)")
            }
            withExtendedLifetime(server) {}
        }

        @Test func aPortInUseEndsTheStartWithThree() throws {
            let (first, port) = try Self.server()
            let directory = try TemporaryDirectory()
            let dns = try FreePort.find()
            let file = try directory.write(
                """
                listen: [127.0.0.1:\(dns)]
                upstream: {servers: [127.0.0.1:9]}
                admin: {listen: 127.0.0.1:\(port), controlSocket: none}
                """,
                to: "switchyard.yaml"
            )
            let result = try run(.switchyard, ["serve", "-c", file])
            #expect(result.status == .exited(3))
            #expect(result.error.contains("cannot listen on 127.0.0.1:\(port) for metrics and health"))
            withExtendedLifetime(first) {}
        }

        @Test func aMissingFolderOfTheSocketIsAWarning() throws {
            let server = try TestServer.switchyard(
                """
                listen: [127.0.0.1:PORT]
                upstream: {servers: [127.0.0.1:9]}
                admin: {listen: none, controlSocket: DIRECTORY/missing/control.sock}
                """
            )
            #expect(waitUntil(seconds: 5) { server.process.log.contains("its folder does not exist") })
        }

        @Test func aLiveSocketIsLeftToItsOwner() throws {
            let (first, _) = try Self.server()
            let socket = "\(first.directory.path)/control.sock"
            let second = try TestServer.switchyard(
                """
                listen: [127.0.0.1:PORT]
                upstream: {servers: [127.0.0.1:9]}
                admin: {listen: none, controlSocket: \(socket)}
                """
            )
            #expect(waitUntil(seconds: 5) { second.process.log.contains("another process listens there") })
            #expect(try Self.curl(["--unix-socket", socket, "http://localhost/api/status"]).status == "200")
        }

        @Test func theSocketGoesWithTheServer() throws {
            let (server, _) = try Self.server()
            let socket = "\(server.directory.path)/control.sock"
            #expect(FileManager.default.fileExists(atPath: socket))
            server.process.send(signal: SIGTERM)
            #expect(server.process.wait(seconds: 10) == .exited(0))
            #expect(!FileManager.default.fileExists(atPath: socket))
        }
    }
}
