import Glibc

/// Standard output or standard error of the process, without a buffer in between.
public enum StandardStream: Sendable {
    case output
    case error

    /// Writes a line, in one piece so that lines of several threads do not mix.
    public func write(line: String) {
        let fd = self == .output ? STDOUT_FILENO : STDERR_FILENO
        let octets = Array((line + "\n").utf8)
        _ = unsafe octets.withUnsafeBytes { unsafe Glibc.write(fd, $0.baseAddress, $0.count) }
    }
}
