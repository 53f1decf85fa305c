import CLDNS
import DNSWire

/// A message as libldns sees it, the independent oracle of the tests.
@safe
struct LDNSMessage: ~Copyable {
    // SAFETY: made by libldns in an init, freed once in deinit, never handed out.
    private let packet: UnsafeMutablePointer<ldns_pkt>

    /// Why libldns refuses a message or a text.
    struct Refusal: Error { let reason: String }

    enum Section: UInt32, CaseIterable {
        case answer = 1
        case authority = 2
        case additional = 3
    }

    /// Reads octets.
    init(_ message: borrowing RawSpan) throws(Refusal) {
        var packet: UnsafeMutablePointer<ldns_pkt>?
        let status = unsafe message.withUnsafeBytes { message in
            let start = unsafe message.baseAddress?.assumingMemoryBound(to: UInt8.self)
            return unsafe ldns_wire2pkt(&packet, start, message.count)
        }
        guard status == LDNS_STATUS_OK, let packet = unsafe packet else { throw Self.refusal(status) }
        unsafe self.packet = packet
    }

    private init() {
        guard let packet = unsafe ldns_pkt_new() else { fatalError("out of memory") }
        unsafe self.packet = packet
    }

    /// Makes a message of text.
    static func make(_ fixture: MessageFixture) throws(Refusal) -> LDNSMessage {
        let message = LDNSMessage()
        unsafe ldns_pkt_set_id(message.packet, fixture.id)
        unsafe setFlags(message.packet, fixture.flags)
        for question in fixture.questions {
            var record: UnsafeMutablePointer<ldns_rr>?
            let status = unsafe ldns_rr_new_question_frm_str(&record, question, nil, nil)
            guard status == LDNS_STATUS_OK else { throw refusal(status) }
            unsafe ldns_pkt_push_rr(message.packet, LDNS_SECTION_QUESTION, record)
        }
        for section in Section.allCases {
            for text in fixture.records[section] ?? [] {
                var record: UnsafeMutablePointer<ldns_rr>?
                let status = unsafe ldns_rr_new_frm_str(&record, text, 0, nil, nil)
                guard status == LDNS_STATUS_OK else { throw refusal(status) }
                unsafe ldns_pkt_push_rr(message.packet, ldns_pkt_section(rawValue: section.rawValue), record)
            }
        }
        if let edns = fixture.edns { unsafe setEDNS(message.packet, edns) }
        return message
    }

    deinit { unsafe ldns_pkt_free(packet) }

    /// The message in wire form, as libldns writes and compresses it.
    func wire() throws(Refusal) -> [UInt8] {
        var octets: UnsafeMutablePointer<UInt8>?
        var count = 0
        let status = unsafe ldns_pkt2wire(&octets, packet, &count)
        defer { unsafe free(octets) }
        guard status == LDNS_STATUS_OK, let octets = unsafe octets else { throw Self.refusal(status) }
        return unsafe Array(UnsafeBufferPointer(start: octets, count: count))
    }

    /// The records of a section in presentation format; libldns takes OPT and TSIG out of the last one.
    func records(_ section: Section) -> [String] {
        let list =
            switch section {
            case .answer: unsafe ldns_pkt_answer(packet)
            case .authority: unsafe ldns_pkt_authority(packet)
            case .additional: unsafe ldns_pkt_additional(packet)
            }
        return unsafe Self.texts(list)
    }

    /// All records of a message in uncompressed wire form; nil when libldns cannot read it.
    static func records(_ octets: borrowing RawSpan) -> [[UInt8]]? {
        guard let message = try? LDNSMessage(octets) else { return nil }
        return unsafe [
            ldns_pkt_answer(message.packet), ldns_pkt_authority(message.packet),
            ldns_pkt_additional(message.packet),
        ].flatMap { list in
            let count = unsafe ldns_rr_list_rr_count(list)
            return (0..<count).map { unsafe wire(ldns_rr_list_rr(list, $0)) }
        }
    }

    /// The message as text.
    var fixture: MessageFixture {
        var fixture = MessageFixture(id: unsafe ldns_pkt_id(packet), flags: flags)
        fixture.questions = unsafe Self.texts(ldns_pkt_question(packet))
        for section in Section.allCases { fixture.records[section] = records(section) }
        if unsafe ldns_pkt_edns(packet) != 0 {
            fixture.edns = unsafe FixtureEDNS(
                size: ldns_pkt_edns_udp_size(packet),
                extendedResponseCode: ldns_pkt_edns_extended_rcode(packet),
                version: ldns_pkt_edns_version(packet),
                flags: ldns_pkt_edns_z(packet)
            )
        }
        return fixture
    }

    private var flags: UInt16 {
        let bits: [(CChar, UInt16)] = unsafe [
            (ldns_pkt_qr(packet), 0x8000), (ldns_pkt_aa(packet), 0x0400), (ldns_pkt_tc(packet), 0x0200),
            (ldns_pkt_rd(packet), 0x0100), (ldns_pkt_ra(packet), 0x0080), (ldns_pkt_ad(packet), 0x0020),
            (ldns_pkt_cd(packet), 0x0010),
        ]
        let opcode = unsafe UInt16(ldns_pkt_get_opcode(packet).rawValue) << 11
        let responseCode = unsafe UInt16(ldns_pkt_get_rcode(packet).rawValue)
        return bits.reduce(opcode | responseCode) { $0 | ($1.0 != 0 ? $1.1 : 0) }
    }

    @unsafe
    private static func setFlags(_ packet: UnsafeMutablePointer<ldns_pkt>, _ flags: UInt16) {
        unsafe ldns_pkt_set_qr(packet, flags & 0x8000 != 0 ? 1 : 0)
        unsafe ldns_pkt_set_opcode(packet, ldns_pkt_opcode(rawValue: UInt32(flags >> 11 & 15)))
        unsafe ldns_pkt_set_aa(packet, flags & 0x0400 != 0 ? 1 : 0)
        unsafe ldns_pkt_set_tc(packet, flags & 0x0200 != 0 ? 1 : 0)
        unsafe ldns_pkt_set_rd(packet, flags & 0x0100 != 0 ? 1 : 0)
        unsafe ldns_pkt_set_ra(packet, flags & 0x0080 != 0 ? 1 : 0)
        unsafe ldns_pkt_set_ad(packet, flags & 0x0020 != 0 ? 1 : 0)
        unsafe ldns_pkt_set_cd(packet, flags & 0x0010 != 0 ? 1 : 0)
        unsafe ldns_pkt_set_rcode(packet, UInt8(flags & 15))
    }

    @unsafe
    private static func setEDNS(_ packet: UnsafeMutablePointer<ldns_pkt>, _ edns: FixtureEDNS) {
        unsafe ldns_pkt_set_edns_udp_size(packet, edns.size)
        unsafe ldns_pkt_set_edns_extended_rcode(packet, edns.extendedResponseCode)
        unsafe ldns_pkt_set_edns_version(packet, edns.version)
        unsafe ldns_pkt_set_edns_z(packet, edns.flags)
    }

    @unsafe
    private static func texts(_ list: UnsafeMutablePointer<ldns_rr_list>?) -> [String] {
        let count = unsafe ldns_rr_list_rr_count(list)
        return (0..<count).compactMap { i in
            guard let text = unsafe ldns_rr2str(ldns_rr_list_rr(list, i)) else { return nil }
            defer { unsafe free(text) }
            return unsafe String(String(cString: text).dropLast())
        }
    }

    @unsafe
    private static func wire(_ record: UnsafeMutablePointer<ldns_rr>?) -> [UInt8] {
        var octets: UnsafeMutablePointer<UInt8>?
        var count = 0
        let status = unsafe ldns_rr2wire(&octets, record, Int32(LDNS_SECTION_ANSWER.rawValue), &count)
        defer { unsafe free(octets) }
        guard status == LDNS_STATUS_OK else { return [] }
        return unsafe Array(UnsafeBufferPointer(start: octets, count: count))
    }

    private static func refusal(_ status: ldns_status) -> Refusal {
        unsafe Refusal(reason: String(cString: ldns_get_errorstr_by_id(status)))
    }
}
