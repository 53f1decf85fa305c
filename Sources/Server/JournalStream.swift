import FoundationEssentials

/// Whether standard error is a stream of systemd's journal, which keeps times itself and takes priorities.
enum JournalStream {
    static let isStandardError = matches(
        ProcessInfo.processInfo.environment["JOURNAL_STREAM"],
        LogDescriptor.standardError.identity
    )

    /// Whether the variable names the file: `device:inode`, in decimal.
    static func matches(_ variable: String?, _ identity: (device: UInt64, inode: UInt64)?) -> Bool {
        guard let variable, let identity else { return false }
        return variable == "\(identity.device):\(identity.inode)"
    }
}
