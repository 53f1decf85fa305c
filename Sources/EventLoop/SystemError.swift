import CSystem

/// A call to the system that failed, with its reason.
public struct SystemError: Error, Hashable, CustomStringConvertible {
    /// The name of the call: `bind`, `pthread_create`.
    public let call: String
    /// The error number, positive: `EADDRINUSE`.
    public let errno: CInt

    public init(call: String, errno: CInt) {
        self.call = call
        self.errno = errno
    }

    /// One clause in lower case: `bind: address already in use`.
    public var description: String {
        guard let text = unsafe csystem_error_text(errno) else { return "\(call): error \(errno)" }
        let reason = unsafe String(cString: text)
        return "\(call): \(reason.prefix(1).lowercased())\(reason.dropFirst())"
    }

    /// Passes on a result of CSystem that is not an error, and throws when it is a negative error number.
    @discardableResult
    public static func check(_ call: String, _ result: CInt) throws(SystemError) -> CInt {
        if result < 0 { throw SystemError(call: call, errno: -result) }
        return result
    }
}
