// Domain names from and to text by libldns: escapes as in RFC 1035 §5.1, `\.` and `\DDD`.

import CLDNS
public import DNSWire

extension DomainName {
    /// Reads a name in presentation format; a missing last dot is as good as one.
    ///
    /// Octets that are not visible ASCII must be written `\DDD`, so that nothing is read by accident that
    /// looks like another name. Throws what is wrong with the text.
    public init(presentation text: String) throws(PresentationError) {
        guard !text.isEmpty else {
            throw PresentationError(message: "the name is empty; write `.` for the root")
        }
        if let stray = text.unicodeScalars.first(where: { $0.value <= 0x20 || $0.value >= 0x7F }) {
            throw Self.complaint(about: stray, in: text)
        }
        var rdf: UnsafeMutablePointer<ldns_rdf>? = nil
        let status = unsafe ldns_str2rdf_dname(&rdf, text)
        guard status == LDNS_STATUS_OK, let rdf = unsafe rdf else {
            throw Self.complaint(about: status, in: text)
        }
        defer { unsafe ldns_rdf_deep_free(rdf) }
        // SAFETY: libldns says how many octets it allocated; the span ends before they are freed.
        let octets = unsafe UnsafeRawBufferPointer(start: ldns_rdf_data(rdf), count: ldns_rdf_size(rdf))
        var offset = 0
        do {
            self = try DomainName(unsafe RawSpan(_unsafeBytes: octets), at: &offset)
        } catch {
            throw Self.complaint(about: LDNS_STATUS_DOMAINNAME_OVERFLOW, in: text)
        }
    }

    /// The name in presentation format without a last dot: `web.example.org`; the root is `.`.
    public var presentation: String {
        guard !isRoot else { return "." }
        var octets = bytes.toArray()
        // SAFETY: `rdf` borrows `octets` until the text is made, and is freed without them.
        return unsafe octets.withUnsafeMutableBytes { octets in
            guard
                let rdf = unsafe ldns_rdf_new(LDNS_RDF_TYPE_DNAME, octets.count, octets.baseAddress),
                let text = unsafe ldns_rdf2str(rdf)
            else { fatalError("out of memory") }
            defer {
                unsafe free(text)
                unsafe ldns_rdf_free(rdf)
            }
            // libldns closes every name with a dot, which is never part of an escape.
            return String(unsafe String(cString: text).dropLast())
        }
    }

    private static func complaint(about stray: Unicode.Scalar, in text: String) -> PresentationError {
        if stray.value >= 0x80 {
            return PresentationError(
                message: "`\(text)` has letters beyond ASCII; write its `xn--` form (RFC 5891)"
            )
        }
        let digits = String(stray.value)
        let escape = "\\" + String(repeating: "0", count: 3 - digits.count) + digits
        return PresentationError(
            message: "the name has a space or control character; remove it, or write it as `\(escape)`"
        )
    }

    private static func complaint(about status: ldns_status, in text: String) -> PresentationError {
        // A long text would bury the sentence.
        let name = text.utf8.count <= 80 ? "`\(text)`" : "`\(text.prefix(40))…`"
        let message =
            switch status {
            case LDNS_STATUS_LABEL_OVERFLOW:
                "\(name) has a label of more than 63 octets; shorten it"
            case LDNS_STATUS_DOMAINNAME_OVERFLOW:
                "\(name) is longer than 255 octets; shorten it"
            case LDNS_STATUS_EMPTY_LABEL:
                "\(name) has an empty label; write one dot between labels and none in front"
            case LDNS_STATUS_SYNTAX_BAD_ESCAPE:
                "\(name) has a bad escape; write `\\.` for a dot in a label, `\\000` to `\\255` for an octet"
            default:
                "\(name) is not a domain name"
            }
        return PresentationError(message: message)
    }
}
