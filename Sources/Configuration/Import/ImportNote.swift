/// Something that an import could not carry over, and what to do about it.
public struct ImportNote: Sendable, Hashable, CustomStringConvertible {
    /// As it was given.
    public let file: String
    /// Counted from 1.
    public let line: Int
    /// A sentence without a dot at its end.
    public let message: String

    /// As in `dnsmasq.conf:12: sentence`.
    public var description: String { "\(file):\(line): \(message)" }
}
