// Cookies of the servers that one worker asks (RFC 7873 §5.1, §5.3; RFC 9018 §3).
import DNSWire
import Routing

/// What a worker sends to a server in COOKIE, and what the server sent to it.
private struct ServerCookie: BitwiseCopyable {
    /// 0 before the first query.
    var client: UInt64 = 0
    var octets = InlineArray<4, UInt64>(repeating: 0)
    /// Octets of the server cookie; 0 while none is known.
    var length = 0
    /// The server's mark: another server may get its number.
    var tag: UInt64 = 0
    var renewAt: UInt64 = 0
    /// Whether some of the machines behind the address have none, so that none is expected.
    var isOptional = false
}

/// The cookies by the number of the server.
struct ServerCookies {
    /// Octets of a client cookie.
    private static let clientLength = 8
    /// Octets of a client cookie with a server cookie behind it.
    private static let wholeLength = 16...40

    private var cookies: [ServerCookie] = []

    /// The client cookie for a query to a server.
    ///
    /// Random for each server and worker, and for an hour: nobody can tell by it that two addresses of ours, one
    /// after the other, are the same client (RFC 9018 §3).
    ///
    /// - Parameter tag: the server's mark in `UpstreamTrust`.
    mutating func client(of upstream: UpstreamID, tag: UInt64, now: UInt64) -> UInt64 {
        let place = Int(upstream.rawValue)
        while cookies.count <= place { cookies.append(ServerCookie()) }
        if now >= cookies[place].renewAt || cookies[place].tag != tag {
            cookies[place] = ServerCookie(
                client: .random(in: 1 ... .max),
                tag: tag,
                renewAt: now + ForwardingLimits.cookieMilliseconds
            )
        }
        return cookies[place].client
    }

    /// Writes the option for a server whose `client` cookie was asked for before.
    func write(_ upstream: UpstreamID, to writer: inout MessageWriter) throws(WireError) {
        let cookie = cookies[Int(upstream.rawValue)]
        try writer.appendOption(.cookie, length: Self.clientLength + cookie.length)
        try writer.append(cookie.client)
        for i in 0..<cookie.length / 8 { try writer.append(cookie.octets[i]) }
        for i in 0..<cookie.length % 8 {
            let word = cookie.octets[cookie.length / 8]
            try writer.append(UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * i)))
        }
    }

    /// Whether the server has sent a cookie of its own.
    func isKnown(_ upstream: UpstreamID) -> Bool { cookies[Int(upstream.rawValue)].length > 0 }

    /// Expects none of a server until its client cookie is renewed: some of the machines behind it have none.
    mutating func makeOptional(_ upstream: UpstreamID) {
        forget(upstream)
        cookies[Int(upstream.rawValue)].isOptional = true
    }

    /// Forgets a server's cookie.
    mutating func forget(_ upstream: UpstreamID) { cookies[Int(upstream.rawValue)].length = 0 }

    /// Takes over the server cookie of a response; false when the option is not for the query's client cookie.
    ///
    /// A server that only sends ours back has none.
    mutating func learn(
        _ upstream: UpstreamID,
        _ message: borrowing RawSpan,
        _ option: Range<Int>,
        client: UInt64
    ) -> Bool {
        guard option.count == Self.clientLength || Self.wholeLength.contains(option.count),
            message.uint64(at: option.lowerBound) == client
        else { return false }
        let place = Int(upstream.rawValue)
        // One for the client cookie of an hour ago is of no use.
        guard option.count > Self.clientLength, cookies[place].client == client, !cookies[place].isOptional
        else { return true }
        let start = option.lowerBound + Self.clientLength
        let length = option.count - Self.clientLength
        for i in 0..<length / 8 { cookies[place].octets[i] = message.uint64(at: start + 8 * i) }
        if length % 8 > 0 {
            var word: UInt64 = 0
            for i in 0..<length % 8 {
                word |= UInt64(message.uint8(at: start + length / 8 * 8 + i)) << UInt64(56 - 8 * i)
            }
            cookies[place].octets[length / 8] = word
        }
        cookies[place].length = length
        return true
    }
}
