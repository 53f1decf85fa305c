import DNSWire

/// Damages messages as lines, bugs and attackers do.
struct Mutation {
    var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// A copy of the message with one to four changes.
    ///
    /// Octets before `start` are mostly left alone.
    mutating func damage(_ message: [UInt8], from start: Int) -> [UInt8] {
        var octets = message
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            // The header's counts are worth damaging; ID and question only make a mismatch.
            let low = Int.random(in: 0..<8, using: &random) == 0 ? 0 : min(start, max(octets.count - 1, 0))
            change(&octets, from: low)
        }
        return octets
    }

    private mutating func change(_ octets: inout [UInt8], from low: Int) {
        guard low < octets.count else { return }
        let at = Int.random(in: low..<octets.count, using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0: octets[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1, 2: octets[at] = UInt8.random(in: 0...255, using: &random)
        case 3:
            let odd: [UInt8] = [0, 1, 0x3F, 0x40, 0x7F, 0x80, 0xC0, 0xFF]
            octets[at] = odd[Int.random(in: 0..<odd.count, using: &random)]
        case 4: octets.removeSubrange(at...)
        case 5: octets.remove(at: at)
        case 6: octets.insert(UInt8.random(in: 0...255, using: &random), at: at)
        case 7:
            // A pointer anywhere.
            guard at + 1 < octets.count else { return }
            octets[at] = 0xC0 | UInt8.random(in: 0...1, using: &random)
            octets[at + 1] = UInt8.random(in: 0...255, using: &random)
        case 8:
            let end = min(at + Int.random(in: 1...40, using: &random), octets.count)
            octets.insert(contentsOf: octets[at..<end], at: at)
        default:
            // A count of the header.
            guard octets.count >= 12 else { return }
            octets[Int.random(in: 2..<12, using: &random)] = UInt8.random(in: 0...20, using: &random)
        }
    }
}

/// Whether every name, record and RDATA of known shape can be read, and nothing stands behind.
func isReadable(_ octets: [UInt8]) -> Bool {
    let message = octets.wireBytes
    guard let header = Header(message), header.flags.isResponse, header.questionCount <= 1 else {
        return false
    }
    do throws(WireError) {
        var offset = WireLimits.headerLength
        if header.questionCount == 1 {
            _ = try DomainName(message, at: &offset)
            offset += 4
        }
        var cursor = RecordCursor(header: header, offset: offset)
        while let record = try cursor.next(message) {
            var at = record.ownerOffset
            _ = try DomainName(message, at: &at)
            guard let layout = RdataLayout.of(record.type) else { continue }
            at = try layout.firstName(
                message,
                rdataOffset: record.rdataOffset,
                rdataLength: record.rdataLength
            )
            for _ in 0..<layout.names { _ = try DomainName(message, at: &at) }
            let rest = record.rdataOffset + record.rdataLength - at
            guard rest >= 0, layout.suffixLength.map({ $0 == rest }) ?? true else { return false }
        }
        return cursor.offset == octets.count
    } catch {
        return false
    }
}
