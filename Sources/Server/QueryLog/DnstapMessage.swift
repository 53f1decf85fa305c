import DNSWire
import QueryEvents

/// A record as the protocol buffer that dnstap.proto calls `Dnstap`: a CLIENT_RESPONSE with its reply.
enum DnstapMessage {
    // Numbers of fields and values, from dnstap.proto.
    private static let clientResponse: UInt64 = 6

    static func encode(_ record: QueryRecord) -> [UInt8] {
        let event = record.event
        var message = ProtocolBuffer()
        message.append(1, clientResponse)
        message.append(2, event.isIPv4 ? 1 : 2)
        message.append(3, event.isStream ? 2 : 1)
        message.append(4, octets: record.clientOctets)
        message.append(6, UInt64(event.clientPort))
        message.append(8, record.receivedAt / 1_000_000_000)
        message.append(9, fixed: UInt32(record.receivedAt % 1_000_000_000))
        let repliedAt = record.receivedAt + event.latency
        message.append(12, repliedAt / 1_000_000_000)
        message.append(13, fixed: UInt32(repliedAt % 1_000_000_000))
        message.append(14, octets: record.message)
        var dnstap = ProtocolBuffer()
        dnstap.append(1, octets: Array("switchyard".utf8))
        dnstap.append(2, octets: Array(ServerVersion.text.utf8))
        dnstap.append(14, octets: message.octets)
        dnstap.append(15, 1)
        return dnstap.octets
    }
}

/// Writes the few kinds of fields that dnstap has.
private struct ProtocolBuffer {
    private(set) var octets: [UInt8] = []

    mutating func append(_ field: UInt64, _ value: UInt64) {
        append(varint: field << 3)
        append(varint: value)
    }

    mutating func append(_ field: UInt64, fixed value: UInt32) {
        append(varint: field << 3 | 5)
        for shift in [0, 8, 16, 24] { octets.append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) }
    }

    mutating func append(_ field: UInt64, octets value: [UInt8]) {
        append(varint: field << 3 | 2)
        append(varint: UInt64(value.count))
        octets += value
    }

    private mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            octets.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        octets.append(UInt8(rest))
    }
}
