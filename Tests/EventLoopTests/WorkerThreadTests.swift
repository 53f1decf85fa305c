import EventLoop
import Glibc
import Synchronization
import Testing

/// What a thread saw.
private final class Observation: Sendable {
    let status = Mutex<[String: String]>([:])
}

/// Reads what the kernel says of the calling thread.
private func ownStatus() -> [String: String] {
    guard let file = unsafe fopen("/proc/thread-self/status", "r") else { return [:] }
    defer { unsafe fclose(file) }
    var fields: [String: String] = [:]
    var line = [CChar](repeating: 0, count: 4096)
    while unsafe fgets(&line, CInt(line.count), file) != nil {
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let parts = text.split(whereSeparator: \.isWhitespace)
        if parts.count >= 2 { fields[String(parts[0].dropLast())] = String(parts[1]) }
    }
    return fields
}

@Suite struct WorkerThreadTests {
    @Test func wakeupFromAnotherThreadReachesTheLoop() throws {
        let loop = try EventLoop()
        var calls = 0
        let wakeup = try Wakeup(loop) {
            calls += 1
            loop.stop()
        }
        let handle = wakeup.handle
        let thread = try WorkerThread.spawn(name: "waker") { handle.wake() }
        try runBounded(loop)
        thread.join()
        #expect(calls == 1)
    }

    @Test func manyWakesBeforeTheRoundBecomeOneCall() throws {
        let loop = try EventLoop()
        var calls = 0
        let wakeup = try Wakeup(loop) { calls += 1 }
        for _ in 0..<100 { wakeup.handle.wake() }
        let end = try Timer(loop) { loop.stop() }
        end.schedule(afterMilliseconds: 30)
        try runBounded(loop)
        #expect(calls == 1)
    }

    @Test func wakingAfterTheLoopIsGoneDoesNothing() throws {
        let handle = try Wakeup(EventLoop()) {}.handle
        handle.wake()
    }

    @Test func threadHasItsNameAndItsProcessor() throws {
        let list = try #require(ownStatus()["Cpus_allowed_list"])
        let last = try #require(list.split { $0 == "," || $0 == "-" }.last)
        let cpu = try #require(Int(last))

        let seen = Observation()
        let thread = try WorkerThread.spawn(name: "a-name-longer-than-fifteen", cpu: cpu) {
            seen.status.withLock { $0 = ownStatus() }
        }
        thread.join()
        let status = seen.status.withLock { $0 }
        #expect(status["Name"] == "a-name-longer-t")
        #expect(status["Cpus_allowed_list"] == String(cpu))
    }

    @Test func threadLeavesSignalsToOthers() throws {
        let seen = Observation()
        let thread = try WorkerThread.spawn(name: "quiet") { seen.status.withLock { $0 = ownStatus() } }
        thread.join()
        let blocked = try #require(seen.status.withLock { $0["SigBlk"] }.flatMap { UInt64($0, radix: 16) })
        #expect(blocked & 1 << (SIGTERM - 1) != 0)
        #expect(blocked & 1 << (SIGSEGV - 1) == 0)
    }

    @Test func errorsReadAsOneClause() {
        #expect(SystemError(call: "bind", errno: EADDRINUSE).description == "bind: address already in use")
        #expect(SystemError(call: "bind", errno: 99_999).description == "bind: error 99999")
    }

    @Test func openFilesAreRaisedToTheHardLimit() throws {
        let limit = try ProcessLimits.raiseOpenFiles()
        #expect(limit > 0)
        #expect(try ProcessLimits.raiseOpenFiles() == limit)
    }
}
