import Foundation

/// A certificate authority of a test, made by the openssl command in a directory that goes away with it.
public final class TestAuthority: Sendable {
    /// A certificate with its key, as PEM files.
    public struct Identity: Sendable {
        public var certificate: String
        public var key: String
    }

    public let directory: String
    /// The authority's own certificate.
    public var file: String { "\(directory)/ca.pem" }

    public init() throws {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("switchyard-authority-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        directory = url.path
        try run(
            ["req", "-x509", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2"]
                + ["-subj", "/CN=Test Authority"] + Self.newKey
        )
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    private static let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]

    /// Signs a certificate.
    ///
    /// - Parameters:
    ///   - names: as OpenSSL writes them, `DNS:dns.test` or `IP:127.0.0.1`.
    ///   - days: how long it is valid; below 0 it has expired.
    public func identity(
        _ names: [String] = ["DNS:dns.test", "IP:127.0.0.1"],
        days: Int = 2
    ) throws -> Identity {
        let name = UUID().uuidString
        try "subjectAltName=\(names.joined(separator: ","))\n"
            .write(toFile: "\(directory)/\(name).ext", atomically: false, encoding: .utf8)
        try run(
            ["req", "-nodes", "-keyout", "\(name).key", "-out", "\(name).csr", "-subj", "/CN=test"]
                + Self.newKey
        )
        try run(
            [
                "x509", "-req", "-in", "\(name).csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-out",
                "\(name).pem",
            ]
                + ["-days", "\(days)", "-extfile", "\(name).ext"]
        )
        return Identity(certificate: "\(directory)/\(name).pem", key: "\(directory)/\(name).key")
    }

    private func run(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw OpenSSLCommandError(arguments: arguments) }
    }
}

/// The openssl command could not do what the test wanted.
struct OpenSSLCommandError: Error {
    var arguments: [String]
}
