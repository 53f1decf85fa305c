import Foundation
import Glibc
import Testing

extension SystemTests {
    /// Restarts and updates while clients ask.
    @Suite struct RestartTests {
        private static let shared = """
            workers: 2
            upstream: {servers: ["127.0.0.1:1"]}
            zonePattern: "{cluster}.k8s.corp"
            """

        private static func configuration(_ upstream: ScriptedUpstream, control: String = "none") -> String {
            """
            listen: [127.0.0.1:PORT]
            \(shared)
            admin: {listen: none, controlSocket: \(control)}
            clusters:
              - {name: east, servers: ["\(upstream.endpoint)"]}
            """
        }

        private static func upstream() throws -> ScriptedUpstream {
            try ScriptedUpstream { request in
                let record = TestRecord.a(request.query.qname, "10.0.0.1", ttl: 600)
                return [.reply(TestMessage(to: request.query, answer: [record]))]
            }
        }

        /// A load of clients that send each question once, from a new port.
        private static func load(_ endpoint: Endpoint, overTCP: Bool = true) -> Load {
            let load = Load()
            for client in 0..<2 {
                load.start({ "n\($0 % 500).udp\(client).east.k8s.corp" }) {
                    { query in
                        let socket = try Socket.datagrams(to: endpoint)
                        socket.send(query.bytes)
                        return try socket.receive(within: 10).map { try TestMessage(parsing: $0) }
                    }
                }
            }
            guard overTCP else { return load }
            load.start({ "n\($0 % 500).tcp.east.k8s.corp" }) {
                { query in
                    // A name in five milliseconds, or so: ports in TIME_WAIT are not without number.
                    usleep(5000)
                    let stream = try StreamClient(endpoint)
                    stream.send(query)
                    return try stream.receiveMessage(within: 10)
                }
            }
            return load
        }

        private static func expectNoLoss(_ load: Load) {
            load.stop()
            let tally = load.tally
            #expect(tally.problems == [])
            #expect(tally.answered > 100)
        }

        private static func more(_ load: Load, than before: Int) -> Bool {
            waitUntil(seconds: 20) { load.answered > before + 50 }
        }

        // MARK: - Stopping

        @Test func whatWaitsWhenTheServerIsToldToStopIsAnswered() throws {
            let upstream = try Self.upstream()
            defer { upstream.stop() }
            let server = try TestServer.switchyard(Self.configuration(upstream))
            let sockets = try (0..<8).map { _ in try Socket.datagrams(to: server.endpoint) }
            // It sees nothing of what comes before the signal.
            server.process.send(signal: SIGSTOP)
            for (client, socket) in sockets.enumerated() {
                for number in 0..<8 {
                    socket.send(TestMessage(query: "n\(number).c\(client).east.k8s.corp").bytes)
                }
            }
            // More than a worker accepts in one round.
            let streams = try (0..<160).map { _ in try StreamClient(server.endpoint) }
            for (client, stream) in streams.enumerated() {
                stream.send(TestMessage(query: "tcp\(client).east.k8s.corp"))
            }
            server.process.send(signal: SIGTERM)
            server.process.send(signal: SIGCONT)
            for socket in sockets {
                for _ in 0..<8 {
                    let reply = try TestMessage(parsing: try #require(socket.receive(within: 10)))
                    #expect(reply.answer.count == 1)
                }
            }
            for stream in streams { #expect(try stream.receiveMessage(within: 10).answer.count == 1) }
            #expect(server.process.wait(seconds: 20) == .exited(0), "\(server.process.log)")
        }

        // MARK: - Taking over

        @Test func noQueryIsLostWhileOneProcessTakesOverFromAnother() throws {
            let upstream = try Self.upstream()
            defer { upstream.stop() }
            let server = try TestServer.switchyard(
                Self.configuration(upstream, control: "DIRECTORY/control.sock")
            )
            let load = Self.load(server.endpoint)
            let file = "\(server.directory.path)/switchyard.yaml"
            var current = server.process
            var kept: [ChildProcess] = []
            for _ in 0..<3 {
                #expect(Self.more(load, than: load.answered))
                let next = try ChildProcess(.switchyard, ["serve", "-c", file, "--take-over"])
                kept.append(next)
                #expect(current.wait(seconds: 30) == .exited(0), "\(current.log)\(next.log)")
                #expect(next.exitStatus == nil, "\(next.log)")
                current = next
            }
            #expect(Self.more(load, than: load.answered))
            Self.expectNoLoss(load)
            let status = try run(.switchyard, ["status", "-c", file])
            #expect(status.status == .exited(0), "\(status)")
        }

        @Test func whereNobodyRunsThereIsNothingToTakeOver() throws {
            let upstream = try Self.upstream()
            defer { upstream.stop() }
            let server = try TestServer.switchyard(
                Self.configuration(upstream, control: "DIRECTORY/control.sock")
            )
            server.process.stop()
            let file = "\(server.directory.path)/switchyard.yaml"
            let next = try ChildProcess(.switchyard, ["serve", "-c", file, "--take-over"])
            #expect(waitUntil(seconds: 20) { next.log.contains("listening") }, "\(next.log)")
            #expect(next.log.contains("no server to take over from"))
        }

        @Test func withoutControlSocketNothingIsTakenOver() throws {
            let upstream = try Self.upstream()
            defer { upstream.stop() }
            let server = try TestServer.switchyard(Self.configuration(upstream))
            let file = "\(server.directory.path)/switchyard.yaml"
            let next = try ChildProcess(.switchyard, ["serve", "-c", file, "--take-over"])
            #expect(next.wait(seconds: 20) == .exited(3))
            #expect(next.log.contains("`admin.controlSocket` is none"))
            #expect(server.process.exitStatus == nil)
        }

        @Test func aSuccessorThatFailsLeavesTheServerAsItWas() throws {
            let upstream = try Self.upstream()
            defer { upstream.stop() }
            let server = try TestServer.switchyard(
                Self.configuration(upstream, control: "DIRECTORY/control.sock")
            )
            let socket = "\(server.directory.path)/control.sock"
            func ask(_ query: String) throws -> String {
                let url = "http://localhost/control/handover\(query)"
                return try AdminTests.curl(["--unix-socket", socket, "-X", "POST", "-d", "", url]).status
            }
            for query in [
                "", "?pid=", "?pid=1", "?pid=-5", "?pid=x", "?pid=99999999999", "?pid=2&pid=3", "?p=2",
            ] {
                #expect(try ask(query) == "400", "\(query)")
            }
            #expect(try ask("?pid=\(getpid())") == "200")
            // It waits for a successor that never comes; a client notices nothing.
            let reply = try RawClient.ask(TestMessage(query: "a.east.k8s.corp"), of: server.endpoint)
            #expect(reply.answer.count == 1)
            let isThere = { unsafe access(socket, F_OK) == 0 }
            #expect(waitUntil(seconds: 10) { !isThere() }, "it leaves its socket")
            #expect(waitUntil(seconds: 60) { isThere() }, "it comes back")
            #expect(server.process.log.contains("has not taken over"))
            #expect(server.process.exitStatus == nil)
        }

        // MARK: - Sockets of a service manager

        private static func activated(_ upstream: ScriptedUpstream, _ sockets: String) throws -> TestServer {
            let probe = TestMessage(query: "probe.east.k8s.corp")
            return try TestServer(.python, probe: probe) { directory, port in
                let text = configuration(upstream).replacing("PORT", with: "\(port)")
                let file = try directory.write(text, to: "switchyard.yaml")
                let script = try directory.write(Activator.script, to: "activator.py")
                let command = [try Tool.switchyard.path(), "serve", "-c", file]
                return [script, "127.0.0.1:\(port)", sockets] + command
            }
        }

        @Test(arguments: ["udp,tcp", "udp,udp,tcp,tcp", "udp,udp,udp,tcp,tcp,tcp"])
        func noQueryIsLostWhileAnActivatedServerRestarts(sockets: String) throws {
            let upstream = try Self.upstream()
            defer { upstream.stop() }
            let server = try Self.activated(upstream, sockets)
            let load = Self.load(server.endpoint)
            for round in 1...3 {
                #expect(Self.more(load, than: load.answered))
                server.process.send(signal: SIGHUP)
                let isDone = waitUntil(seconds: 30) {
                    server.process.log.split(separator: "\n").count { $0 == "restarted" } == round
                }
                #expect(isDone, "\(server.process.log)")
            }
            #expect(Self.more(load, than: load.answered), "\(server.process.log)")
            Self.expectNoLoss(load)
        }

        @Test(arguments: [
            ("udp,unix", "no UDP socket and no listening TCP socket"), ("other", "not in `listen`"),
        ])
        func socketsThatDoNotFitAreRefused(sockets: String, sentence: String) throws {
            let upstream = try Self.upstream()
            defer { upstream.stop() }
            let directory = try TemporaryDirectory()
            let port = try FreePort.find()
            let listen = sockets == "other" ? try FreePort.find() : port
            let text = Self.configuration(upstream).replacing("PORT", with: "\(listen)")
            let file = try directory.write(text, to: "switchyard.yaml")
            let script = try directory.write(Activator.script, to: "activator.py")
            let kinds = sockets == "other" ? "udp" : sockets
            let command = [try Tool.switchyard.path(), "serve", "-c", file]
            let process = try ChildProcess(.python, [script, "127.0.0.1:\(port)", kinds] + command)
            #expect(process.wait(seconds: 20) == .exited(3), "\(process.log)")
            #expect(process.log.contains(sentence), "\(process.log)")
        }

        @Test func socketsForAnotherProcessAreLeftAlone() throws {
            let upstream = try Self.upstream()
            defer { upstream.stop() }
            let directory = try TemporaryDirectory()
            let text = Self.configuration(upstream).replacing("PORT", with: "\(try FreePort.find())")
            let file = try directory.write(text, to: "switchyard.yaml")
            let process = try ChildProcess(
                .switchyard,
                ["serve", "-c", file],
                environment: ["LISTEN_PID": "1", "LISTEN_FDS": "2"]
            )
            #expect(waitUntil(seconds: 20) { process.log.contains("listening") }, "\(process.log)")
        }

        // MARK: - Telling the service manager

        @Test(arguments: [false, true]) func theServiceManagerHearsWhatHappens(isAbstract: Bool) throws {
            let upstream = try Self.upstream()
            defer { upstream.stop() }
            let directory = try TemporaryDirectory()
            let path = isAbstract ? "@switchyard-test-\(getpid())" : "\(directory.path)/notify"
            let manager = try NotifyReceiver(path)
            let text = Self.configuration(upstream).replacing("PORT", with: "\(try FreePort.find())")
            let file = try directory.write(text, to: "switchyard.yaml")
            let process = try ChildProcess(
                .switchyard,
                ["serve", "-c", file],
                environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000"]
            )
            #expect(manager.waits(for: "READY=1\nSTATUS=Answering on 127.0.0.1:"), "\(process.log)")
            #expect(manager.waits(for: "WATCHDOG=1"))
            process.send(signal: SIGHUP)
            #expect(manager.waits(for: "RELOADING=1\nMONOTONIC_USEC="))
            #expect(manager.waits(for: "READY=1"))
            process.send(signal: SIGTERM)
            #expect(manager.waits(for: "STOPPING=1"))
            #expect(process.wait(seconds: 20) == .exited(0))
        }

        @Test(arguments: ["/nonexistent/socket", "relative", "", "@", String(repeating: "/x", count: 200)])
        func aServiceManagerThatIsNotThereDoesNotMatter(path: String) throws {
            let upstream = try Self.upstream()
            defer { upstream.stop() }
            let directory = try TemporaryDirectory()
            let text = Self.configuration(upstream).replacing("PORT", with: "\(try FreePort.find())")
            let file = try directory.write(text, to: "switchyard.yaml")
            let process = try ChildProcess(
                .switchyard,
                ["serve", "-c", file],
                environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "nonsense", "LISTEN_FDS": "-1"]
            )
            #expect(waitUntil(seconds: 20) { process.log.contains("listening") }, "\(process.log)")
            process.send(signal: SIGTERM)
            #expect(process.wait(seconds: 20) == .exited(0))
        }

        // MARK: - The unit

        @Test func theUnitIsSoundAndExposesLittle() throws {
            let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../config")
            let unit = folder.appending(path: "switchyard.service").standardized.path
            let security = try run(
                .systemdAnalyze,
                ["security", "--offline=true", "--threshold=15", "--no-pager", unit]
            )
            #expect(security.status == .exited(0), "exposure above 1.5\n\(security.output)")
            // A copy that names programs which are there, so that everything else is looked at.
            let directory = try TemporaryDirectory()
            let there = try Tool.switchyard.path()
            for name in ["switchyard.service", "switchyard.socket"] {
                let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
                let lines = text.split(separator: "\n").filter { !$0.hasPrefix("Documentation=") }
                let copy = lines.joined(separator: "\n").replacing("/usr/bin/switchyard", with: there)
                let file = try directory.write(copy, to: name)
                let verified = try run(.systemdAnalyze, ["verify", "--man=no", file])
                #expect(verified.output + verified.error == "", "\(verified)")
            }
        }
    }
}
