/// A query and the reply that it has to get.
struct Exchange {
    var query: [UInt8]
    var reply: [UInt8]

    /// Octets with their length in front, as on a stream (RFC 1035 §4.2.2).
    static func framed(_ message: [UInt8]) -> [UInt8] {
        [UInt8(message.count >> 8), UInt8(truncatingIfNeeded: message.count)] + message
    }
}
