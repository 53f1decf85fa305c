import DNSWire
import Routing

/// A question for the addresses of a host, of one family.
struct HostQuestion: Hashable {
    let name: DomainName
    /// A or AAAA.
    let type: RecordType

    /// Links of a chain of aliases that are followed in a response.
    private static let aliasesMax = 10

    /// The query as octets: recursion desired, without EDNS, so that every server understands it.
    func query(_ id: MessageID) -> [UInt8] {
        let counts: [UInt16] = [1, 0, 0, 0]
        var octets = Self.octets([id.rawValue, HeaderFlags.recursionDesired] + counts)
        for i in 0..<name.length { octets.append(name[i]) }
        return octets + Self.octets([type.rawValue, RecordClass.internet.rawValue])
    }

    private static func octets(_ words: [UInt16]) -> [UInt8] {
        words.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    }

    /// What a message says; nil when it is no response to the query that was sent with `id` (RFC 5452 §9.1).
    func read(_ message: borrowing RawSpan, _ id: MessageID) -> HostAnswer? {
        guard let header = Header(message), header.flags.isResponse, header.flags.opcode == 0,
            header.id == id, header.questionCount == 1
        else { return nil }
        let end = WireLimits.headerLength + name.length
        guard end + 4 <= message.byteCount,
            Message.hasName(message, at: WireLimits.headerLength, equalTo: name.bytes),
            message.uint16(at: end) == type.rawValue,
            message.uint16(at: end + 2) == RecordClass.internet.rawValue
        else { return nil }
        if header.flags.isTruncated { return .truncated }
        switch header.flags.responseCode {
        case .noError: break
        case .nxDomain: return .absent("it does not exist")
        case let code: return .failed("a server answered RCODE \(code.rawValue)")
        }
        do throws(WireError) {
            return addresses(try records(message, header, from: end + 4))
        } catch {
            return .failed("a server sent a malformed response")
        }
    }

    // MARK: - Records

    /// What the answer section says of names: aliases and addresses.
    private struct Record {
        enum Content {
            case alias(DomainName)
            case address(IPAddress)
        }

        var owner: DomainName
        var ttl: UInt32
        var content: Content
    }

    private func records(
        _ message: borrowing RawSpan,
        _ header: Header,
        from offset: Int
    ) throws(WireError) -> [Record] {
        var found: [Record] = []
        var cursor = RecordCursor(header: header, offset: offset)
        while let record = try cursor.next(message), record.section == .answer {
            guard record.recordClass == .internet else { continue }
            var at = record.ownerOffset
            let owner = try DomainName(message, at: &at)
            if record.type == .cname {
                at = record.rdataOffset
                let target = try DomainName(message, at: &at)
                found.append(Record(owner: owner, ttl: record.ttl, content: .alias(target)))
            } else if record.type == type {
                let rdata = message.extracting(record.rdataOffset..<record.rdataOffset + record.rdataLength)
                guard let address = Self.address(rdata, type) else { throw .truncated }
                found.append(Record(owner: owner, ttl: record.ttl, content: .address(address)))
            }
        }
        return found
    }

    private static func address(_ rdata: borrowing RawSpan, _ type: RecordType) -> IPAddress? {
        guard rdata.byteCount == (type == .a ? 4 : 16) else { return nil }
        if type == .a { return IPAddress(ipv4: rdata.uint32(at: 0)) }
        let words = (0..<4).map { rdata.uint32(at: $0 * 4) }
        return IPAddress(ipv6: words.reduce(0) { $0 << 32 | UInt128($1) }).unmapped
    }

    /// The addresses at the end of the aliases that begin with the name.
    private func addresses(_ records: [Record]) -> HostAnswer {
        var owner = name
        var ttl = UInt32.max
        for _ in 0...Self.aliasesMax {
            var addresses: [IPAddress] = []
            var target: DomainName?
            for record in records where record.owner == owner {
                switch record.content {
                case .address(let address): addresses.append(address)
                case .alias(let name): target = target ?? name
                }
                ttl = min(ttl, record.ttl)
            }
            let usable = addresses.filter(\.isUsableServer)
            if !usable.isEmpty { return .found(usable, ttlSeconds: ttl) }
            guard let next = target else { break }
            owner = next
        }
        return .absent("it has no address")
    }
}

/// What a server says to a question for the addresses of a host.
enum HostAnswer: Hashable {
    /// Never empty.
    case found([IPAddress], ttlSeconds: UInt32)
    /// There is none; a clause says why.
    case absent(String)
    /// The server does not say; a clause tells what it did.
    case failed(String)
    /// The answer has to be asked for over TCP.
    case truncated
}

extension IPAddress {
    /// Whether a server can have this address: no wildcard, multicast or broadcast address, and none of a single link.
    fileprivate var isUsableServer: Bool {
        if isIPv4 { return bits != 0 && bits >> 28 < 0xE }
        return bits != 0 && bits >> 120 != 0xFF && bits >> 118 != 0xFE80 >> 6
    }
}
