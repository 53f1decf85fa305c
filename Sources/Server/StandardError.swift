import Glibc

/// Standard error of the process.
public enum StandardError {
    /// Writes a line, in one piece so that lines of several threads do not mix.
    public static func write(line: String) {
        let octets = Array((line + "\n").utf8)
        _ = unsafe octets.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
