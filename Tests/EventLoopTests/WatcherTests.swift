import EventLoop
import Glibc
import Testing

/// A pipe that is closed with its owner.
private final class Pipe {
    let readEnd: CInt
    let writeEnd: CInt

    init() {
        var ends: [CInt] = [-1, -1]
        _ = unsafe pipe(&ends)
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    func write(_ octet: UInt8) {
        var octet = octet
        _ = unsafe Glibc.write(writeEnd, &octet, 1)
    }

    func read() -> UInt8 {
        var octet: UInt8 = 0
        _ = unsafe Glibc.read(readEnd, &octet, 1)
        return octet
    }
}

@Suite struct WatcherTests {
    @Test func reportsEachReadiness() throws {
        let loop = try EventLoop()
        let pipe = Pipe()
        var octets: [UInt8] = []
        let watcher = try Watcher(loop, fd: pipe.readEnd, .read) {
            octets.append(pipe.read())
            if octets.count == 3 { loop.stop() }
        }
        pipe.write(1)
        pipe.write(2)
        pipe.write(3)
        try runBounded(loop)
        #expect(octets == [1, 2, 3])
        #expect(watcher.isEnabled)
    }

    @Test func disabledWatcherIsSilentUntilEnabled() throws {
        let loop = try EventLoop()
        let pipe = Pipe()
        var calls = 0
        let watcher = try Watcher(loop, fd: pipe.readEnd, .read) {
            calls += 1
            _ = pipe.read()
            loop.stop()
        }
        watcher.disable()
        pipe.write(1)
        var callsWhileDisabled = 0
        let later = try Timer(loop) {
            callsWhileDisabled = calls
            try? watcher.enable()
        }
        later.schedule(afterMilliseconds: 20)
        try runBounded(loop)
        #expect(callsWhileDisabled == 0)
        #expect(calls == 1)
    }

    @Test func writeInterestIsReportedForWritablePipe() throws {
        let loop = try EventLoop()
        let pipe = Pipe()
        var calls = 0
        let watcher = try Watcher(loop, fd: pipe.writeEnd, .write) {
            calls += 1
            loop.stop()
        }
        try runBounded(loop)
        watcher.disable()
        #expect(calls == 1)
    }

    @Test func watcherOfClosedDescriptorIsRefused() throws {
        let loop = try EventLoop()
        #expect(throws: SystemError.self) { _ = try Watcher(loop, fd: 1_000_000, .read) {} }
    }

    /// The kernel gives the new descriptor the number of the old, unless another thread was faster.
    @Test func aDescriptorThatIsReplacedWithinItsOwnCallIsWatched() throws {
        let loop = try EventLoop()
        var pipe: Pipe? = Pipe()
        var calls = 0
        var watcher: Watcher?
        func watch(_ new: Pipe) throws {
            pipe = new
            watcher = try Watcher(loop, fd: new.readEnd, .read) {
                calls += 1
                if calls == 2 { return loop.stop() }
                watcher = nil
                pipe = nil
                let next = Pipe()
                #expect(throws: Never.self) { try watch(next) }
                next.write(1)
            }
        }
        if let first = pipe { try watch(first) }
        pipe?.write(1)
        try runBounded(loop)
        #expect(calls == 2)
        #expect(watcher != nil)
    }

    @Test func signalIsDeliveredToTheLoop() throws {
        let loop = try EventLoop()
        var calls = 0
        let watcher = try SignalWatcher(loop, signal: SIGWINCH) {
            calls += 1
            loop.stop()
        }
        kill(getpid(), SIGWINCH)
        try runBounded(loop)
        withExtendedLifetime(watcher) {}
        #expect(calls == 1)
    }
}
