import DNSWire
import Testing

@Suite struct DomainNameReadingTests {
    @Test func readsLabelsUpToTheRoot() throws {
        let read = try readName([0xFF] + label(3) + label(2, 0) + [0, 0xFF], at: 1)
        #expect(read.name.labels == [Array("aaa".utf8), [0, 0]])
        #expect(read.end == 9)
        #expect(read.name.length == 8)
    }

    @Test func readsTheRoot() throws {
        let read = try readName([0], at: 0)
        #expect(read.name.isRoot && read.name.length == 1 && read.end == 1 && read.name.labels.isEmpty)
    }

    @Test func followsPointersBackwardsAndEndsBehindTheFirst() throws {
        // 12: "aaa." 17: "bb" -> 12; 22: "c" -> 17
        let octets = header() + label(3) + [0] + label(2) + [0xC0, 12] + label(1) + [0xC0, 17, 9]
        let read = try readName(octets, at: 22)
        #expect(read.name == (try name("a.aa.aaa")))
        #expect(read.end == 26)
    }

    @Test func takesLabelsOf63OctetsAndNotOf64() throws {
        #expect(try readName(label(63) + [0], at: 0).name.labels.first?.count == 63)
        #expect(throws: WireError.badLabel) { try readName(label(64) + [0], at: 0) }
        #expect(throws: WireError.badLabel) { try readName([0x80, 1, 0], at: 0) }
        #expect(throws: WireError.badLabel) { try readName([0xBF, 1, 0], at: 0) }
    }

    @Test func takesNamesOf255OctetsAndNotOf256() throws {
        let most = label(63) + label(63) + label(63)
        let longest = try readName(most + label(61) + [0], at: 0).name
        #expect(longest.length == 255)
        #expect(throws: WireError.nameTooLong) { try readName(most + label(62) + [0], at: 0) }
        // 127 labels of one octet and the root fill 255 octets as well.
        let many = try readName((0..<127).flatMap { _ in label(1) } + [0], at: 0).name
        #expect(many.length == 255 && many.labelCount == 127)
        #expect(throws: WireError.nameTooLong) {
            try readName((0..<128).flatMap { _ in label(1) } + [0], at: 0)
        }
    }

    @Test func countsTheOctetsBehindPointersToo() throws {
        let tail = header() + label(63) + label(63) + label(63) + [0]
        let pointer: [UInt8] = [0xC0, 12]
        #expect(try readName(tail + label(61) + pointer, at: tail.count).name.length == 255)
        #expect(throws: WireError.nameTooLong) { try readName(tail + label(62) + pointer, at: tail.count) }
    }

    @Test func refusesPointersThatDoNotGoBackwards() {
        let start = header()
        // To itself, forwards, and behind the end.
        #expect(throws: WireError.badPointer) { try readName(start + [0xC0, 12, 0], at: 12) }
        #expect(throws: WireError.badPointer) { try readName(start + [0xC0, 14, 0], at: 12) }
        #expect(throws: WireError.badPointer) { try readName(start + [0xFF, 0xFF, 0], at: 12) }
        // Into the own labels: the name would never end.
        #expect(throws: WireError.badPointer) { try readName(start + label(1) + [0xC0, 12], at: 12) }
        #expect(throws: WireError.badPointer) { try readName(start + label(1) + [0xC0, 14], at: 12) }
    }

    @Test func refusesLoopsOfPointers() {
        // 12 -> 14 -> 12, read from behind.
        let loop = header() + [0xC0, 14, 0xC0, 12]
        #expect(throws: WireError.badPointer) { try readName(loop, at: 12) }
        #expect(throws: WireError.badPointer) { try readName(loop, at: 14) }
        #expect(throws: WireError.badPointer) { try readName(loop + label(1) + [0xC0, 14], at: 16) }
    }

    @Test func refusesPointersIntoTheHeader() {
        #expect(throws: WireError.badPointer) { try readName(header() + [0xC0, 11], at: 12) }
        #expect(throws: WireError.badPointer) { try readName(header() + [0xC0, 0], at: 12) }
    }

    @Test func endsWithEveryLengthOfChainOfPointers() throws {
        var octets = header() + [0]
        for i in 0..<5000 {
            octets += [0xC0 | UInt8((12 + 1 + 2 * (i - 1)) >> 8), UInt8((11 + 2 * i) & 0xFF)]
        }
        octets[13] = 0xC0
        octets[14] = 12
        let read = try readName(octets, at: octets.count - 2)
        #expect(read.name.isRoot && read.end == octets.count)
    }

    @Test func isTruncatedAtEveryOctetButTheLast() {
        let whole = label(3) + label(63) + [0]
        for count in 0..<whole.count {
            #expect(throws: WireError.truncated) { try readName(Array(whole.prefix(count)), at: 0) }
        }
        #expect(throws: WireError.truncated) { try readName(header() + label(1) + [0xC0], at: 12) }
        #expect(throws: WireError.truncated) { try readName([0], at: 1) }
    }
}

@Suite struct DomainNameMakingTests {
    @Test func isMadeOfTextWithOrWithoutALastDot() throws {
        #expect(DomainName("web.example.org") == DomainName("web.example.org."))
        #expect(DomainName("")?.isRoot == true)
        #expect(DomainName(".")?.isRoot == true)
    }

    @Test(arguments: ["a..b", "..", ".a", "a..", String(repeating: "a", count: 64)])
    func isNotMadeOfTextThatIsNoName(text: String) {
        #expect(DomainName(text) == nil)
    }

    @Test func isNotMadeOfBadLabels() {
        #expect(DomainName(labels: [[]]) == nil)
        #expect(DomainName(labels: [Array(repeating: 1, count: 64)]) == nil)
        let most = Array(repeating: Array(repeating: UInt8(1), count: 63), count: 3)
        #expect(DomainName(labels: most + [Array(repeating: 1, count: 61)])?.length == 255)
        #expect(DomainName(labels: most + [Array(repeating: 1, count: 62)]) == nil)
    }

    @Test func growsOnlyWithin255Octets() throws {
        let most = Array(repeating: Array(repeating: UInt8(ascii: "a"), count: 63), count: 3)
        let longName = try #require(DomainName(labels: most + [Array(repeating: 1, count: 59)]))
        #expect(longName.length == 253)
        #expect(longName.prepending([2])?.length == 255)
        #expect(longName.prepending([2, 3]) == nil)
        #expect(longName.prepending([]) == nil)
        #expect(try name("a").prepending(Array(repeating: 2, count: 64)) == nil)
        let start = longName.length - 1
        #expect(longName.replacingSuffix(at: start, with: try name("b"))?.length == 255)
        #expect(longName.replacingSuffix(at: start, with: try name("bc")) == nil)
    }

    @Test func replacesASuffix() throws {
        let client = try name("web.shop.svc.east.k8s.corp")
        let start = try #require(client.offset(of: try name("EAST.k8s.corp")))
        let mapped = client.replacingSuffix(at: start, with: try name("cluster.local"))
        #expect(mapped == (try name("web.shop.svc.cluster.local")))
        #expect(mapped?.labelCount == 5)
        let whole = try name("east.k8s.corp").replacingSuffix(at: 0, with: DomainName())
        #expect(whole?.isRoot == true)
    }
}

@Suite struct DomainNameComparisonTests {
    @Test func foldsASCIILettersOnly() throws {
        #expect(try name("Web.EXAMPLE.org") == name("wEB.example.ORG"))
        #expect(DomainName(labels: [[0xC0]]) != DomainName(labels: [[0xE0]]))
        #expect(DomainName(labels: [[UInt8(ascii: "@")]]) != DomainName(labels: [[UInt8(ascii: "`")]]))
        #expect(DomainName(labels: [[UInt8(ascii: "[")]]) != DomainName(labels: [[UInt8(ascii: "{")]]))
        #expect(Set([try name("A.b"), try name("a.B")]).count == 1)
    }

    @Test func labelsAreNotDots() throws {
        #expect(DomainName(labels: [Array("a.b".utf8)]) != DomainName("a.b"))
        // A length octet that looks like a letter of the other name.
        #expect(DomainName(labels: [[1, 97]]) != DomainName(labels: [[97], [97]]))
    }

    @Test func suffixesBeginAtLabels() throws {
        let east = try name("east.k8s.corp")
        #expect(try name("web.East.k8s.CORP").isAtOrBelow(east))
        #expect(try name("east.k8s.corp").isAtOrBelow(east))
        #expect(try !name("northeast.k8s.corp").isAtOrBelow(east))
        #expect(try !name("k8s.corp").isAtOrBelow(east))
        #expect(try !name("east.k8s.corp.org").isAtOrBelow(east))
        #expect(east.isAtOrBelow(DomainName()))
        #expect(east.offset(of: DomainName()) == east.length - 1)
        #expect(DomainName().offset(of: DomainName()) == 0)
    }

    @Test func octetsInALabelAreNoSuffix() throws {
        // The label's content spells the wire form of the suffix.
        let content = try name("ab.c").bytes.toArray().dropLast()
        let tricky = try #require(DomainName(labels: [Array(content)]))
        #expect(!tricky.isAtOrBelow(try name("ab.c")))
    }

    @Test func parentsLeadToTheRoot() throws {
        var current: DomainName? = try name("a.b.c")
        var seen: [Int] = []
        while let here = current {
            seen.append(here.labelCount)
            current = here.parent
        }
        #expect(seen == [3, 2, 1, 0])
    }

    @Test func foldedKeepsLengthsAndOctetsThatAreNoLetters() throws {
        let mixed = try #require(DomainName(labels: [[0, 65, 90, 91, 64, 193, 0xFF]]))
        #expect(mixed.folded.labels == [[0, 97, 122, 91, 64, 193, 0xFF]])
        #expect(mixed.folded.length == mixed.length)
    }
}

@Suite struct FoldingTests {
    @Test func wordsFoldLikeOctets() {
        for octet in UInt8.min...UInt8.max {
            for lane in 0..<8 as Range<UInt64> {
                // The neighbours must not be touched, whatever they are.
                for others in [0, 0x41, 0x5A, 0x7F, 0x80, 0xC1, 0xFF] as [UInt64] {
                    let mask = 0xFF << (8 * lane) as UInt64
                    let word = (others &* 0x0101_0101_0101_0101) & ~mask | UInt64(octet) << (8 * lane)
                    var expected: UInt64 = 0
                    for i in 0..<8 as Range<UInt64> {
                        expected |= UInt64(foldASCII(UInt8(truncatingIfNeeded: word >> (8 * i)))) << (8 * i)
                    }
                    #expect(foldASCII(word) == expected)
                }
            }
        }
    }

    @Test func octetsFoldAsCapitalLettersOnly() {
        for octet in UInt8.min...UInt8.max {
            let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(octet)
            #expect(foldASCII(octet) == (isCapital ? octet + 32 : octet))
        }
    }
}
