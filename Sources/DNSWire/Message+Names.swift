// Names inside a message, without copying them.

/// Functions over the octets of a message.
public enum Message {
    /// The offset behind the name at `offset`; the name's own labels are checked, a pointer's target is not.
    public static func skipName(_ message: borrowing RawSpan, at offset: Int) throws(WireError) -> Int {
        var position = offset
        while true {
            guard position < message.byteCount else { throw .truncated }
            let octet = message.uint8(at: position)
            if octet == 0 { return position + 1 }
            if octet < 64 {
                position += Int(octet) + 1
                guard position - offset < WireLimits.nameLength else { throw .nameTooLong }
            } else if octet >= 192 {
                guard position + 1 < message.byteCount else { throw .truncated }
                return position + 2
            } else {
                throw .badLabel
            }
        }
    }

    /// Says whether the name at `offset` is `name`, which is in wire form without pointers (RFC 4343 §3).
    ///
    /// A name that is malformed, or points as it must not, is none.
    public static func hasName(
        _ message: borrowing RawSpan,
        at offset: Int,
        equalTo name: borrowing RawSpan
    ) -> Bool {
        var position = offset
        var runStart = offset
        var matched = 0
        var pointers = 0
        while position < message.byteCount, matched < name.byteCount {
            // What is left of the name is most often written out here.
            let rest = name.extracting(matched..<name.byteCount)
            if position == runStart, position + rest.byteCount <= message.byteCount,
                message.extracting(position..<position + rest.byteCount).hasSameFoldedBytes(as: rest)
            {
                return true
            }
            let octet = Int(message.uint8(at: position))
            if octet >= 192 {
                guard position + 1 < message.byteCount else { return false }
                let target = Int(message.uint16(at: position)) & WireLimits.pointerTarget
                pointers += 1
                guard target < runStart, target >= WireLimits.headerLength,
                    pointers <= WireLimits.pointersPerName
                else { return false }
                position = target
                runStart = target
                continue
            }
            let end = octet + 1
            guard octet < 64, position + end <= message.byteCount, matched + end <= name.byteCount,
                message.extracting(position..<position + end)
                    .hasSameFoldedBytes(as: name.extracting(matched..<matched + end))
            else { return false }
            matched += end
            if octet == 0 { return matched == name.byteCount }
            position += end
        }
        return false
    }
}
