import DNSWire
import EventLoop
import Glibc
import PresentationFormat
import Routing
import Testing
import Transport

@testable import Server

/// An address of text, read by the system's inet_pton.
func address(_ text: String) throws -> IPAddress {
    var octets = [UInt8](repeating: 0, count: 16)
    let family = text.contains(":") ? AF_INET6 : AF_INET
    let status = unsafe octets.withUnsafeMutableBytes { unsafe inet_pton(family, text, $0.baseAddress) }
    try #require(status == 1, "\(text) is no address")
    if family == AF_INET6 { return IPAddress(ipv6: octets.reduce(0) { $0 << 8 | UInt128($1) }) }
    return IPAddress(ipv4: octets.prefix(4).reduce(0) { $0 << 8 | UInt32($1) })
}

func addresses(_ texts: String...) throws -> [IPAddress] { try texts.map(address) }

func name(_ text: String) throws -> DomainName { try #require(DomainName(text)) }

/// What a server answers to a question for addresses; records in presentation format.
struct HostResponse {
    var code = ResponseCode.noError
    var answer: [String] = []
    var isTruncated = false
    var isResponse = true
    /// In place of the ID and the question that were asked.
    var id: MessageID?
    var question: HostQuestion?

    func write(_ question: HostQuestion, _ id: MessageID) throws -> [UInt8] {
        var flags = code.rawValue | (isResponse ? HeaderFlags.response : 0)
        if isTruncated { flags |= HeaderFlags.truncated }
        var writer = MessageWriter()
        writer.begin(
            Header(
                id: self.id ?? id,
                flags: HeaderFlags(rawValue: flags),
                answerCount: UInt16(answer.count)
            )
        )
        let asked = self.question ?? question
        try writer.appendQuestion(asked.name, asked.type, .internet)
        for record in answer { try writer.append(try ResourceRecord(presentation: record)) }
        return writer.bytes.toArray()
    }
}

/// Runs `loop` until something stops it, but no longer than ten seconds; records an issue when that was needed.
func runBounded(_ loop: EventLoop, sourceLocation: SourceLocation = #_sourceLocation) throws {
    var expired = false
    let guardTimer = try Timer(loop) {
        expired = true
        loop.stop()
    }
    guardTimer.schedule(afterMilliseconds: 10_000)
    loop.run()
    guardTimer.cancel()
    #expect(!expired, "the loop was not stopped in time", sourceLocation: sourceLocation)
}
