import Configuration
import EventLoop
import Transport

/// The service manager that started the process, when one did: what it wants to hear, and the sockets that it keeps.
///
/// The protocols of systemd: sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3).
struct ServiceManager: Sendable {
    /// Milliseconds without a sign of life after which the manager ends the process; nil when it does not watch.
    let watchdogMilliseconds: UInt64?
    private let notifications: NotifySocket?
    private let descriptors: Range<CInt>

    /// The first descriptor that the manager hands over.
    private static let firstDescriptor: CInt = 3
    /// More sockets than anybody listens on.
    private static let descriptorsMax: CInt = 1024

    /// Reads what the manager said in the environment; what is not meant for this process does not count.
    init(environment: [String: String], processID: Int32) {
        notifications = environment["NOTIFY_SOCKET"].map { NotifySocket(path: $0) }
        let isWatched = environment["WATCHDOG_PID"].map { Int32($0) == processID } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap { UInt64($0) } ?? 0
        watchdogMilliseconds = isWatched && microseconds >= 1000 ? microseconds / 1000 : nil
        let isHeir = environment["LISTEN_PID"].flatMap { Int32($0) } == processID
        let count = environment["LISTEN_FDS"].flatMap { CInt($0) } ?? 0
        let isSensible = isHeir && (1...Self.descriptorsMax).contains(count)
        descriptors = Self.firstDescriptor..<Self.firstDescriptor + (isSensible ? count : 0)
    }

    // MARK: - Telling

    /// Queries are answered.
    func ready(_ status: String) { tell("READY=1\nSTATUS=\(status)") }

    /// The configuration is being read again; `ready` ends it.
    func reloading() { tell("RELOADING=1\nMONOTONIC_USEC=\(MonotonicClock.nanoseconds() / 1000)") }

    func stopping() { tell("STOPPING=1\nSTATUS=Finishing what is in flight") }

    /// Another process is the service from now on.
    func replaced(by processID: Int32) {
        tell("MAINPID=\(processID)\nSTATUS=Process \(processID) has taken over")
    }

    /// All goes well.
    func alive() { tell("WATCHDOG=1") }

    // Without its manager the service goes on.
    private func tell(_ lines: String) { try? notifications?.send(lines) }

    // MARK: - Sockets

    /// The sockets that the manager opened for the addresses of `listen`.
    ///
    /// One that does not fit would swallow queries: it is an error.
    func sockets(for listen: [SocketAddress]) throws(ServerError) -> [InheritedSocket] {
        var sockets: [InheritedSocket] = []
        for fd in descriptors {
            let socket: InheritedSocket
            do throws(SystemError) {
                socket = try InheritedSocket(fd: fd)
            } catch {
                throw .inheritedSocket("descriptor \(fd)", Self.reason(error))
            }
            let name = "\(socket.kind == .datagrams ? "UDP" : "TCP") at \(socket.address.text)"
            guard listen.contains(socket.address) else {
                throw .inheritedSocket(
                    name,
                    "it is not in `listen`; add it there, or take it out of the socket unit"
                )
            }
            sockets.append(socket)
        }
        return sockets
    }

    /// What one of some workers takes: each socket has a worker at least, and each worker one of each address.
    static func share(_ sockets: [InheritedSocket], ofWorker number: Int, of workers: Int)
        -> [InheritedSocket]
    {
        sockets.indices.filter { place in
            let twins = sockets.indices.filter { sockets[$0].isTwin(of: sockets[place]) }
            let order = twins.firstIndex(of: place) ?? 0
            return twins.count < workers ? number % twins.count == order : order % workers == number
        }.map { sockets[$0] }
    }

    private static func reason(_ error: SystemError) -> String {
        error.call == "getsockopt IPV6_V6ONLY"
            ? "it takes IPv4, too; write `BindIPv6Only=ipv6-only` into the socket unit"
            : "it is no UDP socket and no listening TCP socket; take it out of the socket unit"
    }
}

extension InheritedSocket {
    fileprivate func isTwin(of other: InheritedSocket) -> Bool {
        kind == other.kind && address == other.address
    }
}

extension SocketAddress {
    fileprivate var text: String {
        "\(ListenAddress(address: ipAddress, port: port))"
    }
}
