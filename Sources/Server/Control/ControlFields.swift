import DNSWire
import PresentationFormat

/// The fields of a request, each known, and each given once.
struct ControlFields {
    private var values: [String: String] = [:]

    init(_ fields: [(name: String, value: String)], known: Set<String>) throws(ControlProblem) {
        for (name, value) in fields {
            guard known.contains(name) else {
                let list = known.sorted().joined(separator: ", ")
                throw ControlProblem("unknown field `\(Self.short(name))`; known: \(list)")
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw ControlProblem("`\(name)` is given twice; give it once")
            }
        }
    }

    /// A field that is not empty.
    subscript(name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// `true` or `false`; false when it is missing.
    func flag(_ name: String) throws(ControlProblem) -> Bool {
        switch values[name] {
        case nil, "false": return false
        case "true": return true
        case let value?:
            throw ControlProblem("`\(name)` is `\(Self.short(value))`; write `true` or `false`")
        }
    }

    func domainName(_ name: String) throws(ControlProblem) -> DomainName? {
        guard let text = self[name] else { return nil }
        do throws(PresentationError) {
            return try DomainName(presentation: text)
        } catch {
            throw ControlProblem(error.message)
        }
    }

    func recordType(_ name: String) throws(ControlProblem) -> RecordType? {
        guard let text = self[name] else { return nil }
        guard let type = RecordType(mnemonic: text) else {
            throw ControlProblem("`\(Self.short(text))` is no record type; write one as `AAAA` or `TYPE28`")
        }
        return type
    }

    /// The start of what may be long.
    private static func short(_ text: String) -> String {
        text.utf8.count <= 80 ? text : "\(text.prefix(40))…"
    }
}
