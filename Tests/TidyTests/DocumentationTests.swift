import Foundation
import Testing

@testable import Configuration

/// The documentation says what the code does, as far as a machine can tell.
@Suite struct DocumentationTests {
    private static let pages = Project.files(ending: ".md")

    @Test(arguments: pages)
    func linksLeadSomewhere(page: String) throws {
        let text = try #require(Project.text(page))
        let folder = page.split(separator: "/").dropLast().joined(separator: "/")
        for link in text.matches(of: /\]\(([^)\s]+)\)/).map(\.1) where !link.contains("://") {
            let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            let target = parts[0].isEmpty ? page : folder.isEmpty ? String(parts[0]) : "\(folder)/\(parts[0])"
            #expect(Project.exists(target), "\(page): \(link)")
            guard parts.count == 2 else { continue }
            #expect(Self.anchors(of: target).contains(String(parts[1])), "\(page): \(link)")
        }
    }

    /// The anchors of a page's headings: lower case, hyphens for blanks, no other signs.
    private static func anchors(of page: String) -> [String] {
        (Project.text(page) ?? "").matches(of: /(?m)^#+ (.+)$/).map { heading in
            String(
                heading.1.lowercased().compactMap { character in
                    character == " "
                        ? "-"
                        : character.isLetter || character.isNumber || "-_".contains(character)
                            ? character : nil
                }
            )
        }
    }

    // MARK: - Configuration

    private static func configuration(_ text: String) throws -> ServerConfiguration {
        try ConfigurationLoader.parse(text, file: "example") { _ throws(UnreadableFile) in
            "nameserver 192.0.2.53\n"
        }
    }

    private static func examples(in page: String) -> [String] {
        (Project.text(page) ?? "").matches(of: /(?ms)^```yaml\n(.*?)^```/).map { String($0.1) }
    }

    @Test(arguments: pages)
    func everyExampleIsAValidConfiguration(page: String) {
        for example in Self.examples(in: page) {
            // One that only has comments is about something else.
            let lines = example.split(separator: "\n")
            if lines.allSatisfy({ $0.hasPrefix("#") }) { continue }
            #expect(throws: Never.self, "\(page):\n\(example)") { try Self.configuration(example) }
        }
    }

    @Test func theReferenceHasEveryKey() throws {
        let reference = try #require(Project.text("docs/CONFIGURATION.md"))
        for section in Section.allCases {
            let prefix =
                switch section {
                case .root, .included: ""
                case .cluster: "clusters[]."
                case .server: "servers[]."
                default: "\(section)."
                }
            for key in section.keys {
                let name = "`\(prefix)\(key)"
                let isThere = reference.contains("\(name)`") || reference.contains("\(name).")
                #expect(isThere, "\(name)")
            }
        }
    }

    @Test func theFirstExampleOfTheReferenceIsTheDefaults() throws {
        let example = try #require(Self.examples(in: "docs/CONFIGURATION.md").first)
        let written = try Self.configuration(example)
        let builtIn = try Self.configuration("{}")
        #expect(String(reflecting: written) == String(reflecting: builtIn))
    }

    // MARK: - Version

    @Test func theChangelogHasTheVersion() throws {
        let source = try #require(Project.text("Sources/Server/ServerVersion.swift"))
        let version = try #require(source.firstMatch(of: /number = "([0-9.]+)"/)?.1)
        let changelog = try #require(Project.text("CHANGELOG.md"))
        #expect(changelog.contains("\n## \(version)"))
    }
}
