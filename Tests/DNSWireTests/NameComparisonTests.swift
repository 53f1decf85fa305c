import DNSWire
import Testing

/// Comparisons that go eight octets at a time, against the plain ones.
@Suite struct NameComparisonTests {
    private func areSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.wireBytes.hasSameFoldedBytes(as: right.wireBytes)
    }

    private func hasName(_ message: [UInt8], at offset: Int, _ name: [UInt8]) -> Bool {
        Message.hasName(message.wireBytes, at: offset, equalTo: name.wireBytes)
    }

    @Test(arguments: [0, 1, 7, 8, 9, 15, 16, 17, 31, 255])
    func equalButForCaseAtEveryLength(_ count: Int) {
        let lower = (0..<count).map { UInt8(97 + $0 % 26) }
        let upper = lower.map { $0 - 32 }
        #expect(areSame(lower, upper))
        let hashes = (lower.wireBytes.foldedHash, upper.wireBytes.foldedHash)
        #expect(hashes.0 == hashes.1)
        #expect(!areSame(lower, upper + [0]))
        for i in 0..<count {
            var other = upper
            other[i] = 0x21
            #expect(!areSame(lower, other))
        }
    }

    /// RFC 4343 §3: only ASCII letters fold; `@` and `[` enclose the capitals, and octets above 127 are no letters.
    @Test(arguments: [0x40, 0x5B, 0xC1, 0x11])
    func nothingElseFolds(_ octet: Int) {
        let left = [UInt8](repeating: UInt8(octet), count: 9)
        let right = [UInt8](repeating: UInt8(octet + 0x20), count: 9)
        #expect(!areSame(left, right))
    }

    @Test func foldingStopsAtItsCount() {
        let name = DomainName("ABCDEFGHIJ.KLM") ?? DomainName()
        let folded = name.folded.bytes.toArray()
        let plain = name.bytes.toArray()
        #expect(folded == [10] + Array("abcdefghij".utf8) + [3] + Array("klm".utf8) + [0])
        #expect(folded != plain)
    }

    // MARK: - Names inside a message

    private let header = [UInt8](repeating: 0, count: 12)
    private let name: [UInt8] = [3, 119, 101, 98, 4, 99, 111, 114, 112, 0]

    @Test func findsANamePlainOrThroughPointers() {
        var message = header + [3, 87, 69, 66, 4, 67, 79, 82, 80, 0]
        let pointer = message.count
        message += [0xC0, 12]
        let tail = message.count
        message += [3, 119, 101, 98, 0xC0, 16]
        for offset in [12, pointer, tail] {
            #expect(hasName(message, at: offset, name))
        }
        #expect(!hasName(message, at: 16, name))
    }

    @Test func aNameThatIsLongerOrShorterIsAnother() {
        let message = header + name
        #expect(!hasName(message, at: 12, [3, 119, 101, 98, 0]))
        #expect(!hasName(message, at: 12, (name + [0])))
        let root: [UInt8] = [0]
        #expect(!hasName(message, at: 12, root))
        #expect(hasName(message, at: 21, root))
    }

    @Test func malformedNamesAreNone() {
        let broken: [[UInt8]] = [
            [], [3], [3, 119, 101], [0xC0], [0xC0, 12], [0xC0, 200], [0xC0, 3], [0x41, 119],
            [3, 119, 101, 98, 0xC0, 12],
        ]
        for octets in broken {
            #expect(!hasName((header + octets), at: 12, name))
        }
    }

    /// As for reading: a ladder of pointers ends after as many as a name can have labels.
    @Test func aLadderOfPointersIsNoName() {
        var message = header + name
        let first = message.count
        for i in 0..<200 {
            let target = i == 0 ? 12 : first + 2 * (i - 1)
            message += [0xC0 | UInt8(target >> 8), UInt8(target & 0xFF)]
        }
        let near = first + 2 * 126
        let far = first + 2 * 127
        #expect(hasName(message, at: near, name))
        #expect(!hasName(message, at: far, name))
    }

    /// What is read and what is compared must be the same name, whatever the octets are.
    @Test func agreesWithReadingOnRandomOctets() {
        var generator = FixedRandom(seed: 7)
        for _ in 0..<20_000 {
            var message = header + name
            for _ in 0..<Int(generator.next() % 40) {
                let choice = generator.next()
                message.append(choice % 3 == 0 ? 0xC0 : UInt8(truncatingIfNeeded: choice >> 8) % 40)
            }
            let offset = 12 + Int(generator.next() % UInt64(message.count - 12))
            var at = offset
            let read = try? DomainName(message.wireBytes, at: &at)
            let isSame = read.map { $0.bytes.hasSameFoldedBytes(as: name.wireBytes) } ?? false
            #expect(hasName(message, at: offset, name) == isSame)
        }
    }
}
