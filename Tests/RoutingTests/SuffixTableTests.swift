import DNSWire
import Testing

@testable import Routing

/// The hash table of suffixes against a list that is searched from end to end.
@Suite struct SuffixTableTests {
    @Test(arguments: [UInt64(1), 2, 3, 4, 5])
    func findsTheLongestSuffixAsAListDoes(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for round in 0..<60 {
            var entries: [(name: DomainName, value: Int32)] = []
            for value in 0..<Int.random(in: 1...(round + 2), using: &random) {
                let name = try randomName(labels: 0...4, &random)
                if entries.contains(where: { $0.name == name }) { continue }
                entries.append((name, Int32(value)))
            }
            let table = SuffixTable(entries)
            for _ in 0..<60 {
                let name = try randomName(labels: 0...6, &random)
                let best = entries.filter { name.isAtOrBelow($0.name) }.max {
                    $0.name.length < $1.name.length
                }
                #expect(table.longestMatch(name.bytes, LabelStarts(name.bytes)) == best?.value)
            }
        }
    }

    @Test func findsNamesOfThe127LabelsThatFit() throws {
        let label: [UInt8] = [UInt8(ascii: "a")]
        let deep = try #require(DomainName(labels: Array(repeating: label, count: 127)))
        let table = SuffixTable([(deep, 7), (try name("a.a"), 8)])
        #expect(table.longestMatch(deep.bytes, LabelStarts(deep.bytes)) == 7)
        let parent = try #require(deep.parent)
        #expect(table.longestMatch(parent.bytes, LabelStarts(parent.bytes)) == 8)
    }

    @Test func entriesAreFoundWhateverTheirCase() throws {
        let table = SuffixTable([(try name("East.K8S.corp"), 1)])
        let folded = try name("web.east.k8s.corp")
        #expect(table.longestMatch(folded.bytes, LabelStarts(folded.bytes)) == 1)
    }

    @Test func ofEqualNamesTheFirstWins() throws {
        let table = SuffixTable([(try name("east.corp"), 1), (try name("EAST.corp"), 2)])
        let folded = try name("east.corp")
        #expect(table.longestMatch(folded.bytes, LabelStarts(folded.bytes)) == 1)
    }

    @Test func anEmptyTableHasNothing() throws {
        let folded = try name("east.corp")
        #expect(SuffixTable([]).longestMatch(folded.bytes, LabelStarts(folded.bytes)) == nil)
    }

    @Test func octetsAbove127AreCompared() throws {
        let entry = try #require(DomainName(labels: [[0xC3, 0xA4], [0xFF]]))
        let other = try #require(DomainName(labels: [[0xC3, 0x84], [0xFF]]))
        let table = SuffixTable([(entry, 1)])
        #expect(table.longestMatch(entry.bytes, LabelStarts(entry.bytes)) == 1)
        #expect(table.longestMatch(other.bytes, LabelStarts(other.bytes)) == nil)
    }

    /// Few distinct labels, so that names share suffixes.
    private func randomName(labels: ClosedRange<Int>, _ random: inout SeededGenerator) throws -> DomainName {
        let words = ["a", "b", "ab", "ba", "east", "k8s"]
        let parts = (0..<Int.random(in: labels, using: &random)).map { _ in
            Array(words[Int.random(in: 0..<words.count, using: &random)].utf8)
        }
        return try #require(DomainName(labels: parts))
    }
}
