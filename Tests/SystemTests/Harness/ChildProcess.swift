import Foundation
import Glibc
import Synchronization

/// How a process ended.
enum ExitStatus: Sendable, Equatable {
    case exited(Int32)
    case killed(signal: Int32)
}

/// A child that dies with the tests, ends with the last reference to it, and whose output is kept.
final class ChildProcess: Sendable {
    let name: String
    let pid: pid_t
    private let outputFile: OutputFile
    private let errorFile: OutputFile
    private let status = Mutex<ExitStatus?>(nil)

    /// Starts a program.
    ///
    /// - Parameter withoutCapabilities: names of capabilities (as `net_bind_service`) to do without.
    init(
        _ program: Tool,
        _ arguments: [String],
        withoutCapabilities: [String] = [],
        environment: [String: String] = [:]
    ) throws {
        name = program.name
        let path = try program.path()
        var command = [try Tool.setpriv.path(), "--pdeathsig", "KILL"]
        // Nobody but root has them in the first place.
        if !withoutCapabilities.isEmpty, geteuid() == 0 {
            let list = withoutCapabilities.map { "-\($0)" }.joined(separator: ",")
            command += ["--bounding-set=\(list)", "--inh-caps=\(list)"]
        }
        command += ["--", path] + arguments
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let started = try Spawner.shared.run { [command] in
            let output = try OutputFile()
            let error = try OutputFile()
            let pid = try Self.spawn(command, variables, output.fd, error.fd)
            return (pid: pid, output: output, error: error)
        }
        pid = started.pid
        outputFile = started.output
        errorFile = started.error
    }

    deinit { stop() }

    var standardOutput: String { outputFile.text }
    var standardError: String { errorFile.text }
    /// Both, for the text of a failure.
    var log: String { standardOutput + standardError }

    /// How the process ended; nil while it runs.
    var exitStatus: ExitStatus? {
        status.withLock { status in
            if status != nil { return status }
            var code: Int32 = 0
            guard unsafe waitpid(pid, &code, WNOHANG) == pid else { return nil }
            status = code & 0x7F == 0 ? .exited(code >> 8 & 0xFF) : .killed(signal: code & 0x7F)
            return status
        }
    }

    /// Waits for the end; nil when the time is over.
    func wait(seconds: Double) -> ExitStatus? {
        let deadline = Deadline(seconds: seconds)
        while true {
            if let exitStatus { return exitStatus }
            guard !deadline.isOver else { return nil }
            usleep(2000)
        }
    }

    /// Sends a signal, unless the process has ended.
    func send(signal: Int32) {
        // Holding the lock: nobody reaps it now, so that nobody else can get its id.
        status.withLock { status in
            if status == nil { kill(pid, signal) }
        }
    }

    /// Ends the process by its id: asks first, then forces it.
    func stop() {
        guard exitStatus == nil else { return }
        send(signal: SIGTERM)
        if wait(seconds: 3) != nil { return }
        send(signal: SIGKILL)
        _ = wait(seconds: 5)
    }

    /// The resident memory in octets.
    var residentBytes: Int {
        get throws {
            let text = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            for line in text.split(separator: "\n") where line.hasPrefix("VmRSS:") {
                let fields = line.split(whereSeparator: \.isWhitespace)
                if fields.count > 1, let kibibytes = Int(fields[1]) { return kibibytes * 1024 }
            }
            throw HarnessError("/proc/\(pid)/status has no VmRSS; the process has ended: \(log)")
        }
    }

    /// How many file descriptors the process has open.
    var openDescriptors: Int {
        get throws { try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count }
    }

    private static func spawn(
        _ command: [String],
        _ environment: [String: String],
        _ output: Int32,
        _ error: Int32
    ) throws -> pid_t {
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // Threads of a pool block signals, and a child would inherit that.
        var none = sigset_t()
        unsafe sigemptyset(&none)
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, error, 2)

        var arguments: [UnsafeMutablePointer<CChar>?] = unsafe command.map { unsafe strdup($0) }
        unsafe arguments.append(nil)
        var variables: [UnsafeMutablePointer<CChar>?] = unsafe environment.map {
            unsafe strdup("\($0)=\($1)")
        }
        unsafe variables.append(nil)
        defer { unsafe (arguments + variables).forEach { unsafe free($0) } }
        var pid: pid_t = 0
        let code = unsafe posix_spawn(&pid, command[0], &actions, &attributes, arguments, variables)
        guard code == 0 else {
            throw HarnessError("cannot start \(command[0]): \(unsafe String(cString: strerror(code)))")
        }
        return pid
    }
}

/// A file without a name that takes what a child writes.
private final class OutputFile: Sendable {
    let fd: Int32

    init() throws {
        var template = Array("\(NSTemporaryDirectory())/switchyard-output-XXXXXX".utf8CString)
        fd = unsafe mkstemp(&template)
        guard fd >= 0 else { throw HarnessError("cannot make a temporary file") }
        unsafe unlink(template)
        _ = fcntl(fd, F_SETFD, FD_CLOEXEC)
    }

    deinit { close(fd) }

    var text: String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe pread(fd, &chunk, chunk.count, off_t(bytes.count))
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk.prefix(count)
        }
    }
}

/// A time by which something must have happened.
struct Deadline: Sendable {
    private let end: ContinuousClock.Instant

    init(seconds: Double) { end = .now + .seconds(seconds) }

    var isOver: Bool { ContinuousClock.now >= end }
    /// What is left, for `poll`.
    var milliseconds: Int32 {
        let left = ContinuousClock.now.duration(to: end)
        return Int32(max(0, left / .milliseconds(1)))
    }
}
