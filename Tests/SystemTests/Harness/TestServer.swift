/// A DNS server's process that is known to answer.
final class TestServer: Sendable {
    let endpoint: Endpoint
    let process: ChildProcess
    let directory: TemporaryDirectory

    /// Starts a server on a free port; one that is taken meanwhile is tried again on another.
    ///
    /// - Parameters:
    ///   - probe: a query that the server answers; any answer but SERVFAIL will do.
    ///   - arguments: writes its configuration into the directory, for the port.
    init(
        _ tool: Tool,
        host: String = "127.0.0.1",
        probe: TestMessage,
        arguments: (TemporaryDirectory, UInt16) throws -> [String]
    ) throws {
        var problem = HarnessError("not tried")
        for _ in 0..<3 {
            let directory = try TemporaryDirectory()
            let port = try FreePort.find()
            let endpoint = Endpoint(host, port)
            let process = try ChildProcess(tool, try arguments(directory, port))
            do {
                try Self.waitUntilItAnswers(process, endpoint, probe)
                self.endpoint = endpoint
                self.process = process
                self.directory = directory
                return
            } catch {
                process.stop()
                problem = HarnessError("\(error)\n\(process.log)")
            }
        }
        throw problem
    }

    deinit { process.stop() }

    private static func waitUntilItAnswers(
        _ process: ChildProcess,
        _ endpoint: Endpoint,
        _ probe: TestMessage
    ) throws {
        let deadline = Deadline(seconds: 20)
        while !deadline.isOver {
            if let status = process.exitStatus { throw HarnessError("\(process.name) ended: \(status)") }
            let reply = try RawClient.exchange(probe.bytes, with: endpoint, within: 0.1)
            if let reply, reply.count >= 12, reply[3] & 0xF != Code.servFail { return }
            // A closed port is refused at once.
            _ = process.wait(seconds: 0.02)
        }
        throw HarnessError("\(process.name) did not answer on \(endpoint) in time")
    }
}

extension TestServer {
    /// The server under test, with a configuration in which `PORT` stands for its port.
    static func switchyard(host: String = "127.0.0.1", _ configuration: String) throws -> TestServer {
        // Class CH: answered by the server itself, whatever its upstreams are.
        var probe = TestMessage(query: "version.bind", Type.txt)
        probe.questions[0].questionClass = 3
        return try TestServer(.switchyard, host: host, probe: probe) { directory, port in
            // The default port and socket belong to whoever uses the machine.
            let admin =
                configuration.contains("admin:") ? "" : "\nadmin: {listen: none, controlSocket: none}\n"
            let text = (configuration + admin).replacing("PORT", with: "\(port)")
                .replacing("DIRECTORY", with: directory.path)
            return ["serve", "-c", try directory.write(text, to: "switchyard.yaml")]
        }
    }

    /// named with one zone; it answers nobody over UDP who has no cookie of its own, and tells what it was asked.
    static func namedWithCookies(zone: String, text: String) throws -> TestServer {
        try TestServer(.named, probe: TestMessage(query: zone, Type.soa)) { directory, port in
            try directory.write(text, to: "zone")
            let file = try directory.write(
                """
                options {
                    directory "\(directory.path)";
                    listen-on port \(port) { 127.0.0.1; };
                    listen-on-v6 { none; };
                    pid-file none;
                    session-keyfile none;
                    lock-file none;
                    recursion no;
                    dnssec-validation no;
                    require-server-cookie yes;
                    querylog yes;
                };
                controls { };
                zone "\(zone)" { type primary; file "zone"; };
                """,
                to: "named.conf"
            )
            return ["-g", "-n", "1", "-c", file]
        }
    }

    /// knotd with these zones.
    ///
    /// - Parameter hasCookies: it sends cookies, and refuses every query over UDP without one of its own.
    static func knotd(zones: [String: String], hasCookies: Bool = false) throws -> TestServer {
        let probe = TestMessage(query: zones.keys.sorted().first ?? "", Type.soa)
        return try TestServer(.knotd, probe: probe) { directory, port in
            for (name, text) in zones { try directory.write(text, to: "\(name).zone") }
            let list = zones.keys.sorted().map { "  - domain: \($0)\n    file: \($0).zone\n" }.joined()
            let file = try directory.write(
                """
                server:
                    rundir: \(directory.path)
                    listen: [ 127.0.0.1@\(port)\(Machine.hasIPv6 ? ", ::1@\(port)" : "") ]
                    udp-workers: 1
                    tcp-workers: 1
                    background-workers: 1
                database:
                    storage: \(directory.path)
                log:
                  - target: stderr
                    any: warning
                \(hasCookies ? "mod-cookies:\n  - id: strict\n    badcookie-slip: 1\n" : "")
                template:
                  - id: default
                \(hasCookies ? "    global-module: mod-cookies/strict\n" : "")
                    storage: \(directory.path)
                    zonefile-sync: -1
                    zonefile-load: whole
                    journal-content: none
                    semantic-checks: off
                zone:
                \(list)
                """,
                to: "knot.conf"
            )
            return ["-c", file]
        }
    }

    /// dnsmasq without upstreams, answering what its options say.
    static func dnsmasq(_ options: [String], probe: TestMessage) throws -> TestServer {
        try TestServer(.dnsmasq, probe: probe) { _, port in
            [
                "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file", "--user=", "--group=",
                "--no-resolv",
                "--no-hosts", "--no-poll", "--bind-interfaces", "--listen-address=127.0.0.1",
                "--port=\(port)",
            ] + options
        }
    }

    /// Unbound that knows these records and that nothing else exists; it never asks anybody.
    static func unbound(zones: [String], records: [String]) throws -> TestServer {
        try TestServer(.unbound, probe: TestMessage(query: zones[0], Type.soa)) { directory, port in
            let zoneLines = zones.map { "    local-zone: \"\($0).\" static\n" }.joined()
            let recordLines = records.map { "    local-data: '\($0)'\n" }.joined()
            let file = try directory.write(
                """
                server:
                    directory: "\(directory.path)"
                    chroot: ""
                    username: ""
                    pidfile: ""
                    use-syslog: no
                    verbosity: 1
                    interface: 127.0.0.1@\(port)
                    access-control: 127.0.0.0/8 allow
                    num-threads: 1
                    module-config: "iterator"
                    do-ip6: no
                    local-zone: "." static
                    local-data: '. 3600 SOA a.root. nobody.root. 1 1800 900 604800 3600'
                \(zoneLines)\(recordLines)
                remote-control:
                    control-enable: no
                """,
                to: "unbound.conf"
            )
            return ["-d", "-p", "-c", file]
        }
    }
}
