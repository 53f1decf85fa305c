/// Why a text is no name or record in presentation format (RFC 1035 §5.1).
public struct PresentationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong and what to do, one sentence without its full stop.
    public let message: String

    public init(message: String) { self.message = message }

    public var description: String { message }
}
