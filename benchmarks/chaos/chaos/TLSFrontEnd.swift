import FaultLab
import Foundation
import Synchronization

/// Unbound, which takes queries over TLS for a server of ours, with a certificate that is valid or has expired.
final class TLSFrontEnd: FrontEnd {
    let server: String
    let clusterSettings: String

    private enum Certificate: String {
        case valid
        case expired
    }

    private let directory: Directory
    private let port: UInt16
    /// Held while one is replaced, so that a fault does not end before it has begun.
    private let child = Mutex<Child?>(nil)

    private static let name = "dns.east.example.org"
    private static let openssl = "/usr/bin/openssl"
    private static let unbound = "/usr/sbin/unbound"

    /// Makes the certificates and starts Unbound before the server at a port of 127.0.0.1.
    init(before upstream: UInt16) throws {
        directory = try Directory()
        port = try FreePort.find()
        server = "tls://127.0.0.1:\(port)#\(Self.name)"
        clusterSettings = ", tls: {ca: \(directory.path)/ca.pem}"
        try makeCertificates()
        for certificate in [Certificate.valid, .expired] {
            let text = Self.configuration(certificate, directory.path, port, upstream)
            try Data(text.utf8).write(to: URL(fileURLWithPath: file(certificate)))
        }
        try start(.valid)
    }

    deinit { child.withLock { $0?.stop() } }

    func breakDown() { replace(with: .expired) }

    func recover() { replace(with: .valid) }

    /// Ends Unbound and starts it with another certificate, without keeping the caller waiting.
    private func replace(with certificate: Certificate) {
        Thread.detachNewThread { [self] in
            // Without a server the fault is another one, and the figures say so.
            try? start(certificate)
        }
    }

    private func start(_ certificate: Certificate) throws {
        try child.withLock { child in
            child?.stop()
            child = try Child(Self.unbound, ["-d", "-p", "-c", file(certificate)], isHeard: false)
        }
    }

    private func file(_ certificate: Certificate) -> String { "\(directory.path)/\(certificate).conf" }

    /// A CA, a key, and two certificates for it.
    private func makeCertificates() throws {
        let path = directory.path
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        let ca = ["-keyout", "\(path)/ca.key", "-out", "\(path)/ca.pem", "-days", "2", "-subj", "/CN=chaos"]
        try run(Self.openssl, ["req", "-x509"] + key + ca)
        let request = [
            "-keyout", "\(path)/server.key", "-out", "\(path)/request.pem", "-subj", "/CN=\(Self.name)",
        ]
        try run(
            Self.openssl,
            ["req", "-new"] + key + request + ["-addext", "subjectAltName=DNS:\(Self.name)"]
        )
        for (certificate, days) in [(Certificate.valid, "2"), (.expired, "-1")] {
            let signing = [
                "-CA", "\(path)/ca.pem", "-CAkey", "\(path)/ca.key", "-CAcreateserial", "-days", days,
            ]
            let output = ["-copy_extensions", "copy", "-out", "\(path)/\(certificate).pem"]
            try run(Self.openssl, ["x509", "-req", "-in", "\(path)/request.pem"] + signing + output)
        }
    }

    private static func configuration(
        _ certificate: Certificate,
        _ path: String,
        _ port: UInt16,
        _ upstream: UInt16
    ) -> String {
        """
        server:
            directory: "\(path)"
            chroot: ""
            username: ""
            pidfile: ""
            use-syslog: no
            verbosity: 0
            interface: 127.0.0.1@\(port)
            tls-port: \(port)
            tls-service-key: "\(path)/server.key"
            tls-service-pem: "\(path)/\(certificate).pem"
            access-control: 127.0.0.0/8 allow
            do-udp: no
            do-ip6: no
            udp-upstream-without-downstream: yes
            do-not-query-localhost: no
            num-threads: 1
            module-config: "iterator"
        forward-zone:
            name: "."
            forward-addr: 127.0.0.1@\(upstream)
            forward-no-cache: yes
        remote-control:
            control-enable: no

        """
    }
}
