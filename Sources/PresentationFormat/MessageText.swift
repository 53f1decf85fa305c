import CLDNS

/// Whole messages as text, for tests and logs.
public enum MessageText {
    /// The message as libldns prints it: header, sections, OPT; nil when it is malformed.
    ///
    /// What libldns adds about the transport (time, server, size) is left out.
    public static func describe(_ message: borrowing RawSpan) -> String? {
        guard let packet = LDNSPacket(message), let text = packet.text() else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let kept = lines.filter { line in
            !transportLines.contains { line.hasPrefix($0) }
        }
        return kept.joined(separator: "\n")
    }

    private static let transportLines = [";; Query time:", ";; SERVER:", ";; WHEN:", ";; MSG SIZE"]
}

/// A message that libldns holds, freed with its owner.
@safe
private struct LDNSPacket: ~Copyable {
    // SAFETY: made by libldns in init, freed once in deinit, never handed out.
    private let packet: UnsafeMutablePointer<ldns_pkt>

    init?(_ message: borrowing RawSpan) {
        var packet: UnsafeMutablePointer<ldns_pkt>?
        let status = unsafe message.withUnsafeBytes { message in
            unsafe ldns_wire2pkt(
                &packet,
                message.baseAddress?.assumingMemoryBound(to: UInt8.self),
                message.count
            )
        }
        guard status == LDNS_STATUS_OK, let packet = unsafe packet else { return nil }
        unsafe self.packet = packet
    }

    deinit { unsafe ldns_pkt_free(packet) }

    func text() -> String? { unsafe LDNSText.take(ldns_pkt2str(packet)) }
}
