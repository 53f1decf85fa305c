import CLDNS
public import DNSWire

extension RecordType {
    /// Reads a type by its mnemonic or as `TYPE123` (RFC 3597 §5), in any case; nil when there is no such type.
    public init?(presentation text: String) {
        let type = unsafe ldns_get_rr_type_by_name(text)
        guard let number = UInt16(exactly: type.rawValue), number > 0 else { return nil }
        // libldns stops at the first character behind TYPE that is no digit.
        if text.utf8.count > 4, text.prefix(4).uppercased() == "TYPE", UInt16(text.dropFirst(4)) != number {
            return nil
        }
        self.init(number)
    }
}
