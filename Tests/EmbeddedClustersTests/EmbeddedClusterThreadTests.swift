import DNSWire
import EmbeddedClusters
import EventLoop
import Glibc
import Testing
import Transport

@Suite struct EmbeddedClusterThreadTests {
    private static let loopback = SocketAddress(ipv4: 0x7F00_0001, port: 0)

    @Test(arguments: [loopback, SocketAddress(ipv6: 1, port: 0)])
    func clustersAnswerOverUDPAndTCPAtTheSamePort(address: SocketAddress) throws {
        let clusters = try EmbeddedClusterThread([(.east, address), (.west, address)])
        defer { clusters.stop() }
        let name = "web.shop.svc.cluster.local"
        for (server, expected) in zip(clusters.addresses, ["5 A 10.96.0.20", "30 A 10.112.0.20"]) {
            for isStream in [false, true] {
                let client = try #require(TestClient(server, isStream: isStream))
                client.send(try query(name))
                #expect(try client.receive()?.answer == ["\(name). \(expected)"])
            }
        }
    }

    @Test func aConnectionTakesManyQueriesAtOnce() throws {
        let clusters = try EmbeddedClusterThread([(.east, Self.loopback)])
        defer { clusters.stop() }
        let client = try #require(TestClient(clusters.addresses[0], isStream: true))
        // The second is a response, which gets no answer.
        for message in try [
            query("worker.batch.svc.cluster.local"), [0, 1, 0x80] + Array(repeating: 0, count: 9),
            query("_http._tcp.worker.batch.svc.cluster.local", .srv), query("example.org"),
        ] { client.send(message) }
        #expect(try client.receive()?.answer.count == 60)
        #expect(try client.receive()?.additional.count == 120)
        #expect(try client.receive()?.code == .refused)
    }

    @Test func truncatesOverUDPWhatTCPCarries() throws {
        let clusters = try EmbeddedClusterThread([(.east, Self.loopback)])
        defer { clusters.stop() }
        let client = try #require(TestClient(clusters.addresses[0], isStream: false))
        client.send(try query("worker.batch.svc.cluster.local"))
        let reply = try #require(try client.receive())
        #expect(reply.header.flags.isTruncated && reply.length <= 512)
    }

    @Test func malformedOctetsDoNotEndTheThread() throws {
        let clusters = try EmbeddedClusterThread([(.east, Self.loopback)])
        defer { clusters.stop() }
        let client = try #require(TestClient(clusters.addresses[0], isStream: false))
        client.send([1, 2, 3])
        client.send(Array(repeating: 0x40, count: 5000))
        #expect(try client.receive()?.code == .notImp)
        client.send(try query("web.shop.svc.cluster.local"))
        #expect(try client.receive()?.answer.count == 1)
    }

    @Test func refusesAnAddressThatIsNotOfThisHost() {
        // TEST-NET-1 (RFC 5737).
        let foreign = SocketAddress(ipv4: 0xC000_0201, port: 0)
        #expect(throws: SystemError.self) { _ = try EmbeddedClusterThread([(.east, foreign)]) }
    }

    @Test func stoppingClosesTheConnections() throws {
        let clusters = try EmbeddedClusterThread([(.east, Self.loopback)])
        let open = try #require(TestClient(clusters.addresses[0], isStream: true))
        clusters.stop()
        #expect(try open.receive() == nil)
    }

    private func query(_ name: String, _ type: RecordType = .a) throws -> [UInt8] {
        var writer = MessageWriter(capacity: 512)
        writer.begin(Header(id: MessageID(rawValue: 1), flags: HeaderFlags(rawValue: 0)))
        try writer.appendQuestion(try #require(DomainName(name)), type, .internet)
        return writer.bytes.toArray()
    }
}

/// A blocking client socket of one server; waits at most five seconds for octets.
private final class TestClient {
    private let fd: CInt
    private let isStream: Bool

    /// Connects; nil when that fails.
    init?(_ server: SocketAddress, isStream: Bool) {
        self.isStream = isStream
        let type = isStream ? SOCK_STREAM : SOCK_DGRAM
        fd = socket(server.isIPv4 ? AF_INET : AF_INET6, CInt(type.rawValue), 0)
        var timeout = timeval(tv_sec: 5, tv_usec: 0)
        unsafe setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        guard Self.connect(fd, server) else {
            close(fd)
            return nil
        }
    }

    deinit { close(fd) }

    func send(_ message: [UInt8]) {
        let prefix = isStream ? [UInt8(message.count >> 8), UInt8(message.count & 0xFF)] : []
        let octets = prefix + message
        let sent = unsafe Glibc.send(fd, octets, octets.count, CInt(MSG_NOSIGNAL))
        #expect(sent == octets.count)
    }

    /// The next message; nil when none came or the connection was closed.
    func receive() throws -> ReadReply? {
        var octets = [UInt8](repeating: 0, count: 65_535)
        if isStream {
            guard let length = receive(exactly: 2) else { return nil }
            guard let message = receive(exactly: Int(length[0]) << 8 | Int(length[1])) else { return nil }
            return try read(message.wireBytes)
        }
        let count = unsafe recv(fd, &octets, octets.count, 0)
        guard count > 0 else { return nil }
        let message = Array(octets.prefix(count))
        return try read(message.wireBytes)
    }

    private func receive(exactly count: Int) -> [UInt8]? {
        var octets = [UInt8](repeating: 0, count: count)
        let received = unsafe recv(fd, &octets, count, CInt(MSG_WAITALL))
        return received == count ? octets : nil
    }

    private static func connect(_ fd: CInt, _ server: SocketAddress) -> Bool {
        // The octets of sockaddr_in and sockaddr_in6: family in the machine's order, port and address in the
        // network's, with the flow label before and the scope behind the address of IPv6.
        let family = sa_family_t(server.isIPv4 ? AF_INET : AF_INET6)
        var octets = unsafe withUnsafeBytes(of: family) { unsafe Array($0) }
        octets += [UInt8(server.port >> 8), UInt8(server.port & 0xFF)]
        if !server.isIPv4 { octets += [0, 0, 0, 0] }
        let width = server.isIPv4 ? 32 : 128
        octets += stride(from: width - 8, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: server.bits >> UInt128($0))
        }
        octets += Array(repeating: 0, count: server.isIPv4 ? 8 : 4)
        return unsafe octets.withUnsafeBytes { octets in
            let address = unsafe octets.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            return unsafe Glibc.connect(fd, address, socklen_t(octets.count)) == 0
        }
    }
}
