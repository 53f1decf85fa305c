import Glibc

/// A TCP client on loopback that blocks, but for no longer than five seconds.
final class StreamClient {
    private let socket: CInt

    init(port: UInt16) throws(ScenarioError) {
        socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw ScenarioError("socket: error \(errno)") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        let patienceLength = socklen_t(MemoryLayout<timeval>.size)
        let isSet = unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, patienceLength)
        let isConnected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe connect(socket, generic, length)
            }
        }
        guard isSet == 0, isConnected == 0 else { throw ScenarioError("connect: error \(errno)") }
    }

    deinit { _ = close(socket) }

    /// Writes all octets, which have to fit into the kernel's buffer.
    func write(_ octets: [UInt8]) throws(ScenarioError) {
        let written = unsafe octets.withUnsafeBytes { bytes in
            unsafe send(socket, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL))
        }
        guard written == octets.count else { throw ScenarioError("send: \(written), error \(errno)") }
    }

    /// Reads exactly `count` octets.
    func read(_ count: Int) throws(ScenarioError) -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: count)
        let received = unsafe octets.withUnsafeMutableBytes { bytes in
            unsafe recv(socket, bytes.baseAddress, bytes.count, CInt(MSG_WAITALL))
        }
        guard received == count else { throw ScenarioError("recv: \(received), error \(errno)") }
        return octets
    }
}
