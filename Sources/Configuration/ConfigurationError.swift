/// All mistakes of a configuration, sorted by position.
///
/// Never empty.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// In the order of the file; those of files that it names come after.
    public let problems: [ConfigurationProblem]

    public init(problems: [ConfigurationProblem]) { self.problems = problems }

    /// One problem a line.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// Why a configuration file gave no configuration.
public enum ConfigurationLoadError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The system did not give the file's octets: exit code 3.
    case unreadable(UnreadableFile)
    /// The file has mistakes: exit code 1.
    case invalid(ConfigurationError)

    /// One line for an unreadable file, or one a problem.
    public var description: String {
        switch self {
        case .unreadable(let file): file.description
        case .invalid(let error): error.description
        }
    }
}

/// A file that the system does not let us read.
public struct UnreadableFile: Error, Sendable, Equatable, CustomStringConvertible {
    /// As it was given.
    public let path: String
    /// What the system said, a clause: `there is no such file`.
    public let reason: String
    /// What to do, a clause: `check the path`.
    public let advice: String

    public init(path: String, reason: String, advice: String = "check the path") {
        self.path = path
        self.reason = reason
        self.advice = advice
    }

    /// The whole sentence.
    public var description: String { "cannot read \(path): \(reason); \(advice)" }
}
