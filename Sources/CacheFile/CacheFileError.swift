/// Why the file of the cache could not be written or used.
public enum CacheFileError: Error, Equatable, CustomStringConvertible {
    /// There is none yet.
    case missing
    /// A call of the system, and its error number.
    case system(call: String, errno: Int32)
    /// It is a directory, a pipe or a device.
    case notAFile
    /// Another user could have written it.
    case foreignOwner
    /// Written by another version of the program.
    case otherVersion
    /// Cut short or changed.
    case damaged
    /// Written at a time that has not come yet, in seconds from now.
    case fromTheFuture(seconds: UInt64)

    /// What is wrong, to stand behind "because".
    public var description: String {
        switch self {
        case .missing: "there is no such file"
        case .system(let call, let errno): "\(call): \(SystemText.of(errno))"
        case .notAFile: "it is not a regular file"
        case .foreignOwner: "it belongs to another user"
        case .otherVersion: "another version of the program wrote it"
        case .damaged: "it is damaged"
        case .fromTheFuture(let seconds): "it is from \(seconds) s in the future; set the clock"
        }
    }
}
