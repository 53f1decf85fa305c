import Testing

/// Where code may be that the compiler cannot prove safe; docs/ARCHITECTURE.md says why.
@Suite struct UnsafeCodeTests {
    /// Whole targets that wrap a C library, and single files.
    private static let places = [
        "EventLoop", "HTTP", "PresentationFormat", "TLS", "Transport",
        "AnswerCache/CacheKey.swift", "AnswerCache/Region.swift", "CacheFile/FileAccess.swift",
        "Configuration/ConfigurationFile.swift", "Configuration/YAMLParser.swift",
        "DNSWire/DomainName.swift", "DNSWire/RawSpan+Load.swift", "DNSWire/WireBuffer.swift",
        "EmbeddedClusters/EmbeddedClusterThread.swift", "Forwarding/ForwardingSnapshot+Borrowing.swift",
        "Metrics/CounterTable.swift", "QueryEvents/QueryRing.swift", "Server/LogDescriptor.swift",
        "Server/StandardStream.swift", "switchyard/Terminal.swift",
        "Scenarios/StreamClient.swift", "packetpath/StandardError.swift",
        "FaultLab/FaultyServers.swift",
    ]

    private static func isIn(_ source: SwiftSource, _ place: String) -> Bool {
        source.path.hasSuffix("/\(place)") || source.target == place
    }

    /// `unsafe` before an expression; attributes such as `nonisolated(unsafe)` have a test of their own.
    private static func isUnsafe(_ source: SwiftSource) -> Bool {
        source.code.contains { $0.contains(/\bunsafe\b(?!\))/) }
    }

    @Test func unsafeCodeIsInTheListedPlaces() {
        for source in SwiftSource.all where Self.isUnsafe(source) {
            let isListed = Self.places.contains { Self.isIn(source, $0) }
            #expect(isListed, "\(source.path) is not in the list")
        }
    }

    @Test(arguments: places)
    func everyListedPlaceHasSome(place: String) {
        #expect(SwiftSource.all.contains { Self.isIn($0, place) && Self.isUnsafe($0) })
    }

    @Test(arguments: places)
    func theArchitectureNamesThePlace(place: String) throws {
        let architecture = try #require(Project.text("docs/ARCHITECTURE.md"))
        #expect(architecture.contains("`\(place)`"))
    }

    @Test func whatTheCompilerIsToldToTrustHasAReason() {
        for source in SwiftSource.all {
            for (number, line) in source.code.enumerated() {
                guard line.contains(/@unchecked Sendable|nonisolated\(unsafe\)|@safe\b/) else { continue }
                let near = source.lines[max(0, number - 4)..<min(source.lines.count, number + 5)]
                #expect(near.contains { $0.contains("SAFETY:") }, "\(source.place(number))")
            }
        }
    }

    @Test func nothingIsForced() {
        for source in SwiftSource.all {
            for (number, line) in source.code.enumerated() {
                let found = line.firstMatch(of: /\b(try|as)!|[\w)\]]!(?!=)/)
                #expect(found == nil, "\(source.place(number))")
            }
        }
    }
}
