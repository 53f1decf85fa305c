/// A line of a dnsmasq.conf: an option, and what follows its equals sign.
struct DnsmasqLine {
    let option: Substring
    /// Empty where there is none.
    let value: Substring
    /// Counted from 1.
    let number: Int

    /// Reads a line without its end; nil for one that says nothing.
    init?(_ line: Substring, number: Int) {
        let text = Self.plain(line)[...].trimmingBlanks
        guard !text.isEmpty else { return nil }
        self.number = number
        let equals = text.firstIndex(of: "=")
        option = text[..<(equals ?? text.endIndex)].trimmingBlanks
        value = equals.map { text[text.index(after: $0)...].trimmingBlanks } ?? ""
    }

    /// The line without quotes and comments.
    private static func plain(_ line: Substring) -> String {
        var plain = String.UnicodeScalarView()
        var isQuoted = false
        var isEscaped = false
        for scalar in line.unicodeScalars {
            if isEscaped {
                isEscaped = false
                plain.append(scalar)
            } else if scalar == "\"" {
                isQuoted.toggle()
            } else if isQuoted, scalar == "\\" {
                isEscaped = true
            } else if !isQuoted, scalar == "#", plain.last.map({ $0 == " " || $0 == "\t" }) ?? true {
                break
            } else {
                plain.append(scalar)
            }
        }
        return String(plain)
    }
}
