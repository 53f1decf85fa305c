import EventLoop

/// Frames of dnstap messages: each has its length before it, and the stream begins and ends with control frames.
enum FrameStream {
    /// The types of control frames.
    enum Control: UInt32 {
        case accept = 1
        case start = 2
        case stop = 3
        case ready = 4
        case finish = 5
    }

    static let contentType = "protobuf:dnstap.Dnstap"
    /// The most octets of a control frame that we read.
    private static let controlMax = 512

    /// A data frame.
    static func data(_ payload: [UInt8]) -> [UInt8] { number(UInt32(payload.count)) + payload }

    /// A control frame; all but STOP and FINISH name the content.
    static func control(_ type: Control) -> [UInt8] {
        var body = number(type.rawValue)
        if type != .stop, type != .finish {
            body += number(1) + number(UInt32(contentType.utf8.count)) + Array(contentType.utf8)
        }
        return number(0) + number(UInt32(body.count)) + body
    }

    /// READY, ACCEPT, START: what is said over a socket before the first frame.
    static func shakeHands(_ socket: LogDescriptor) throws(SystemError) {
        try socket.write(control(.ready))
        let escape = value(try socket.read(4))
        let length = value(try socket.read(4))
        guard escape == 0, (4...controlMax).contains(Int(length)) else { throw protocolError }
        let body = try socket.read(Int(length))
        guard value(Array(body[..<4])) == Control.accept.rawValue, accepts(body) else { throw protocolError }
        try socket.write(control(.start))
    }

    /// Whether an ACCEPT frame names our content, or none.
    private static func accepts(_ body: [UInt8]) -> Bool {
        var at = 4
        var isEmpty = true
        while at + 8 <= body.count {
            let length = Int(value(Array(body[(at + 4)..<(at + 8)])))
            guard length <= body.count - at - 8 else { return false }
            isEmpty = false
            if body[(at + 8)..<(at + 8 + length)].elementsEqual(contentType.utf8) { return true }
            at += 8 + length
        }
        return isEmpty
    }

    private static let protocolError = SystemError(call: "handshake", errno: 71)

    private static func number(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private static func value(_ octets: [UInt8]) -> UInt32 { octets.reduce(0) { $0 << 8 | UInt32($1) } }
}
