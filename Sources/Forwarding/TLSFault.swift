/// What was wrong with a server's TLS, as far as clients are told.
public enum TLSFault: UInt8, Hashable, Sendable, BitwiseCopyable {
    case expired
    case notYetValid
    case wrongName
    case unknownAuthority
    case invalidCertificate
    case handshake

    /// What stands behind the server in a sentence: `has an expired certificate`.
    ///
    /// - Parameter name: the name that the certificate was to have.
    func sentence(name: String) -> String {
        switch self {
        case .expired: "has an expired certificate"
        case .notYetValid: "has a certificate that is not valid yet"
        case .wrongName: "has a certificate that is not for \(name)"
        case .unknownAuthority: "has a certificate of an unknown authority"
        case .invalidCertificate: "has a certificate that is not valid"
        case .handshake: "failed the TLS handshake"
        }
    }
}
