import DNSWire
import Forwarding
import FoundationEssentials
import PresentationFormat
import QueryEvents

/// A record as a line: `time client name type rcode` and more as `key=value`, or as one JSON object.
enum QueryLogLine {
    static func text(_ record: QueryRecord) -> String {
        let pairs = fields(record).map { "\($0.key)=\($0.value.text)" }
        return "\(timestamp(record.receivedAt)) query " + pairs.joined(separator: " ")
    }

    static func json(_ record: QueryRecord) -> String {
        let time = "\"time\":\"\(timestamp(record.receivedAt))\""
        let pairs = fields(record).map { "\"\($0.key)\":\($0.value.json)" }
        return "{" + ([time] + pairs).joined(separator: ",") + "}"
    }

    /// What stands behind a key.
    private enum Value {
        case word(String)
        case number(UInt64)

        var text: String {
            switch self {
            case .word(let word): word
            case .number(let number): "\(number)"
            }
        }

        var json: String {
            switch self {
            case .word(let word): StandardErrorLogHandler.quote(word)
            case .number(let number): "\(number)"
            }
        }
    }

    private static func fields(_ record: QueryRecord) -> [(key: String, value: Value)] {
        let event = record.event
        var fields: [(key: String, value: Value)] = [
            ("client", .word("\(record.client)")),
            ("port", .number(UInt64(event.clientPort))),
            ("transport", .word(event.isStream ? "tcp" : "udp")),
        ]
        if let question = record.question {
            // Names are escaped: no octet of theirs ends a line or a word.
            fields.append(("name", .word(question.name.presentation)))
            fields.append(("type", .word(question.type.mnemonic)))
        }
        // `RCODE 9` would be two words.
        fields.append(("rcode", .word(record.flags.responseCode.name.filter { $0 != " " })))
        if record.flags.isTruncated { fields.append(("truncated", .number(1))) }
        fields.append(("source", .word("\(event.source)")))
        if let route = record.route { fields.append(("route", .word(route))) }
        if let upstream = record.upstream { fields.append(("upstream", .word(upstream))) }
        fields.append(("latencyMicroseconds", .number(event.latency / 1000)))
        fields.append(("octets", .number(UInt64(event.replyLength))))
        return fields
    }

    /// UTC with milliseconds, RFC 3339.
    private static func timestamp(_ nanoseconds: UInt64) -> String {
        Date(timeIntervalSince1970: Double(nanoseconds) / 1e9)
            .ISO8601Format(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
