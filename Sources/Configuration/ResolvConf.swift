/// The nameservers of a file in the format of resolv.conf(5).
enum ResolvConf {
    /// Finds the addresses of the lines that begin with `nameserver`, with their places.
    ///
    /// Other lines, comments among them, are none of our business.
    static func nameservers(_ text: String) -> [(address: String, position: Position)] {
        var found: [(address: String, position: Position)] = []
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        for (i, line) in lines.enumerated() where line.hasPrefix("nameserver") {
            let rest = line.dropFirst("nameserver".count)
            guard let blank = rest.first, blank == " " || blank == "\t" else { continue }
            let value = rest.drop { $0 == " " || $0 == "\t" }
            let address = value.prefix { $0 != " " && $0 != "\t" }
            let column = line.count - value.count + 1
            found.append((String(address), Position(line: i + 1, column: column)))
        }
        return found
    }
}
