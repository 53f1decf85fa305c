import COpenSSL
import Glibc

/// Whom connections to servers believe, and the versions and extensions that they offer.
///
/// Immutable; any thread.
@safe
public final class TLSContext: @unchecked Sendable {
    // SAFETY: made and set up in init, freed in deinit, not changed in between; OpenSSL itself guards what
    // connections of several threads share.
    let context: OpaquePointer

    /// Reads the authorities that are believed.
    ///
    /// - Parameter authorities: a PEM file; nil means those of the system, which are read when they are needed.
    public init(authorities: String? = nil) throws(TLSContextError) {
        ERR_clear_error()
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else {
            throw .library(Self.lastError())
        }
        unsafe self.context = context
        // RFC 7858 has no name of its own for it; this one is in the registry of RFC 7301.
        let protocols: [UInt8] = [3] + Array("dot".utf8)
        guard unsafe switchyard_tls_prepare(context) == 1,
            unsafe SSL_CTX_set_alpn_protos(context, protocols, CUnsignedInt(protocols.count)) == 0
        else { throw .library(Self.lastError()) }
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        try load(authorities)
    }

    deinit { unsafe SSL_CTX_free(context) }

    private func load(_ authorities: String?) throws(TLSContextError) {
        guard let authorities else {
            guard unsafe SSL_CTX_set_default_verify_paths(context) == 1 else {
                throw .library(Self.lastError())
            }
            return
        }
        guard unsafe access(authorities, R_OK) == 0 else {
            throw .unreadable(authorities, reason: unsafe String(cString: strerror(errno)).lowercased())
        }
        guard unsafe SSL_CTX_load_verify_file(context, authorities) == 1 else {
            throw .noCertificate(authorities, reason: Self.lastError())
        }
    }

    /// The oldest error of this thread's queue, as text; the queue is empty afterwards.
    private static func lastError() -> String {
        let error = ERR_get_error()
        ERR_clear_error()
        return unsafe ERR_reason_error_string(error).map { unsafe String(cString: $0) } ?? "error \(error)"
    }
}

/// Why certificates of authorities cannot be used.
public enum TLSContextError: Error, Equatable, CustomStringConvertible {
    case unreadable(String, reason: String)
    case noCertificate(String, reason: String)
    case library(String)

    /// One sentence that says what to do.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "cannot read \(file): \(reason); name a readable PEM file in `ca`"
        case .noCertificate(let file, let reason):
            "\(file) holds no usable certificate (\(reason)); put the authority's certificate there in PEM form"
        case .library(let reason):
            "OpenSSL refused to start: \(reason)"
        }
    }
}
