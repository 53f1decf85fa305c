import CLDNS
import DNSWire

/// A record that libldns holds, freed with its owner.
@safe
struct LDNSRecord: ~Copyable {
    // SAFETY: made by libldns in an init, freed once in deinit, never handed out.
    private let record: UnsafeMutablePointer<ldns_rr>

    /// Reads one line of presentation format.
    init(_ text: String, origin: DomainName, defaultTTL: UInt32) throws(PresentationError) {
        let name = LDNSName(origin)
        var record: UnsafeMutablePointer<ldns_rr>?
        let status = unsafe text.withCString { text in
            unsafe ldns_rr_new_frm_str(&record, text, defaultTTL, name.rdf, nil)
        }
        guard status == LDNS_STATUS_OK, let record = unsafe record else {
            throw PresentationError(message: "`\(text)` is no resource record: \(LDNSText.reason(status))")
        }
        unsafe self.record = record
    }

    /// Reads a record in uncompressed wire form; nil when its RDATA does not have the shape of its type.
    init?(wire: [UInt8]) {
        var record: UnsafeMutablePointer<ldns_rr>?
        var position = 0
        let status = unsafe wire.withUnsafeBufferPointer { wire in
            unsafe ldns_wire2rr(&record, wire.baseAddress, wire.count, &position, LDNS_SECTION_ANSWER)
        }
        guard status == LDNS_STATUS_OK, let record = unsafe record else { return nil }
        unsafe self.record = record
    }

    deinit { unsafe ldns_rr_free(record) }

    /// The record in presentation format, without the line's end.
    func text() -> String? {
        guard let text = unsafe LDNSText.take(ldns_rr2str(record)) else { return nil }
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    /// The record in uncompressed wire form; nil when it does not fit.
    func wire() -> [UInt8]? {
        var octets: UnsafeMutablePointer<UInt8>?
        var count = 0
        let status = unsafe ldns_rr2wire(&octets, record, Int32(LDNS_SECTION_ANSWER.rawValue), &count)
        defer { unsafe free(octets) }
        guard status == LDNS_STATUS_OK, let octets = unsafe octets else { return nil }
        return unsafe Array(UnsafeBufferPointer(start: octets, count: count))
    }
}

/// A name that libldns holds, freed with its owner.
@safe
struct LDNSName: ~Copyable {
    // SAFETY: made by libldns in init, freed once in deinit; libldns only reads it through the pointer.
    let rdf: UnsafeMutablePointer<ldns_rdf>

    init(_ name: DomainName) {
        let octets = name.bytes.toArray()
        let made = unsafe ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, octets.count, octets)
        guard let made = unsafe made else { fatalError("out of memory") }
        unsafe rdf = made
    }

    deinit { unsafe ldns_rdf_deep_free(rdf) }
}

/// Strings of libldns.
enum LDNSText {
    /// The string, freed; nil for a null pointer.
    @unsafe
    static func take(_ text: UnsafeMutablePointer<CChar>?) -> String? {
        guard let text = unsafe text else { return nil }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }

    /// What a status means, in the library's words.
    static func reason(_ status: ldns_status) -> String {
        unsafe ldns_get_errorstr_by_id(status).map { unsafe String(cString: $0) } ?? "Unknown error"
    }
}
