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
}
