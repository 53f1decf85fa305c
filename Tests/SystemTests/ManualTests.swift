import Foundation
import Testing

extension SystemTests {
    /// The manual pages and completions, made of the command and the reference.
    @Suite struct ManualTests {
        private static let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        private static let shell = Tool(name: "sh", package: "dash")
        private static let mandoc = Tool(name: "mandoc", package: "mandoc")
        private static let groff = Tool(name: "groff", package: "groff")

        /// Makes the pages, and gives the folder that they are in.
        private func pages() throws -> TemporaryDirectory {
            let directory = try TemporaryDirectory()
            let script = Self.root.appendingPathComponent("docs/man/make-pages").path
            let made = try run(Self.shell, [script, Tool.switchyard.path(), directory.path])
            #expect(made.status == .exited(0), "\(made.error)")
            return directory
        }

        private func text(_ page: String, in directory: TemporaryDirectory) throws -> String {
            try String(contentsOfFile: "\(directory.path)/\(page)", encoding: .utf8)
        }

        @Test func formattersHaveNothingToComplainAbout() throws {
            let directory = try pages()
            for page in ["switchyard.8", "switchyard.yaml.5"] {
                let path = "\(directory.path)/\(page)"
                let lint = try run(Self.mandoc, ["-T", "lint", "-W", "warning", path])
                #expect(lint.status == .exited(0), "\(lint.output)")
                let groff = try run(Self.groff, ["-ww", "-Kutf8", "-mandoc", "-Tutf8", "-z", path])
                #expect(groff.error.isEmpty, "\(groff.error)")
                #expect(groff.status == .exited(0))
            }
        }

        @Test func aPageThatIsWrongIsNoticed() throws {
            let directory = try TemporaryDirectory()
            let path = try directory.write(".Dd x\n.Sh NAME\n.Bl\n", to: "wrong.8")
            #expect(try run(Self.mandoc, ["-T", "lint", "-W", "warning", path]).status != .exited(0))
        }

        @Test func everyCommandAndEachOfItsOptionsIsThere() throws {
            let page = try text("switchyard.8", in: try pages())
            let dump = try run(.switchyard, ["--experimental-dump-help"]).output
            let tool = try #require(try JSONSerialization.jsonObject(with: Data(dump.utf8)) as? [String: Any])
            let command = try #require(tool["command"] as? [String: Any])
            let subcommands = try #require(command["subcommands"] as? [[String: Any]])
            #expect(subcommands.count >= 4)
            for subcommand in subcommands {
                let name = try #require(subcommand["commandName"] as? String)
                if name == "help" { continue }
                #expect(page.contains("\n.Ss \(name)\n"), "\(name)")
                for argument in subcommand["arguments"] as? [[String: Any]] ?? [] {
                    for option in argument["names"] as? [[String: Any]] ?? [] {
                        let long = option["name"] as? String ?? ""
                        if ["help", "version"].contains(long) || option["kind"] as? String != "long" {
                            continue
                        }
                        #expect(page.contains("--\(long)"), "\(name) --\(long)")
                    }
                }
            }
        }

        @Test func everyKeyOfTheConfigurationIsThere() throws {
            let page = try text("switchyard.yaml.5", in: try pages())
            let schema = Self.root.appendingPathComponent("config/switchyard.schema.json")
            let json = try JSONSerialization.jsonObject(with: try Data(contentsOf: schema))
            let keys = Self.keys(json)
            #expect(keys.count > 30)
            for key in keys { #expect(page.contains(key), "\(key)") }
        }

        /// The names of all properties of a schema.
        private static func keys(_ json: Any) -> Set<String> {
            if let list = json as? [Any] { return Set(list.flatMap(keys)) }
            guard let object = json as? [String: Any] else { return [] }
            let properties = (object["properties"] as? [String: Any]).map { Set($0.keys) } ?? []
            return object.values.reduce(properties) { $0.union(keys($1)) }
        }

        @Test(arguments: ["bash", "zsh", "fish"]) func completionsAreMade(shell: String) throws {
            let made = try run(.switchyard, ["--generate-completion-script", shell])
            #expect(made.status == .exited(0))
            #expect(made.output.contains("import"))
            #expect(made.error.isEmpty)
        }

        @Test func whatIsInstalledIsAllOfIt() throws {
            let directory = try TemporaryDirectory()
            let script = Self.root.appendingPathComponent("packaging/install").path
            let installed = try run(
                Self.shell,
                [script, Tool.switchyard.path(), directory.path, "/usr/local"],
                seconds: 60
            )
            #expect(installed.status == .exited(0), "\(installed.error)")
            for file in [
                "bin/switchyard", "share/man/man8/switchyard.8", "share/man/man5/switchyard.yaml.5",
                "share/bash-completion/completions/switchyard", "share/zsh/site-functions/_switchyard",
                "share/fish/vendor_completions.d/switchyard.fish", "share/switchyard/minimal.yaml",
                "share/switchyard/switchyard.schema.json", "share/switchyard/grafana/switchyard.json",
                "share/switchyard/prometheus/alerts.yaml",
                "share/switchyard/kubernetes/overlays/example/kustomization.yaml",
            ] {
                let path = "\(directory.path)/usr/local/\(file)"
                let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size]) as? Int ?? 0
                #expect(size > 0, "\(file)")
            }
        }
    }
}
