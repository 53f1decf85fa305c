import FoundationEssentials
import HTTP

/// Writes what the API says.
enum JSON {
    /// A response with the value as JSON.
    static func response(_ value: some Encodable, status: Int = 200) -> HTTPResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Fails for infinities only, which nothing here can be.
        guard let data = try? encoder.encode(value) else {
            return .text("the value cannot be written as JSON", status: 500)
        }
        return .json(Array(data), status: status)
    }
}
