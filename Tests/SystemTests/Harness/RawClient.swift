/// Sends octets and reads octets: for messages that no tool would send.
enum RawClient {
    /// Sends one datagram and returns the first reply; nil when none comes in time.
    static func exchange(_ bytes: [UInt8], with endpoint: Endpoint, within seconds: Double = 8) throws
        -> [UInt8]?
    {
        let socket = try Socket.datagrams(to: endpoint)
        socket.send(bytes)
        return socket.receive(within: seconds)
    }

    /// Asks a well-formed question over UDP and reads the reply.
    static func ask(_ query: TestMessage, of endpoint: Endpoint, within seconds: Double = 8) throws
        -> TestMessage
    {
        guard let reply = try exchange(query.bytes, with: endpoint, within: seconds) else {
            throw HarnessError("\(endpoint) did not answer \(query.qname) within \(seconds) s")
        }
        return try TestMessage(parsing: reply)
    }
}

/// A connection that speaks DNS over TCP: two octets of length, then the message.
final class StreamClient {
    let socket: Socket
    private var buffer: [UInt8] = []

    /// - Parameter host: the address to come from; nil leaves the choice to the system.
    init(_ endpoint: Endpoint, from host: String? = nil) throws {
        socket = try Socket.stream(to: endpoint, from: host)
    }

    func send(_ query: TestMessage) { socket.send(query.framed) }

    /// The next message; nil when none is complete in time or the connection ends.
    func receive(within seconds: Double = 8) -> [UInt8]? {
        let deadline = Deadline(seconds: seconds)
        while true {
            if buffer.count >= 2 {
                let length = Int(buffer[0]) << 8 | Int(buffer[1])
                if buffer.count >= 2 + length {
                    let message = Array(buffer[2..<(2 + length)])
                    buffer.removeFirst(2 + length)
                    return message
                }
            }
            guard let more = socket.receive(within: Double(deadline.milliseconds) / 1000), !more.isEmpty
            else {
                return nil
            }
            buffer += more
        }
    }

    func receiveMessage(within seconds: Double = 8) throws -> TestMessage {
        guard let bytes = receive(within: seconds) else {
            throw HarnessError("no message on the connection within \(seconds) s")
        }
        return try TestMessage(parsing: bytes)
    }

    /// Whether the server closes the connection in time; what it still sends is left aside.
    func isClosed(within seconds: Double) -> Bool {
        let deadline = Deadline(seconds: seconds)
        while !deadline.isOver {
            if let bytes = socket.receive(within: Double(deadline.milliseconds) / 1000), bytes.isEmpty {
                return true
            }
        }
        return false
    }
}
