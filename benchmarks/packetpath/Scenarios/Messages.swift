import DNSWire

/// The messages of the scenarios: queries, responses of servers, and the replies that have to come of them.
enum Messages {
    /// Flags of a query: RD.
    static let queryFlags: UInt16 = 0x0100
    /// Flags of a reply: QR, RD, RA.
    static let replyFlags: UInt16 = 0x8180
    static let ttl: UInt32 = 300

    static func query(
        id: UInt16,
        _ name: String,
        _ type: RecordType = .a,
        payload: UInt16? = nil,
        dnssecOK: Bool = false
    ) -> [UInt8] {
        var message = MessageOctets(id: id, flags: queryFlags)
        message.appendQuestion(MessageOctets.name(name), type)
        if let payload { message.appendOPT(payload: payload, dnssecOK: dnssecOK) }
        return message.octets
    }

    /// A query to a server as the forwarder writes it, with what is random in it taken from one that was sent: the
    /// ID, the case of the letters, the client cookie and the hop.
    static func upstreamQuery(like sent: [UInt8], _ name: String) -> [UInt8] {
        var message = MessageOctets(id: id(sent), flags: queryFlags)
        message.appendQuestion(MessageOctets.name(name), .a)
        let options = Array(sent.suffix(32))
        let rdata = [0, 10, 0, 8] + options[4..<12] + [254, 129, 0, 16] + options[16...]
        message.appendRecord(.additional, [0], .opt, recordClass: 1232, ttl: 0, Array(rdata))
        return repeatingName(of: sent, message.octets)
    }

    /// A response with its question's name in the case that a query has, if it is the query's name.
    static func repeatingName(of query: [UInt8], _ response: [UInt8]) -> [UInt8] {
        let start = WireLimits.headerLength
        guard let end = query.dropFirst(start).firstIndex(of: 0), end < response.count else {
            return response
        }
        let isSame = query.wireBytes.extracting(start...end)
            .hasSameFoldedBytes(as: response.wireBytes.extracting(start...end))
        return isSame ? Array(response[..<start] + query[start...end] + response[(end + 1)...]) : response
    }

    /// A reply or response with one A record, owned by the name of the question.
    static func addressReply(
        id: UInt16,
        _ name: String,
        _ address: UInt32,
        ttl: UInt32 = ttl,
        hasOPT: Bool = false,
        dnssecOK: Bool = false
    ) -> [UInt8] {
        var message = MessageOctets(id: id, flags: replyFlags)
        message.appendQuestion(MessageOctets.name(name), .a)
        message.appendRecord(.answer, MessageOctets.questionName, .a, ttl: ttl, octets(of: address))
        if hasOPT { message.appendOPT(dnssecOK: dnssecOK) }
        return message.octets
    }

    static func octets(of address: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: address >> $0) }
    }

    /// The message with an ID.
    static func with(id: UInt16, _ message: [UInt8]) -> [UInt8] {
        [UInt8(id >> 8), UInt8(truncatingIfNeeded: id)] + message[2...]
    }

    static func id(_ message: [UInt8]) -> UInt16 { UInt16(message[0]) << 8 | UInt16(message[1]) }

    /// Octets of a service's name before its domain.
    static let servicePrefixLength = service(0, in: "").utf8.count

    /// The name of the serial-th service, equally long for all: `w00002a.shop.svc.DOMAIN`.
    static func service(_ serial: Int, in domain: String) -> String {
        let digits = String(serial, radix: 16)
        return "w\(String(repeating: "0", count: 6 - digits.count))\(digits).shop.svc.\(domain)"
    }
}
