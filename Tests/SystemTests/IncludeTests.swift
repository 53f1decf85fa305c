import Foundation
import Testing

extension SystemTests {
    /// Files that change while the server runs, without a signal.
    @Suite struct IncludeTests {
        private static let main = """
            listen: [127.0.0.1:PORT]
            workers: 1
            upstream: {servers: ["127.0.0.1:1"]}
            zonePattern: "{cluster}.k8s.corp"
            include: [clusters.d/*.yaml]

            """

        /// A server whose directory of clusters is empty, and an upstream for them.
        private static func start() throws -> (server: TestServer, upstream: ScriptedUpstream) {
            let upstream = try ReloadTests.upstream("10.0.0.1")
            let server = try TestServer.switchyard(main)
            return (server, upstream)
        }

        private static func cluster(_ name: String, _ upstream: ScriptedUpstream) -> String {
            "name: \(name)\nservers: [\"\(upstream.endpoint)\"]\n"
        }

        /// Does something to the files, and waits until the server has loaded them, or refused to.
        private static func after(_ server: TestServer, _ change: () throws -> Void) throws -> String {
            // It tells of the start before it follows files.
            guard waitUntil(seconds: 10, { server.process.log.contains("listening") }) else {
                throw HarnessError("not started: \(server.process.log)")
            }
            let before = server.process.log
            try change()
            return try server.waitForReload(after: before)
        }

        private static func status(_ cluster: String, at server: TestServer) throws -> String {
            try dig("n\(Int.random(in: 0..<1_000_000)).\(cluster).k8s.corp", at: server.endpoint).status
        }

        // MARK: Included files

        @Test func filesThatComeAndGoBringAndTakeTheirClusters() throws {
            let (server, upstream) = try Self.start()
            defer { upstream.stop() }
            let directory = server.directory
            // The directory itself is new, too.
            let log = try Self.after(server) {
                try directory.write(Self.cluster("east", upstream), to: "clusters.d/east.yaml")
            }
            #expect(log.contains("configuration loaded clusters=1"), "\(log)")
            #expect(try Self.status("east", at: server) == "NOERROR")
            _ = try Self.after(server) {
                let list = "- {name: west, servers: [\"\(upstream.endpoint)\"]}\n"
                try directory.write(list, to: "clusters.d/west.yaml")
            }
            #expect(try Self.status("west", at: server) == "NOERROR")
            _ = try Self.after(server) {
                try FileManager.default.removeItem(atPath: "\(directory.path)/clusters.d/east.yaml")
            }
            #expect(try Self.status("east", at: server) == "NXDOMAIN")
            #expect(try Self.status("west", at: server) == "NOERROR")
        }

        @Test func brokenFileStaysAsItWasAndAllElseIsLoaded() throws {
            let (server, upstream) = try Self.start()
            defer { upstream.stop() }
            let directory = server.directory
            _ = try Self.after(server) {
                try directory.write(Self.cluster("east", upstream), to: "clusters.d/east.yaml")
            }
            let log = try Self.after(server) {
                try directory.write("name: east\nservers: [300.1.1.1]\n", to: "clusters.d/.new")
                try directory.move("clusters.d/.new", to: "clusters.d/east.yaml")
                try directory.write(Self.cluster("west", upstream), to: "clusters.d/.new")
                try directory.move("clusters.d/.new", to: "clusters.d/west.yaml")
            }
            #expect(log.contains("error \(directory.path)/clusters.d/east.yaml:2:11: "), "\(log)")
            #expect(log.contains("these included files stay as they were"), "\(log)")
            for cluster in ["east", "west"] {
                #expect(try Self.status(cluster, at: server) == "NOERROR", "\(cluster)")
            }
        }

        @Test func duplicateInAnotherFileIsRefusedWithBothPlaces() throws {
            let (server, upstream) = try Self.start()
            defer { upstream.stop() }
            let directory = server.directory
            _ = try Self.after(server) {
                try directory.write(Self.cluster("east", upstream), to: "clusters.d/1.yaml")
            }
            let log = try Self.after(server) {
                try directory.write(Self.cluster("east", upstream), to: "clusters.d/2.yaml")
            }
            let places = "clusters.d/2.yaml:1:7: cluster `east` is defined twice, first in "
            #expect(log.contains(places + "\(directory.path)/clusters.d/1.yaml:1:7"), "\(log)")
            #expect(try Self.status("east", at: server) == "NOERROR")
        }

        // MARK: The file itself

        @Test func fileIsFollowedWhetherItIsWrittenOrReplaced() throws {
            let (server, upstream) = try Self.start()
            defer { upstream.stop() }
            func text(_ name: String) -> String {
                Self.main.replacing("PORT", with: "\(server.endpoint.port)")
                    + "clusters: [{name: \(name), servers: [\"\(upstream.endpoint)\"]}]\n"
            }
            let file = "\(server.directory.path)/switchyard.yaml"
            _ = try Self.after(server) { try server.directory.write(text("written"), to: "switchyard.yaml") }
            #expect(try Self.status("written", at: server) == "NOERROR")
            _ = try Self.after(server) {
                // As editors do it.
                try server.directory.write(text("replaced"), to: "switchyard.yaml~")
                try server.directory.move("switchyard.yaml~", to: "switchyard.yaml")
            }
            #expect(try Self.status("replaced", at: server) == "NOERROR")
            #expect(try Self.status("written", at: server) == "NXDOMAIN")
            let log = try Self.after(server) {
                try server.directory.move("switchyard.yaml", to: "switchyard.yaml.old")
            }
            #expect(log.contains("cannot read \(file): there is no such file"), "\(log)")
            #expect(try Self.status("replaced", at: server) == "NOERROR")
            _ = try Self.after(server) { try server.directory.write(text("back"), to: "switchyard.yaml") }
            #expect(try Self.status("back", at: server) == "NOERROR")
        }

        @Test func fileThatIsWrittenInPartsIsLoadedWhenItIsWhole() throws {
            let (server, upstream) = try Self.start()
            defer { upstream.stop() }
            let directory = server.directory
            let text = Self.cluster("east", upstream)
            let path = "\(directory.path)/clusters.d/east.yaml"
            try FileManager.default.createDirectory(
                atPath: "\(directory.path)/clusters.d",
                withIntermediateDirectories: true
            )
            let log = try Self.after(server) {
                #expect(FileManager.default.createFile(atPath: path, contents: nil))
                let file = try #require(FileHandle(forWritingAtPath: path))
                file.write(Data(text.utf8.prefix(20)))
                usleep(400_000)
                file.write(Data(text.utf8.dropFirst(20)))
                try file.close()
            }
            // It may have been read before it was whole, and then again.
            let isThere = waitUntil(seconds: 10) { (try? Self.status("east", at: server)) == "NOERROR" }
            #expect(isThere, "\(log)\(server.process.log)")
        }

        @Test func otherFilesOfTheDirectoryAreNoReason() throws {
            let (server, upstream) = try Self.start()
            defer { upstream.stop() }
            let log = try Self.after(server) {
                for i in 0..<5 {
                    try server.directory.write("\(i)", to: "notes-\(i).txt")
                    usleep(150_000)
                }
                try server.directory.write(Self.cluster("east", upstream), to: "clusters.d/east.yaml")
            }
            #expect(log.split(separator: "\n").count == 1, "\(log)")
        }

        // MARK: Kubernetes

        @Test func mountedConfigMapIsFollowed() throws {
            let upstream = try ReloadTests.upstream("10.0.0.1")
            defer { upstream.stop() }
            let mount = try TemporaryDirectory()
            /// Writes a version as the kubelet does: a directory, and a link to it that is replaced.
            func publish(_ version: String, _ files: [String: String]) throws {
                for (name, text) in files { try mount.write(text, to: "..\(version)/\(name)") }
                try FileManager.default.createSymbolicLink(
                    atPath: "\(mount.path)/..data_tmp",
                    withDestinationPath: "..\(version)"
                )
                try mount.move("..data_tmp", to: "..data")
                let present = try FileManager.default.contentsOfDirectory(atPath: mount.path)
                for name in present where !name.hasPrefix("..") && files[name] == nil {
                    try FileManager.default.removeItem(atPath: "\(mount.path)/\(name)")
                }
                for name in files.keys where !present.contains(name) {
                    try FileManager.default.createSymbolicLink(
                        atPath: "\(mount.path)/\(name)",
                        withDestinationPath: "..data/\(name)"
                    )
                }
            }
            var probe = TestMessage(query: "version.bind", Type.txt)
            probe.questions[0].questionClass = 3
            var text = Self.main.replacing("clusters.d/*.yaml", with: "cluster-*.yaml")
            let server = try TestServer(.switchyard, probe: probe) { _, port in
                text = text.replacing("PORT", with: "\(port)")
                let east = Self.cluster("east", upstream)
                try publish("v1-\(port)", ["main.yaml": text, "cluster-1.yaml": east])
                return ["serve", "-c", "\(mount.path)/main.yaml"]
            }
            #expect(try Self.status("east", at: server) == "NOERROR")
            let moved = ["main.yaml": text, "cluster-1.yaml": Self.cluster("west", upstream)]
            _ = try Self.after(server) { try publish("v2", moved) }
            #expect(try Self.status("west", at: server) == "NOERROR")
            #expect(try Self.status("east", at: server) == "NXDOMAIN")
            let broken = moved.merging(["main.yaml": "clusters: ["]) { $1 }
            let log = try Self.after(server) { try publish("v3", broken) }
            #expect(log.contains("error \(mount.path)/main.yaml:"), "\(log)")
            #expect(try Self.status("west", at: server) == "NOERROR")
            let more = moved.merging(["cluster-2.yaml": Self.cluster("north", upstream)]) { $1 }
            _ = try Self.after(server) { try publish("v4", more) }
            let isThere = waitUntil(seconds: 10) { (try? Self.status("north", at: server)) == "NOERROR" }
            #expect(isThere, "\(server.process.log)")
        }

        // MARK: check and the start

        @Test func checkAndServeFollowIncludes() throws {
            let directory = try TemporaryDirectory()
            let file = try directory.write(
                Self.main.replacing("PORT", with: "\(try FreePort.find())"),
                to: "switchyard.yaml"
            )
            let empty = try run(.switchyard, ["check", file])
            #expect(empty.status == .exited(0))
            #expect(empty.error.contains("\(file):5:11: warning: `clusters.d/*.yaml` matches no file"))
            try directory.write("name: east\nservers: [192.0.2.1]\n", to: "clusters.d/east.yaml")
            let good = try run(.switchyard, ["check", file])
            #expect(good.output.contains("valid, 1 cluster\n"), "\(good)")
            try directory.write("name: east\nserver: 192.0.2.1\n", to: "clusters.d/east.yaml")
            for command in [["check", file], ["serve", "-c", file]] {
                let bad = try run(.switchyard, command)
                #expect(bad.status == .exited(1), "\(command)")
                #expect(bad.error.contains("clusters.d/east.yaml:2:1: unknown key `server`"), "\(bad)")
            }
        }
    }
}
