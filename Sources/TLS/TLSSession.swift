import COpenSSL

/// What a server gave us to be recognized by, so that the next handshake is short (RFC 8446 §2.2, RFC 5077).
///
/// Immutable; any thread.
@safe
public final class TLSSession: @unchecked Sendable {
    // SAFETY: a reference that init takes over and deinit gives back; OpenSSL counts them with atomics and copies a
    // session before it changes one.
    let session: OpaquePointer

    /// Takes over a reference.
    init(_ session: OpaquePointer) { unsafe self.session = session }

    deinit { unsafe SSL_SESSION_free(session) }
}
