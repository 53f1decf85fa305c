import Testing

/// What no file of the project holds.
@Suite struct TextTests {
    private static let files =
        (Project.files() + [".swift-format", ".editorconfig", ".gitignore", ".ci/run"])
        .filter { $0 != "Package.resolved" }

    private static func expectNone<Output>(_ word: Regex<Output>, except: Set<String> = []) {
        for file in files where !except.contains(file) {
            let lines = (Project.text(file) ?? "").split(separator: "\n", omittingEmptySubsequences: false)
            for (number, line) in lines.enumerated() {
                #expect(!line.contains(word), "\(file):\(number + 1)")
            }
        }
    }

    @Test func noPathOfSomebodysMachine() {
        Self.expectNone(#/\/(home|Users|root|work)\/[a-z]/#, except: ["Tests/TidyTests/TextTests.swift"])
    }

    @Test func nothingIsLeftForLater() {
        Self.expectNone(/\b(TODO|FIXME|XXX)\b/, except: ["Tests/TidyTests/TextTests.swift"])
    }

    @Test func noConflictIsLeft() {
        Self.expectNone(#/^(<<<<<<<|>>>>>>>) /#)
    }

    @Test func textFilesEndWithOneNewline() {
        for file in Self.files where !file.contains("/Fixtures/") {
            guard let text = Project.text(file), !text.isEmpty else { continue }
            #expect(text.hasSuffix("\n") && !text.hasSuffix("\n\n"), "\(file)")
        }
    }
}
