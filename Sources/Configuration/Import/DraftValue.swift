import Routing

/// A value of a configuration to be written, and the line of the file that it comes from.
///
/// An object, so that what the loader refuses can be told from an equal value elsewhere.
final class DraftValue {
    let text: String
    /// Counted from 1.
    let line: Int

    init(_ text: String, _ line: Int) {
        self.text = text
        self.line = line
    }

    /// Whether a server is given by name.
    var isHostName: Bool {
        guard let server = try? ServerText.parse(text) else { return false }
        return server.upstream == nil
    }

    /// The value as YAML, in quotes where it would be something else without.
    var yaml: String {
        let isPlain =
            text.utf8.first.map { Self.isAlphanumeric($0) || $0 == UInt8(ascii: "/") } ?? false
            && text.utf8.allSatisfy { Self.isAlphanumeric($0) || Self.plainSigns.contains($0) }
            && text.utf8.last != UInt8(ascii: ":") && !text.contains("::")
        guard !isPlain || isNull else { return text }
        return "\"" + text.unicodeScalars.map(Self.escaped).joined() + "\""
    }

    private static let plainSigns = Array("./:-_".utf8)

    /// Whether this would be no text but something else.
    private var isNull: Bool { ["null", "Null", "NULL"].contains(text) }

    private static func isAlphanumeric(_ octet: UInt8) -> Bool {
        (octet | 0x20) &- UInt8(ascii: "a") < 26 || octet &- UInt8(ascii: "0") < 10
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"", "\\": return "\\\(scalar)"
        case " "..."~": return String(scalar)
        default:
            let digits = String(scalar.value, radix: 16)
            return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
        }
    }
}
