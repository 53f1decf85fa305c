import DNSWire
import Routing

/// Queries to servers that nobody waits for any more: their responses, late or sent twice, are no guesses of a forger.
///
/// A fixed number; a newer one takes the place of an older.
struct LateResponses {
    /// More than the pending queries of a worker times the sends that each is likely to have had.
    private static let capacity = 32_768

    private var keys = [UInt32](repeating: 0, count: capacity)

    /// Notes a query whose response would come late.
    mutating func note(_ upstream: UpstreamID, _ id: MessageID, _ token: SocketToken) {
        let key = Self.key(upstream, id, token)
        keys[Self.place(key)] = key
    }

    /// Whether this is the first response to one of them.
    mutating func take(_ upstream: UpstreamID, _ id: MessageID, _ token: SocketToken) -> Bool {
        let key = Self.key(upstream, id, token)
        guard keys[Self.place(key)] == key else { return false }
        keys[Self.place(key)] = 0
        return true
    }

    private static func place(_ key: UInt32) -> Int { Int(key >> 1) % capacity }

    // Odd, so never 0. IDs are chosen here, at random: nobody else can make them collide.
    private static func key(_ upstream: UpstreamID, _ id: MessageID, _ token: SocketToken) -> UInt32 {
        let sent = UInt64(UInt32(bitPattern: upstream.rawValue)) << 48 ^ UInt64(token.rawValue) << 16
        let mixed = (sent ^ UInt64(id.rawValue)) &* 0x9E37_79B9_7F4A_7C15
        return UInt32(truncatingIfNeeded: mixed >> 32) | 1
    }
}
