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
                #expect(
                    table.longestMatch(name.bytes, labelCount: name.labelCount)
                        == best.map { found in
                            SuffixTable.Match(value: found.value, offset: name.length - found.name.length)
                        }
                )
            }
        }
    }

    @Test func findsNamesOfThe127LabelsThatFit() throws {
        let label: [UInt8] = [UInt8(ascii: "a")]
        let deep = try #require(DomainName(labels: Array(repeating: label, count: 127)))
        let table = SuffixTable([(deep, 7), (try name("a.a"), 8)])
        #expect(table.longestMatch(deep.bytes, labelCount: deep.labelCount)?.value == 7)
        let parent = try #require(deep.parent)
        #expect(table.longestMatch(parent.bytes, labelCount: parent.labelCount)?.value == 8)
    }

    @Test func entriesAreFoundWhateverTheirCase() throws {
        let table = SuffixTable([(try name("East.K8S.corp"), 1)])
        let folded = try name("web.east.k8s.corp")
        #expect(table.longestMatch(folded.bytes, labelCount: folded.labelCount)?.value == 1)
    }

    @Test func ofEqualNamesTheFirstWins() throws {
        let table = SuffixTable([(try name("east.corp"), 1), (try name("EAST.corp"), 2)])
        let folded = try name("east.corp")
        #expect(table.longestMatch(folded.bytes, labelCount: folded.labelCount)?.value == 1)
    }

    @Test func anEmptyTableHasNothing() throws {
        let folded = try name("east.corp")
        #expect(SuffixTable([]).longestMatch(folded.bytes, labelCount: folded.labelCount) == nil)
    }

    @Test func octetsAbove127AreCompared() throws {
        let entry = try #require(DomainName(labels: [[0xC3, 0xA4], [0xFF]]))
        let other = try #require(DomainName(labels: [[0xC3, 0x84], [0xFF]]))
        let table = SuffixTable([(entry, 1)])
        #expect(table.longestMatch(entry.bytes, labelCount: entry.labelCount)?.value == 1)
        #expect(table.longestMatch(other.bytes, labelCount: other.labelCount) == nil)
    }

    /// Names are compared by words of eight octets: each octet must count, wherever it stands in its word.
    @Test func namesThatDifferInOneOctetAreTwo() throws {
        for length in 1...40 {
            let label = [UInt8](repeating: UInt8(ascii: "a"), count: length)
            let entry = try #require(DomainName(labels: [label]))
            let table = SuffixTable([(entry, 1)])
            #expect(table.longestMatch(entry.bytes, labelCount: 1)?.value == 1)
            for i in 0..<length {
                var changed = label
                changed[i] = UInt8(ascii: "b")
                let other = try #require(DomainName(labels: [changed]))
                #expect(table.longestMatch(other.bytes, labelCount: 1) == nil, "octet \(i) of \(length)")
            }
            for other in [length - 1, length + 1] where other > 0 {
                let shorter = try #require(DomainName(labels: [Array(repeating: label[0], count: other)]))
                #expect(table.longestMatch(shorter.bytes, labelCount: 1) == nil, "\(other) for \(length)")
            }
        }
    }

    @Test func theLongestOfManyNestedSuffixesWins() throws {
        let names = try ["corp", "k8s.corp", "eu.k8s.corp", "east.eu.k8s.corp"].map { try name($0) }
        let table = SuffixTable(names.enumerated().map { ($1, Int32($0)) })
        for (value, entry) in names.enumerated() {
            let below = try #require(entry.prepending(Array("x".utf8)))
            let found = table.longestMatch(below.bytes, labelCount: below.labelCount)
            #expect(found == SuffixTable.Match(value: Int32(value), offset: 2))
        }
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
