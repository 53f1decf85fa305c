// Durations and sizes, as the configuration writes them.

/// Reads `5s`, `500ms`, `1h`: one number and one unit.
enum DurationText {
    private static let units: [(name: String, milliseconds: UInt64)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    /// Reads a duration of whole seconds.
    static func seconds(_ text: String) throws(InvalidValue) -> UInt64 {
        let milliseconds = try milliseconds(text)
        guard milliseconds.isMultiple(of: 1000) else {
            let below = milliseconds / 1000
            throw InvalidValue(
                "\(quoted(text)) is no whole number of seconds; write \(below)s or \(below + 1)s"
            )
        }
        return milliseconds / 1000
    }

    /// Writes a duration with the largest unit that makes it a whole number.
    static func text(milliseconds: UInt64) -> String {
        guard milliseconds > 0 else { return "0ms" }
        let unit = units.last { milliseconds.isMultiple(of: $0.milliseconds) } ?? units[0]
        return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }

    /// Reads a duration.
    static func milliseconds(_ text: String) throws(InvalidValue) -> UInt64 {
        let (digits, unit) = Quantity.split(text)
        guard let number = UInt64(digits) else { throw complaint(text) }
        guard !unit.isEmpty else {
            throw InvalidValue("\(quoted(text)) has no unit; write \(text)s for seconds (or ms, m, h, d)")
        }
        guard let factor = units.first(where: { $0.name == unit })?.milliseconds else {
            throw complaint(text)
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow else { throw InvalidValue("\(quoted(text)) is too long a time; shorten it") }
        return product
    }

    private static func complaint(_ text: String) -> InvalidValue {
        InvalidValue("\(quoted(text)) is no duration; write a whole number and one of ms, s, m, h, d: 5s")
    }
}

/// Reads `64MiB`: one number and one binary unit.
enum SizeText {
    private static let units: [(name: String, shift: UInt64)] = [
        ("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40),
    ]

    /// Reads a number of octets; only 0 needs no unit.
    static func bytes(_ text: String) throws(InvalidValue) -> UInt64 {
        let (digits, unit) = Quantity.split(text)
        guard let number = UInt64(digits) else { throw complaint(text) }
        if unit.isEmpty {
            guard number == 0 else {
                throw InvalidValue("\(quoted(text)) has no unit; write KiB, MiB, GiB or TiB after it: 64MiB")
            }
            return 0
        }
        guard let shift = units.first(where: { $0.name == unit })?.shift else {
            let meant = units.first {
                $0.name.first?.lowercased() == unit.first?.lowercased() && unit.count <= 3
            }
            guard let meant else { throw complaint(text) }
            throw InvalidValue("\(quoted(text)) has no binary unit; write \(digits)\(meant.name)")
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
        guard !overflow else { throw InvalidValue("\(quoted(text)) is too large a size; lessen it") }
        return product
    }

    private static func complaint(_ text: String) -> InvalidValue {
        InvalidValue("\(quoted(text)) is no size; write a whole number and one of KiB, MiB, GiB, TiB: 64MiB")
    }
}

private enum Quantity {
    /// Splits text into its leading decimal digits and the rest.
    static func split(_ text: String) -> (digits: Substring, unit: Substring) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        return (digits, text.dropFirst(digits.count))
    }
}
