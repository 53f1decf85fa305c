import EventLoop
import Glibc
import Testing

@testable import HTTP

/// The control socket's file.
@Suite struct UnixSocketTests {
    private let folder: String

    init() throws {
        var template = Array("/tmp/switchyard-http-XXXXXX".utf8CString)
        _ = unsafe mkdtemp(&template)
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private var path: String { "\(folder)/control.sock" }

    private static func mode(_ path: String) -> mode_t? {
        var status = stat()
        return unsafe lstat(path, &status) == 0 ? status.st_mode : nil
    }

    private func server() throws -> RunningServer {
        try RunningServer(socketFile: path) { exchange, _ in exchange.answer(.text("here")) }
    }

    private func ask() -> String? {
        PlainClient(socketFile: path).exchange("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")?.body
    }

    @Test func servesItsUserAndGroupAndGoesWithTheServer() throws {
        do {
            let server = try server()
            #expect(ask() == "here\n")
            #expect(Self.mode(path).map { $0 & 0o777 } == 0o660)
            _ = server.port
        }
        #expect(Self.mode(path) == nil)
        _ = unsafe rmdir(folder)
    }

    @Test func theFileOfADeadProcessIsReplaced() throws {
        let client = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let result = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(client, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(result == 0)
        close(client)
        let server = try server()
        #expect(ask() == "here\n")
        _ = server.port
    }

    @Test func aLivingSocketIsLeftAlone() throws {
        let first = try server()
        let problem = #expect(throws: ServerProblem.self) { try server() }
        #expect(problem?.description.contains("another process listens there") == true)
        #expect(ask() == "here\n")
        _ = first.port
    }

    @Test func aFileThatIsNoSocketIsLeftAlone() throws {
        close(unsafe creat(path, 0o600))
        let problem = #expect(throws: ServerProblem.self) { try server() }
        #expect(problem?.description.contains("no socket") == true)
        #expect(Self.mode(path).map { $0 & S_IFMT } == S_IFREG)
    }

    @Test func aMissingFolderIsNamed() throws {
        _ = unsafe rmdir(folder)
        let problem = #expect(throws: ServerProblem.self) { try server() }
        #expect(problem?.description.contains("folder does not exist") == true)
    }

    @Test func aPathThatIsTooLongIsRefused() throws {
        let long = "/tmp/\(String(repeating: "a", count: 110))"
        let problem = #expect(throws: ServerProblem.self) {
            try RunningServer(socketFile: long) { _, _ in }
        }
        #expect(problem?.description.contains("107 octets") == true)
    }

    @Test func theSocketOfASuccessorStays() throws {
        let first = try server()
        _ = unsafe unlink(path)
        let second = try server()
        withExtendedLifetime(second) {
            _ = consume first
            #expect(ask() == "here\n")
        }
    }
}
