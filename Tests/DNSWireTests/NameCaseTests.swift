import Testing

@testable import DNSWire

/// A name with random capitals is the same name, and only who has seen it can repeat it.
@Suite struct NameCaseTests {
    /// The octets of a question's name as a writer puts them.
    private func written(_ name: DomainName, _ nameCase: NameCase) throws -> [UInt8] {
        var writer = MessageWriter(capacity: 512)
        writer.begin(Header(id: MessageID(rawValue: 1), flags: HeaderFlags(rawValue: 0)))
        try writer.appendQuestion(name, .a, .internet, in: nameCase)
        return Array(writer.bytes.toArray()[12..<12 + name.length])
    }

    @Test func eachBitDecidesOneOctet() throws {
        let asked = try name("abcdefghijklmnopqrstuvwxyz.abcdefghijklmnopqrst.example.org")
        for bit in 0..<48 {
            let octets = try written(asked, NameCase(random: 1 << UInt64(bit + 16)))
            let lower = asked.bytes.toArray()
            for i in octets.indices {
                let isChosen = i % 48 == bit && (97...122).contains(lower[i])
                #expect(octets[i] == (isChosen ? lower[i] ^ 0x20 : lower[i]))
            }
        }
    }

    @Test func theLower16BitsAreForTheID() throws {
        let asked = try name("web.shop.svc.cluster.local")
        #expect(try written(asked, NameCase(random: 0xFFFF)) == asked.bytes.toArray())
        #expect(NameCase(random: 0xFFFF).isLower)
    }

    @Test func onlyLettersChange() throws {
        let octets = (0...255).map { UInt8($0) }
        for start in stride(from: 0, to: 256, by: 32) {
            let asked = try #require(DomainName(labels: [Array(octets[start..<start + 32]), [7]]))
            let changed = try written(asked, NameCase(random: .max))
            for (before, after) in zip(asked.bytes.toArray(), changed) {
                let isLetter = (65...90).contains(before) || (97...122).contains(before)
                #expect(after == (isLetter ? before & ~0x20 : before))
            }
        }
    }

    @Test func comparesAsItWrites() throws {
        var random = FixedRandom(seed: 3)
        for length in 1...60 {
            let asked = try #require(DomainName(labels: [Array(repeating: 0x61, count: length), [0x62]]))
            let nameCase = NameCase(random: random.next())
            let octets = try written(asked, nameCase)
            let isSame = octets.wireBytes.hasSameBytes(as: asked.bytes, in: nameCase)
            #expect(isSame)
            let isFolded = octets.wireBytes.hasSameFoldedBytes(as: asked.bytes)
            #expect(isFolded)
            for i in octets.indices where octets[i] > 63 {
                var other = octets
                other[i] ^= 0x20
                let isOtherSame = other.wireBytes.hasSameBytes(as: asked.bytes, in: nameCase)
                #expect(!isOtherSame)
            }
        }
    }

    @Test func namesOfAnotherLengthAreOthers() throws {
        let asked = try name("example.org")
        let isSame = asked.bytes.extracting(first: 12).hasSameBytes(as: asked.bytes, in: .lower)
        #expect(!isSame)
    }
}
