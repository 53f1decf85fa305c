// Queries of clients over TCP (RFC 7766).
import DNSWire
import Forwarding
import Transport

extension Worker: StreamHandler {
    func connection(_ connection: StreamConnection, received message: RawSpan) {
        if !Self.answer(message, on: connection, of: self, &streamReply) { connection.abandonQuery() }
    }

    func readEnded(_ connection: StreamConnection) { batchEnded() }

    func connectionClosed(_ connection: StreamConnection, _ reason: StreamCloseReason) { stopIfDrained() }

    /// Handles one query; false when it gets no answer.
    private static func answer(
        _ message: RawSpan,
        on connection: StreamConnection,
        of worker: Worker,
        _ buffer: inout WireBuffer
    ) -> Bool {
        var reply = buffer.mutableBytes
        let outcome = worker.handle(
            query: message,
            from: connection.peer,
            isStream: true,
            path: .stream(connection),
            reply: &reply
        )
        switch outcome {
        case .reply(let length):
            connection.send(reply.readable.extracting(first: length))
            return true
        case .pending: return true
        case .drop: return false
        }
    }
}
