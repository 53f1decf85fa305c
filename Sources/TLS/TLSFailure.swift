import COpenSSL

/// Why a server could not be spoken to over TLS.
public enum TLSFailure: Error, Hashable, Sendable {
    /// The validity of a certificate of its chain has ended.
    case expired
    /// The validity of a certificate of its chain has not begun.
    case notYetValid
    /// The certificate is another server's.
    case wrongName
    /// No authority that is believed has signed the certificate.
    case unknownAuthority
    /// The certificate is wrong in another way: a result of OpenSSL's verification.
    case certificate(CInt)
    /// Both sides could not agree: an error of OpenSSL.
    case handshake(UInt)
    /// The server closed the connection during the handshake.
    case closed
    /// The server did not end the handshake in time.
    case timeout

    /// What OpenSSL says of a certificate; nil when it is good.
    init?(verification result: Int) {
        switch CInt(truncatingIfNeeded: result) {
        case X509_V_OK: return nil
        case X509_V_ERR_CERT_HAS_EXPIRED: self = .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: self = .notYetValid
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: self = .wrongName
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_UNTRUSTED:
            self = .unknownAuthority
        case let other: self = .certificate(other)
        }
    }

    /// A clause for a log: `certificate has expired`.
    ///
    /// - Parameter name: the name that the certificate was to have.
    public func description(name: String) -> String {
        switch self {
        case .expired: "certificate has expired"
        case .notYetValid: "certificate is not valid yet"
        case .wrongName: "certificate is not for \(name)"
        case .unknownAuthority: "certificate is signed by an unknown authority"
        case .certificate(let code): "certificate is not valid: \(Self.text(verification: code))"
        case .handshake(let error): "handshake failed: \(Self.text(error: error))"
        case .closed: "handshake failed: the server closed the connection"
        case .timeout: "handshake failed: the server did not answer in time"
        }
    }

    private static func text(verification code: CInt) -> String {
        unsafe X509_verify_cert_error_string(Int(code)).map { unsafe String(cString: $0) } ?? "error \(code)"
    }

    private static func text(error: UInt) -> String {
        unsafe ERR_reason_error_string(error).map { unsafe String(cString: $0) } ?? "error \(error)"
    }
}
