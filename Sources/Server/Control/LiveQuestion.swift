import DNSWire
import EventLoop
import Forwarding
import Glibc
import Transport

/// A question that the control thread sends to one of the server's own ports, as a client would.
///
/// Holds itself until it has called back, once.
final class LiveQuestion: DatagramClientHandler {
    private let name: DomainName
    private let type: RecordType
    private let id = MessageID(rawValue: .random(in: 0 ... .max))
    private let sentAt = MonotonicClock.nanoseconds()
    private var socket: DatagramClientSocket?
    private var timer: Timer?
    private var done: ((LiveReport) -> Void)?

    /// Milliseconds: a little longer than the server itself takes at most.
    private static let waitMilliseconds = 5000

    /// Sends the question.
    ///
    /// - Parameter done: called once, in a later round of the loop.
    init(
        _ name: DomainName,
        _ type: RecordType,
        to server: SocketAddress,
        _ sockets: HostSockets,
        _ done: @escaping (LiveReport) -> Void
    ) throws(SystemError) {
        self.name = name
        self.type = type
        self.done = done
        var writer = MessageWriter(capacity: 512)
        do throws(WireError) {
            try write(&writer)
        } catch {
            throw SystemError(call: "send", errno: EMSGSIZE)
        }
        let socket = try sockets.datagrams(to: server, self)
        self.socket = socket
        do throws(SystemError) {
            timer = try Timer(sockets.loop) { [self] in end(LiveReport(outcome: "no answer")) }
        } catch {
            socket.close()
            throw error
        }
        timer?.schedule(afterMilliseconds: Self.waitMilliseconds)
        socket.queue(writer.bytes)
        socket.flush()
    }

    private func write(_ writer: inout MessageWriter) throws(WireError) {
        let flags = HeaderFlags(rawValue: HeaderFlags.recursionDesired)
        writer.begin(Header(id: id, flags: flags, additionalCount: 1))
        try writer.appendQuestion(name, type, .internet)
        // With OPT, for the reasons of failures (RFC 6891 §6.1.2).
        let payload = RecordClass(rawValue: UInt16(TransportLimits.datagramLength))
        let start = try writer.beginRecord(DomainName(), .opt, payload, ttl: 0)
        try writer.endRecord(rdataOffset: start)
    }

    private func end(_ report: LiveReport) {
        guard let done else { return }
        self.done = nil
        socket?.close()
        timer?.cancel()
        timer = nil
        var report = report
        report.milliseconds = Double(MonotonicClock.nanoseconds() - sentAt) / 1e6
        done(report)
    }

    // MARK: - Answers

    func response(_ message: RawSpan, isTruncated: Bool, on socket: DatagramClientSocket) {
        guard let header = Header(message), header.id == id, header.flags.isResponse else { return }
        let isCut = isTruncated || header.flags.isTruncated
        let code = header.flags.responseCode.name
        end(
            LiveReport(
                outcome: isCut ? "\(code), cut to fit UDP" : code,
                records: Int(header.answerCount),
                errors: Self.errors(message, header)
            )
        )
    }

    func failed(_ errno: CInt, on socket: DatagramClientSocket) {
        end(LiveReport(outcome: SystemError(call: "send", errno: errno).description))
    }

    func batchEnded() {}

    /// The Extended DNS Errors of a message: code and text (RFC 8914 §2).
    private static func errors(_ message: RawSpan, _ header: Header) -> [String] {
        guard let opt = Message.opt(message, header), let range = opt.option(.extendedError, in: message),
            range.count >= 2
        else { return [] }
        let text = message.extracting(range.dropFirst(2)).toArray()
        return ["\(message.uint16(at: range.lowerBound)) \(String(decoding: text, as: UTF8.self))"]
    }
}

extension LiveReport {
    fileprivate init(outcome: String, records: Int = 0, errors: [String] = []) {
        self.init(outcome: outcome, records: records, milliseconds: 0, errors: errors)
    }
}
