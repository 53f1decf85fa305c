import EventLoop
import Forwarding
import Logging
import Metrics
import Routing
import Synchronization
import TLS
import TLSTestSupport
import Testing

@testable import Server

/// Servers that are asked over TLS: whom the pool believes, and what it says.
@Suite struct UpstreamTLSTests {
    private let authority: TestAuthority

    init() throws { authority = try TestAuthority() }

    private func server(days: Int = 2, names: [String] = ["DNS:dns.test"]) throws -> TLSTestServer {
        try TLSTestServer(try authority.identity(names, days: days))
    }

    private func harness(
        _ server: TLSTestServer,
        name: String = "dns.test",
        trusting authorities: String? = nil,
        log: MemoryLog = MemoryLog(),
        _ adjust: (inout UpstreamConnectionSettings) -> Void = { _ in }
    ) throws -> PoolHarness {
        let file = authorities ?? authority.file
        let definition = ServerDefinition(
            .address(IPAddress(ipv4: 0x7F00_0001)),
            port: server.port,
            transport: .tls,
            tls: TLSIdentity(name: name, authorities: file)
        )
        return try PoolHarness(definition: definition, logger: log.logger, adjust)
    }

    @Test func queriesPassOverTLS() throws {
        let server = try self.server()
        defer { server.stop() }
        let harness = try self.harness(server)
        for _ in 0..<5 { try harness.exchange() }
        #expect(harness.transports == [.tls, .tls, .tls, .tls, .tls])
        #expect(server.seen.connections == 1)
        #expect(harness.metrics.value(.upstreamConnections) == 1)
    }

    @Test func aHandshakeThatHangsDoesNotKeepTheNextConnectionWaiting() throws {
        // The system accepts; nobody answers.
        let silent = try SilentListener()
        let definition = ServerDefinition(
            .address(IPAddress(ipv4: 0x7F00_0001)),
            port: silent.port,
            transport: .tls,
            tls: TLSIdentity(name: "dns.test", authorities: authority.file)
        )
        let harness = try PoolHarness(limit: 1, definition: definition) { $0.openingMilliseconds = 50 }
        let first = harness.send()
        #expect(harness.send() == first)
        try harness.run(milliseconds: 60)
        let second = harness.send()
        #expect(second != first)
        #expect(harness.connectionCount == 2)
        // There is an end to it.
        for _ in 0..<10 {
            try harness.run(milliseconds: 60)
            harness.send()
        }
        #expect(harness.connectionCount <= 1 + UpstreamConnectionSettings().hangingMax)
    }

    @Test func nextConnectionResumesTheSession() throws {
        let server = try self.server()
        defer { server.stop() }
        let harness = try self.harness(server) { $0.queries = 2 }
        for _ in 0..<12 { try harness.exchange() }
        try harness.run { server.seen.connections >= 3 }
        #expect(server.seen.resumptions == server.seen.handshakes - 1)
        #expect(harness.metrics.value(.upstreamResumptions) > 0)
    }

    @Test func sessionOutlivesAConnectionThatTheServerEnded() throws {
        let server = try self.server()
        defer { server.stop() }
        let harness = try self.harness(server)
        try harness.exchange()
        server.closeConnections()
        try harness.run { harness.connectionCount == 0 }
        try harness.exchange()
        #expect(server.seen.resumptions == 1)
        #expect(harness.failures.map(\.wasOpen) == [true])
        #expect(harness.failures.map(\.tls) == [nil])
    }

    @Test(arguments: [
        (TLSFault.expired, -1, "dns.test", "certificate has expired"),
        (.wrongName, 2, "dns.corp", "certificate is not for dns.corp"),
    ])
    func faultIsNamed(fault: TLSFault, days: Int, name: String, text: String) throws {
        let server = try self.server(days: days)
        defer { server.stop() }
        let log = MemoryLog()
        let harness = try self.harness(server, name: name, log: log)
        for _ in 0..<5 {
            let count = harness.failures.count
            harness.send()
            try harness.run { harness.failures.count > count }
        }
        // Also while no connection is tried.
        #expect(harness.failures.allSatisfy { $0.tls == fault && !$0.wasOpen })
        #expect(log.lines == ["warning cannot use tls://127.0.0.1:\(server.port)#\(name): \(text)"])
        #expect(server.seen.messages == 0)
        #expect(harness.metrics.value(.upstreamTLSFailures) == UInt64(server.seen.connections))
    }

    @Test func unknownAuthorityIsNamed() throws {
        let server = try self.server()
        defer { server.stop() }
        let stranger = try TestAuthority()
        let harness = try self.harness(server, trusting: stranger.file)
        harness.send()
        try harness.run { !harness.failures.isEmpty }
        #expect(harness.failures.map(\.tls) == [.unknownAuthority])
    }

    @Test func serverThatIsBackWithAGoodCertificateIsForgiven() throws {
        let bad = try self.server(days: -1)
        let harness = try self.harness(bad)
        for _ in 0..<3 {
            let count = harness.failures.count
            harness.send()
            try harness.run { harness.failures.count > count }
        }
        bad.stop()
        try harness.run { bad.hasEnded }
        let good = try TLSTestServer(try authority.identity(["DNS:dns.test"]), port: bad.port)
        defer { good.stop() }
        while harness.responses.isEmpty {
            let count = harness.failures.count
            harness.send()
            try harness.run { harness.failures.count > count || !harness.responses.isEmpty }
        }
        let count = harness.failures.count
        try harness.exchange()
        #expect(harness.failures.count == count)
    }

    @Test func serverWithoutAnIdentityIsNeverAskedInTheClear() throws {
        let plain = try StreamServer(try EventLoop())
        let definition = ServerDefinition(
            .address(IPAddress(ipv4: 0x7F00_0001)),
            port: plain.port,
            transport: .tls
        )
        let harness = try PoolHarness(definition: definition, logger: MemoryLog().logger)
        harness.send()
        try harness.run { !harness.failures.isEmpty }
        #expect(harness.connectionCount == 0)
    }

    @Test func fileThatIsNoCertificateIsRefusedAtTheStart() throws {
        let definition = ServerDefinition(
            .address(IPAddress(ipv4: 0x7F00_0001)),
            transport: .tls,
            tls: TLSIdentity(name: "dns.test", authorities: "/nowhere/ca.pem")
        )
        let error = #expect(throws: ServerError.self) {
            try UpstreamStreamSupport(servers: [definition], logger: MemoryLog().logger)
        }
        let text = "cannot read /nowhere/ca.pem: no such file or directory; name a readable PEM file in `ca`"
        #expect(error?.description == text)
    }

    @Test func eachReasonOfAServerIsMentionedOnceAMinute() {
        let log = MemoryLog()
        let clock = Mutex<UInt64>(0)
        let warnings = UpstreamWarnings(log.logger) { clock.withLock { $0 } }
        let servers = (0..<2).map { Upstream(address: IPAddress(ipv4: UInt32($0)), port: 853) }
        for second in 0..<61 {
            clock.withLock { $0 = UInt64(second) * 1_000_000_000 }
            for server in servers { warnings.warn(server, .expired) }
        }
        #expect(log.lines.count == 4)
        // Another reason does not wait for the end of the minute.
        for _ in 0..<2 { warnings.warn(servers[0], .closed) }
        #expect(log.lines.count == 5)
        #expect(log.lines.last?.contains("the server closed the connection") == true)
        // However many there are, the list of them has an end.
        for number in 0..<5000 {
            warnings.warn(Upstream(address: IPAddress(ipv4: UInt32(number)), port: 853), .closed)
        }
        #expect(log.lines.count <= 5 + 1024)
    }
}

/// Keeps what is logged.
final class MemoryLog: Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }

    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: MemoryLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        init(log: MemoryLog) { self.log = log }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.kept.withLock { $0.append("\(event.level) \(event.message)") }
        }
    }
}
