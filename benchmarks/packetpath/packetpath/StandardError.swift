import Glibc

/// The standard error stream.
enum StandardError {
    /// Writes text behind all that was printed before.
    static func write(_ text: String) {
        fflush(nil)
        _ = unsafe text.withCString { unsafe Glibc.write(STDERR_FILENO, $0, strlen($0)) }
    }
}
