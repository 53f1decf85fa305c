/// What a handler answers.
public struct HTTPResponse: Sendable {
    /// The status code (RFC 9110 §15).
    public var status: Int
    public var contentType: String
    public var body: [UInt8]
    /// The methods of the target, for 405 (RFC 9110 §15.5.6).
    public var allow: String?

    public init(_ status: Int = 200, contentType: String, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// A line of text.
    public static func text(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status, contentType: "text/plain; charset=utf-8", body: Array("\(text)\n".utf8))
    }

    /// A finished JSON document.
    public static func json(_ body: [UInt8], status: Int = 200) -> HTTPResponse {
        HTTPResponse(status, contentType: "application/json", body: body)
    }

    /// The header fields.
    var fields: [(name: String, value: String)] {
        var fields = [
            ("Content-Type", contentType), ("Content-Length", "\(body.count)"), ("Connection", "close"),
            ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
        ]
        if let allow { fields.append(("Allow", allow)) }
        return fields
    }

    /// The words for a status code.
    static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 400: "Bad Request"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 421: "Misdirected Request"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        default: status < 400 ? "OK" : "Error"
        }
    }
}
