import Foundation
import Testing

extension SystemTests {
    /// The command: exit codes and what is said on standard error.
    @Suite struct CommandTests {
        private let good = """
            listen: [127.0.0.1:5353]
            upstream: {servers: [192.0.2.53]}
            zonePattern: "{cluster}.k8s.corp"
            clusters:
              - {name: east, servers: [10.1.0.10]}
            """

        /// Writes a configuration and runs a command with its path as the last argument.
        private func runWithFile(_ text: String, _ arguments: String...) throws -> (
            result: RunResult, file: String
        ) {
            let directory = try TemporaryDirectory()
            let file = try directory.write(text, to: "switchyard.yaml")
            return (try run(.switchyard, arguments + [file]), file)
        }

        // MARK: check

        @Test func checkAcceptsAGoodFile() throws {
            let (result, file) = try runWithFile(good, "check")
            #expect(result.status == .exited(0), "\(result.error)")
            #expect(result.error.isEmpty)
            #expect(result.output.contains(file))
        }

        @Test func checkSaysWhichLinesOfAResolvConfAreIgnored() throws {
            let directory = try TemporaryDirectory()
            let servers = try directory.write(
                "nameserver fe80::1%eth0\nnameserver 192.0.2.1\n",
                to: "resolv.conf"
            )
            let (result, _) = try runWithFile("upstream: {servers: [\(servers)]}", "check")
            #expect(result.status == .exited(0))
            #expect(result.error.hasPrefix("\(servers):1:12: "), "\(result.error)")
            #expect(result.error.contains("the line is ignored"), "\(result.error)")
        }

        @Test func checkFindsAllMistakesInOneRunWithTheirPlaces() throws {
            let (result, file) = try runWithFile(
                """
                listen: [127.0.0.1:53535353]
                upstrem: {servers: [192.0.2.53]}
                zonePattern: "k8s.corp"
                clusters:
                  - {name: east, servers: [10.1.0.999]}
                  - {name: east, servers: [10.1.0.10]}
                  - name: west
                    servers: []
                    reverse: [10.96.0.0/33]
                cache: {size: many}
                """,
                "check"
            )
            #expect(result.status == .exited(1))
            let lines = result.error.split(separator: "\n").map(String.init)
            let places = lines.compactMap { line -> Int? in
                guard line.hasPrefix("\(file):") else { return nil }
                let numbers = line.dropFirst(file.count + 1).split(separator: ":", maxSplits: 2)
                guard numbers.count == 3, Int(numbers[1]) != nil else { return nil }
                return Int(numbers[0])
            }
            #expect(places.count == lines.count, "each line is file:line:column: sentence\n\(result.error)")
            #expect(Set(places).isSuperset(of: [1, 2, 3, 5, 6, 8, 9, 10]), "\(result.error)")
            #expect(result.error.contains("upstream"), "a suggestion for 'upstrem'")
            #expect(result.output.isEmpty)
        }

        @Test(arguments: [
            "policy: fastest", "policy: random, hedge: 30ms", "probe: off", "probe: {interval: 1s}",
            "limits: {pending: 10}",
        ])
        func aClusterSaysHowItsServersAreUsed(keys: String) throws {
            let file = good.replacing("10.1.0.10]}", with: "10.1.0.10], \(keys)}")
            let (result, _) = try runWithFile(file, "check")
            #expect(result.status == .exited(0), "\(result.error)")
        }

        @Test(arguments: [
            "policy: best", "hedge: 30", "probe: {fall: 0}", "limits: {retries: x}", "tls: {ca: x}",
        ])
        func whatAClusterCannotSayIsRefused(keys: String) throws {
            let file = good.replacing("10.1.0.10]}", with: "10.1.0.10], \(keys)}")
            let (result, name) = try runWithFile(file, "check")
            #expect(result.status == .exited(1))
            #expect(result.error.hasPrefix("\(name):"), "\(result.error)")
        }

        @Test(arguments: [
            "", "- a\n- b\n", "listen: [", "\u{0}\u{1}", "a: &x [*x]", "listen: {}", "%YAML 9.9",
        ])
        func textThatIsNoConfigurationIsAnErrorAndNoCrash(text: String) throws {
            let (result, _) = try runWithFile(text, "check")
            #expect([.exited(0), .exited(1)].contains(result.status), "\(result)")
            if result.status == .exited(1) { #expect(!result.error.isEmpty) }
        }

        @Test func missingFileIsOneSentenceAndThree() throws {
            for command in [
                ["check", "/nonexistent/switchyard.yaml"], ["serve", "-c", "/nonexistent/switchyard.yaml"],
            ] {
                let result = try run(.switchyard, command)
                #expect(result.status == .exited(3), "\(command)")
                expectOneSentence(result)
                #expect(result.error.contains("/nonexistent/switchyard.yaml"))
            }
        }

        @Test func unreadableFileIsOneSentenceAndThree() throws {
            let directory = try TemporaryDirectory()
            let file = try directory.write(good, to: "switchyard.yaml")
            try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: file)
            let withoutRights = ["dac_override", "dac_read_search"]
            let result = try run(.switchyard, ["check", file], withoutCapabilities: withoutRights)
            #expect(result.status == .exited(3), "\(result)")
            expectOneSentence(result)
            // A directory cannot be read, either.
            let folder = try run(.switchyard, ["check", directory.path])
            #expect(folder.status == .exited(3), "\(folder)")
            expectOneSentence(folder)
        }

        @Test(arguments: ["127.0.0.1:5353", "0.0.0.0:5353"]) func serverThatIsItsOwnUpstreamIsRefused(
            listen: String
        ) throws {
            let text = good.replacing("127.0.0.1:5353", with: listen).replacing(
                "192.0.2.53",
                with: "127.0.0.1:5353"
            )
            let (result, file) = try runWithFile(text, "check")
            #expect(result.status == .exited(1))
            #expect(result.error.hasPrefix("\(file):2:22: 127.0.0.1:5353"), "\(result.error)")
        }

        // MARK: serve

        @Test func serveRefusesWhatCheckRefuses() throws {
            let text = good + "\nnonsense: 1\ncache: {size: many}"
            let (checked, _) = try runWithFile(text, "check")
            let (served, _) = try runWithFile(text, "serve", "-c")
            #expect(checked.status == .exited(1))
            #expect(served.status == .exited(1))
            func sentences(_ result: RunResult) -> [String] {
                result.error.split(separator: "\n").map {
                    $0.split(separator: "switchyard.yaml").last.map(String.init) ?? ""
                }
            }
            #expect(sentences(served) == sentences(checked))
            #expect(sentences(served).count == 2)
        }

        @Test func portInUseIsOneSentenceAndThree() throws {
            let port = try Lab.server.port
            for listen in ["127.0.0.1:\(port)", "0.0.0.0:\(port)"] {
                let (result, _) = try runWithFile(
                    good.replacing("127.0.0.1:5353", with: listen),
                    "serve",
                    "-c"
                )
                #expect(result.status == .exited(3), "\(result)")
                expectOneSentence(result)
                #expect(result.error.contains("\(port)"))
            }
            // The first is not disturbed.
            #expect(try dig("www.example.org", at: try Lab.server).status == "NOERROR")
        }

        @Test(arguments: [true, false]) func portHeldByAnotherProgramIsThree(isStream: Bool) throws {
            let port = try FreePort.find()
            let socket = try Socket(isStream ? .stream : .datagram, Endpoint("127.0.0.1", port).family)
            #expect(socket.bind(to: Endpoint("127.0.0.1", port)))
            #expect(!isStream || socket.listen())
            let text = good.replacing("127.0.0.1:5353", with: "127.0.0.1:\(port)")
            let (result, _) = try runWithFile(text, "serve", "-c")
            #expect(result.status == .exited(3), "\(result)")
            expectOneSentence(result)
        }

        @Test func privilegedPortWithoutPermissionIsOneSentenceAndThree() throws {
            let directory = try TemporaryDirectory()
            let text = good.replacing("127.0.0.1:5353", with: "127.0.0.1:53")
            let file = try directory.write(text, to: "switchyard.yaml")
            let result = try run(
                .switchyard,
                ["serve", "-c", file],
                withoutCapabilities: ["net_bind_service"]
            )
            #expect(result.status == .exited(3), "\(result)")
            expectOneSentence(result)
            #expect(result.error.contains("127.0.0.1:53"))
        }

        @Test func addressThatTheMachineDoesNotHaveIsOneSentenceAndThree() throws {
            let text = good.replacing("127.0.0.1:5353", with: "192.0.2.1:5353")
            let (result, _) = try runWithFile(text, "serve", "-c")
            #expect(result.status == .exited(3), "\(result)")
            expectOneSentence(result)
        }

        // MARK: Usage

        @Test(arguments: [
            ["nonsense"], ["serve", "--nonsense"], ["check"], ["check", "a", "b"], ["serve", "-c"],
            ["demo", "--nonsense"],
        ])
        func wrongUsageIsTwo(arguments: [String]) throws {
            let result = try run(.switchyard, arguments)
            #expect(result.status == .exited(2), "\(result)")
            #expect(result.error.contains("Usage"))
            #expect(result.output.isEmpty)
        }

        @Test(arguments: [
            ["--help"], ["serve", "--help"], ["check", "--help"], ["demo", "--help"], ["--version"],
        ])
        func helpAndVersionAreZeroOnStandardOutput(arguments: [String]) throws {
            let result = try run(.switchyard, arguments)
            #expect(result.status == .exited(0), "\(result)")
            #expect(!result.output.isEmpty)
            #expect(result.error.isEmpty)
        }

        /// One line, no trace of the inside, on standard error only.
        private func expectOneSentence(_ result: RunResult, sourceLocation: SourceLocation = #_sourceLocation)
        {
            let lines = result.error.split(separator: "\n")
            #expect(lines.count == 1, "\(result.error)", sourceLocation: sourceLocation)
            #expect(result.output.isEmpty, sourceLocation: sourceLocation)
            #expect(!result.error.contains("Error Domain"), sourceLocation: sourceLocation)
        }
    }
}
