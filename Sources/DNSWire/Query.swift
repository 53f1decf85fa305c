// A client's query, read once: header, question and EDNS (RFC 1035 §4.1, RFC 6891 §6.1.2, RFC 9619).

/// What the OPT record of a message says; all zero when there is none.
public struct EDNS: Sendable, BitwiseCopyable, Equatable {
    public var isPresent = false
    public var version: UInt8 = 0
    /// The largest UDP payload that the sender takes, in octets, as it stands on the wire.
    public var udpPayloadSize: UInt16 = 0
    /// DO.
    public var dnssecOK = false
    /// The upper eight bits of the RCODE.
    public var extendedResponseCode: UInt8 = 0

    public init() {}

    /// The octets that a UDP reply may have for this client: 512 without OPT, else its size within
    /// 512 and `serverMaximum` (RFC 6891 §6.2.3, §6.2.5).
    @inline(always)
    public func replyLimit(serverMaximum: Int) -> Int {
        guard isPresent else { return WireLimits.plainUDPPayload }
        return min(max(Int(udpPayloadSize), WireLimits.plainUDPPayload), serverMaximum)
    }
}

/// A query whose header, question and EDNS were read.
///
/// Offsets are into the message that it was read from.
public struct Query: Sendable, BitwiseCopyable {
    public var id: MessageID
    public var flags: HeaderFlags
    /// Octets of QNAME, which begins at octet 12; 0 when the question could not be read.
    public var qnameLength: Int
    public var qtype: RecordType
    public var qclass: RecordClass
    public var edns: EDNS
    /// Where the data of the path option begins; 0 when there is none, as in nearly all queries.
    public var pathOffset: UInt16 = 0

    /// Where the data of the path option lies in the message that this was read from; nil when there is none.
    public func path(in message: borrowing RawSpan) -> Range<Int>? {
        guard pathOffset != 0 else { return nil }
        let start = Int(pathOffset)
        return start..<start + Int(message.uint16(at: start - 2))
    }

    /// The offset behind the question.
    @inline(always)
    public var questionEnd: Int { WireLimits.headerLength + (qnameLength == 0 ? 0 : qnameLength + 4) }
}

/// What became of a datagram or a stream's message that should be a query.
public enum QueryVerdict {
    /// A standard query with one question.
    case query(Query)
    /// To be answered with this RCODE; the question is echoed when it could be read.
    case reject(Query, ResponseCode)
    /// Not to be answered: a response, or fewer than 12 octets.
    case drop
}

extension Query {
    /// Reads a client's message.
    ///
    /// Never traps, never allocates; any octets get one of the three verdicts.
    public static func parse(_ message: borrowing RawSpan) -> QueryVerdict {
        guard let header = Header(message), !header.flags.isResponse else { return .drop }
        var query = Query(
            id: header.id,
            flags: header.flags,
            qnameLength: 0,
            qtype: RecordType(0),
            qclass: .internet,
            edns: EDNS()
        )
        // An unknown opcode gets NOTIMP, whatever follows (RFC 8906 §3.1.4).
        guard header.flags.opcode == 0 else { return .reject(query, .notImp) }
        // RFC 9619 §3: exactly one question.
        guard header.questionCount == 1 else { return .reject(query, .formErr) }

        let nameEnd = plainNameEnd(message)
        guard nameEnd > 0, nameEnd + 4 <= message.byteCount else { return .reject(query, .formErr) }
        query.qnameLength = nameEnd - WireLimits.headerLength
        query.qtype = RecordType(message.uint16(at: nameEnd))
        query.qclass = RecordClass(rawValue: message.uint16(at: nameEnd + 2))

        let records = Int(header.answerCount) + Int(header.authorityCount) + Int(header.additionalCount)
        if records == 0 {
            return nameEnd + 4 == message.byteCount ? .query(query) : .reject(query, .formErr)
        }
        do throws(WireError) {
            try query.readRecords(message, from: nameEnd + 4, header: header)
        } catch {
            return .reject(query, .formErr)
        }
        // RFC 6891 §6.1.3: a version that we do not speak gets BADVERS, whatever else it asks.
        return query.edns.isPresent && query.edns.version != 0
            ? .reject(query, .badVers) : .query(query)
    }

    /// The offset behind the uncompressed name at octet 12, or 0 when it is malformed.
    @inline(always)
    private static func plainNameEnd(_ message: borrowing RawSpan) -> Int {
        var position = WireLimits.headerLength
        while position < message.byteCount {
            let octet = message.uint8(at: position)
            position += Int(octet) + 1
            if octet == 0 {
                return position - WireLimits.headerLength <= WireLimits.nameLength ? position : 0
            }
            if octet > 63 { return 0 }
        }
        return 0
    }

    private mutating func readRecords(
        _ message: borrowing RawSpan,
        from start: Int,
        header: Header
    ) throws(WireError) {
        var cursor = RecordCursor(header: header, offset: start)
        while let record = try cursor.next(message) {
            guard record.type == .opt else { continue }
            // RFC 6891 §6.1.1: at most one, in the additional section, owned by the root.
            guard record.section == .additional, !edns.isPresent, message.uint8(at: record.ownerOffset) == 0
            else { throw .badCount }
            edns = try EDNS(record, in: message)
            if record.rdataLength > 0, let path = record.option(.path, in: message) {
                pathOffset = UInt16(truncatingIfNeeded: path.lowerBound)
            }
        }
        guard cursor.offset == message.byteCount else { throw .badCount }
    }
}

extension EDNS {
    /// Reads an OPT record and checks that its options fill its RDATA (RFC 6891 §6.1.2, §6.1.3).
    public init(_ record: RecordView, in message: borrowing RawSpan) throws(WireError) {
        self.init()
        isPresent = true
        udpPayloadSize = record.recordClass.rawValue
        extendedResponseCode = UInt8(truncatingIfNeeded: record.ttl >> 24)
        version = UInt8(truncatingIfNeeded: record.ttl >> 16)
        dnssecOK = record.ttl & 0x8000 != 0
        var offset = record.rdataOffset
        let end = record.rdataOffset + record.rdataLength
        while offset < end {
            guard offset + 4 <= end else { throw .badRdata }
            offset += 4 + Int(message.uint16(at: offset + 2))
        }
        guard offset == end else { throw .badRdata }
    }
}
