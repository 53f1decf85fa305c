import Foundation

/// A program that the tests need, and the Debian package that has it.
struct Tool: Sendable {
    let name: String
    let package: String

    static let dig = Tool(name: "dig", package: "bind9-dnsutils")
    static let kdig = Tool(name: "kdig", package: "knot-dnsutils")
    static let drill = Tool(name: "drill", package: "ldnsutils")
    static let knotd = Tool(name: "knotd", package: "knot")
    static let dnsmasq = Tool(name: "dnsmasq", package: "dnsmasq-base")
    static let named = Tool(name: "named", package: "bind9")
    static let unbound = Tool(name: "unbound", package: "unbound")
    static let unboundControl = Tool(name: "unbound-control", package: "unbound")
    static let fstrmCapture = Tool(name: "fstrm_capture", package: "fstrm-bin")
    static let dnstap = Tool(name: "dnstap", package: "golang-github-dnstap-golang-dnstap-cli")
    static let curl = Tool(name: "curl", package: "curl")
    static let promtool = Tool(name: "promtool", package: "prometheus")
    static let shell = Tool(name: "sh", package: "dash")
    static let python = Tool(name: "python3", package: "python3")
    static let systemdAnalyze = Tool(name: "systemd-analyze", package: "systemd")
    static let setpriv = Tool(name: "setpriv", package: "util-linux")
    /// The server under test: `SWITCHYARD_BINARY`, else what was built beside the tests.
    static let switchyard = Tool(name: "switchyard", package: "")

    /// Where the program is.
    func path() throws -> String {
        if package.isEmpty { return try Self.binaryUnderTest() }
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(
            String.init
        )
        for folder in folders + ["/usr/sbin", "/usr/bin", "/sbin", "/bin"] {
            let path = "\(folder)/\(name)"
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw HarnessError("'\(name)' is missing: install the Debian package '\(package)'")
    }

    private static func binaryUnderTest() throws -> String {
        let variable = "SWITCHYARD_BINARY"
        let named = ProcessInfo.processInfo.environment[variable]
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let beside = URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent(
            "switchyard"
        )
        let path = named ?? beside.path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw HarnessError("there is no program at \(path): build it, or set \(variable)")
        }
        return path
    }
}

/// What a program wrote and how it ended.
struct RunResult: Sendable {
    var status: ExitStatus
    var output: String
    var error: String
}

/// Runs a program to its end; one that takes longer than `seconds` is killed, and that is an error.
func run(
    _ program: Tool,
    _ arguments: [String],
    seconds: Double = 20,
    withoutCapabilities: [String] = []
) throws -> RunResult {
    let child = try ChildProcess(program, arguments, withoutCapabilities: withoutCapabilities)
    guard let status = child.wait(seconds: seconds) else {
        child.send(signal: SIGKILL)
        _ = child.wait(seconds: 5)
        let command = ([program.name] + arguments).joined(separator: " ")
        throw HarnessError("'\(command)' did not end within \(seconds) s: \(child.log)")
    }
    return RunResult(status: status, output: child.standardOutput, error: child.standardError)
}
