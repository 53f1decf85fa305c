import CSystem

/// The socket at which a service manager, such as systemd, hears how a service is (sd_notify(3)).
public struct NotifySocket: Sendable {
    private let path: String

    /// - Parameter path: begins with `/`, or with `@` in the abstract name space.
    public init(path: String) { self.path = path }

    /// Sends assignments, one on each line; waits for a second at most.
    public func send(_ lines: String) throws(SystemError) {
        try SystemError.check("notify", unsafe csystem_notify(path, lines))
    }
}
