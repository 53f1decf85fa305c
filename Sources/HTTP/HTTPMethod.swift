/// A method of HTTP that a handler can serve (RFC 9110 §9).
public enum HTTPMethod: String, Sendable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    /// Any other, known or not.
    case other = ""
}
