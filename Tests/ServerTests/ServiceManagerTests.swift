import EventLoop
import Glibc
import Testing
import Transport

@testable import Server

@Suite struct ServiceManagerTests {
    private func milliseconds(_ environment: [String: String]) -> UInt64? {
        ServiceManager(environment: environment, processID: 42).watchdogMilliseconds
    }

    @Test func watchdogIsTheOneOfThisProcess() {
        #expect(milliseconds(["WATCHDOG_USEC": "30000000"]) == 30_000)
        #expect(milliseconds(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "42"]) == 30_000)
        #expect(milliseconds(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "43"]) == nil)
        #expect(milliseconds(["WATCHDOG_PID": "42"]) == nil)
    }

    @Test(arguments: ["", "0", "-1", "999", "1e9", "99999999999999999999"])
    func watchdogThatIsNoTimeDoesNotWatch(text: String) {
        #expect(milliseconds(["WATCHDOG_USEC": text]) == nil)
    }

    @Test(arguments: [
        [:], ["LISTEN_FDS": "2"], ["LISTEN_PID": "41", "LISTEN_FDS": "2"],
        ["LISTEN_PID": "42", "LISTEN_FDS": "0"], ["LISTEN_PID": "42", "LISTEN_FDS": "-2"],
        ["LISTEN_PID": "42", "LISTEN_FDS": "2147483647"], ["LISTEN_PID": "x", "LISTEN_FDS": "2"],
    ])
    func socketsForNobodyOrTooManyAreNone(environment: [String: String]) throws {
        let manager = ServiceManager(environment: environment, processID: 42)
        #expect(try manager.sockets(for: []).isEmpty)
    }

    // MARK: - Sharing

    private func socket(_ kind: __socket_type) throws -> InheritedSocket {
        let fd = Glibc.socket(AF_INET, CInt(kind.rawValue), 0)
        // Left open: the value refers to it.
        if kind == SOCK_STREAM { #expect(listen(fd, 1) == 0) }
        return try InheritedSocket(fd: fd)
    }

    @Test(arguments: [1, 2, 3, 5], [1, 2, 3, 4, 7])
    func everySocketHasAWorkerAndEveryWorkerASocket(sockets count: Int, workers: Int) throws {
        let all = try (0..<count).map { _ in try socket(SOCK_DGRAM) }
        let twins = all.map { _ in all[0] }
        let shares = (0..<workers).map { ServiceManager.share(twins, ofWorker: $0, of: workers).count }
        #expect(shares.allSatisfy { $0 >= 1 })
        #expect(shares.reduce(0, +) == max(count, workers))
    }

    @Test func everyWorkerTakesEachKind() throws {
        let both = [try socket(SOCK_DGRAM), try socket(SOCK_STREAM)]
        for worker in 0..<3 {
            let kinds = ServiceManager.share(both, ofWorker: worker, of: 3).map(\.kind)
            #expect(kinds.count == 2)
            #expect(kinds.contains(.datagrams) && kinds.contains(.streams))
        }
    }

    @Test func withoutSocketsThereIsNothingToShare() {
        #expect(ServiceManager.share([], ofWorker: 0, of: 2).isEmpty)
    }

    @Test func whatIsNoListeningSocketIsRefused() throws {
        #expect(throws: SystemError.self) { try InheritedSocket(fd: -1) }
        let device = unsafe open("/dev/null", O_RDONLY)
        #expect(throws: SystemError.self) { try InheritedSocket(fd: device) }
        let stream = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        #expect(throws: SystemError(call: "getsockopt", errno: EPROTOTYPE)) {
            try InheritedSocket(fd: stream)
        }
        let both = Glibc.socket(AF_INET6, CInt(SOCK_DGRAM.rawValue), 0)
        #expect(throws: SystemError(call: "getsockopt IPV6_V6ONLY", errno: EPROTO)) {
            try InheritedSocket(fd: both)
        }
    }

    // MARK: - Heartbeat

    @Test func heartbeatGrowsOldUntilTheNext() {
        let heartbeat = Heartbeat(at: 5_000_000)
        #expect(heartbeat.age(at: 5_000_000) == 0)
        #expect(heartbeat.age(at: 12_000_000) == 7)
        heartbeat.beat(at: 11_000_000)
        #expect(heartbeat.age(at: 12_000_000) == 1)
        #expect(heartbeat.age(at: 0) == 0)
    }

    @Test func oneWorkerThatHangsIsEnough() {
        let limit = Watchdog.limit(30_000)
        #expect(limit == 15_000)
        #expect(Watchdog.areWell([0, 900, 15_000], limit: limit))
        #expect(!Watchdog.areWell([0, 15_001], limit: limit))
        #expect(Watchdog.areWell([], limit: limit))
        #expect(Watchdog.limit(1) == 3000, "a beat comes once a second")
    }

    @Test func theManagerHearsNothingWhileAWorkerHangs() throws {
        let loop = try EventLoop()
        var age: UInt64 = 0
        var signs = 0
        let end = try Timer(loop) { loop.stop() }
        let watchdog = try Watchdog(loop, milliseconds: 20, ages: { [age] }, alive: { signs += 1 })
        end.schedule(afterMilliseconds: 200)
        loop.run()
        #expect(signs > 1)
        age = 4000
        signs = 0
        end.schedule(afterMilliseconds: 200)
        loop.run()
        #expect(signs == 0)
        withExtendedLifetime(watchdog) {}
    }
}
