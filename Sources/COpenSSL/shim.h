#pragma once
// First, because event-config.h defines _GNU_SOURCE: without this the C library's types would differ from those
// that Swift's own module of the C library declares.
#include <features.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// Macros, which Swift does not see.

/// TLS 1.2 or newer; sessions are kept by the caller; idle connections hold no buffers. A stream may end without
/// close_notify: messages have lengths, so that nobody can cut one unseen. Returns 1.
static inline int switchyard_tls_prepare(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
    return (int)SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}

/// Sends the name in the handshake (RFC 6066 §3). Returns 1.
static inline int switchyard_tls_send_name(SSL *connection, const char *name) {
    return (int)SSL_set_tlsext_host_name(connection, name);
}
