import CSystem

/// Settings of the whole process that a server makes once, at its start.
public enum ProcessLimits {
    /// Raises the number of open files to the hard limit, since every upstream socket and connection is one.
    ///
    /// Returns the limit that now holds.
    @discardableResult
    public static func raiseOpenFiles() throws(SystemError) -> Int {
        let limit = csystem_raise_open_files()
        if limit < 0 { throw SystemError(call: "setrlimit", errno: CInt(-limit)) }
        return Int(limit)
    }

    /// Makes a write to a closed connection or pipe an error instead of the end of the process.
    public static func ignoreBrokenPipe() { csystem_ignore_broken_pipe() }
}
