import Configuration
import EventLoop

/// Where records go: a file that may be moved away, a socket whose reader may be gone, or standard error.
///
/// Used on the observer's thread, which may wait for it; what cannot be written is dropped and counted.
struct QueryLogTarget: ~Copyable {
    private let configuration: QueryLogConfiguration
    private var descriptor: LogDescriptor?
    /// Nanoseconds until which nothing is tried after a failure.
    private var pause: UInt64 = 0
    private var pausesUntil: UInt64 = 0
    private var lookAt: UInt64 = 0
    private(set) var dropped: UInt64 = 0
    /// What went wrong last; nil when all is well.
    private(set) var problem: SystemError?

    private static let second: UInt64 = 1_000_000_000
    private static let pauseMax = 10 * second
    private static let socketSeconds = 1

    init(_ configuration: QueryLogConfiguration) { self.configuration = configuration }

    private var isDnstap: Bool { configuration.format == .dnstap }

    /// Writes records, already in their form, in one piece.
    mutating func write(_ octets: [UInt8], records: Int, now: UInt64) {
        guard open(now), let descriptor else {
            dropped += UInt64(records)
            return
        }
        let length = descriptor.length
        do throws(SystemError) {
            try descriptor.write(octets)
            problem = nil
        } catch {
            dropped += UInt64(records)
            // Half a record would spoil what follows, and what is in the file already is worth keeping.
            let isWhole = length.map(descriptor.cut) ?? false
            if isWhole { problem = error } else { fail(error, now) }
        }
    }

    /// Opens the file again when it was moved away, about once a second.
    mutating func look(now: UInt64) {
        guard case .file(let path) = configuration.target, now >= lookAt else { return }
        lookAt = now + Self.second
        if let descriptor, !descriptor.isStill(at: path) { close() }
        _ = open(now)
    }

    /// Says goodbye to the reader.
    mutating func close() {
        if isDnstap { try? descriptor?.write(FrameStream.control(.stop)) }
        descriptor = nil
    }

    private mutating func open(_ now: UInt64) -> Bool {
        if descriptor != nil { return true }
        guard now >= pausesUntil else { return false }
        do throws(SystemError) {
            descriptor = try connect()
            pause = 0
            return true
        } catch {
            fail(error, now)
            return false
        }
    }

    private func connect() throws(SystemError) -> LogDescriptor {
        switch configuration.target {
        case .standardError: return .standardError
        case .file(let path):
            // A stream that was cut has no place for another behind it.
            let file = try LogDescriptor(file: path, empties: isDnstap)
            if isDnstap { try file.write(FrameStream.control(.start)) }
            return file
        case .socket(let path):
            let socket = try LogDescriptor(socket: path, seconds: Self.socketSeconds)
            try FrameStream.shakeHands(socket)
            return socket
        }
    }

    private mutating func fail(_ error: SystemError, _ now: UInt64) {
        descriptor = nil
        problem = error
        pause = min(max(pause * 2, Self.second / 4), Self.pauseMax)
        pausesUntil = now + pause
    }
}
