/// What came of loading the configuration since the start.
public struct ReloadStatus: Sendable, Equatable {
    /// Sentences that are kept of one reload; whoever repairs that many looks again.
    static let problemsMax = 100

    /// How often the configuration was to be loaded again.
    public internal(set) var count = 0
    /// How many of these times it had mistakes, so that it stayed as it was.
    public internal(set) var failureCount = 0
    /// Whether the configuration that is on the disk is the one in use; so it is after the start.
    public internal(set) var lastSucceeded = true
    /// When it was loaded or refused last, in seconds since 1970.
    public internal(set) var lastSeconds: Double
    /// When the configuration in use was loaded, in seconds since 1970.
    public internal(set) var lastSuccessSeconds: Double
    /// Why it was refused, `file:line:column: sentence` where there is a place; the first hundred.
    public internal(set) var problems: [String] = []
    /// How many mistakes there were.
    public internal(set) var problemCount = 0
    /// The keys whose new values take effect after a restart.
    public internal(set) var keysAwaitingRestart: [String] = []

    /// The status after the start.
    init(startedAt seconds: Double) {
        lastSeconds = seconds
        lastSuccessSeconds = seconds
    }

    /// Notes that a configuration is in use.
    mutating func succeed(at seconds: Double, keysAwaitingRestart keys: [String]) {
        note([], at: seconds)
        lastSuccessSeconds = seconds
        keysAwaitingRestart = keys
    }

    /// Notes that a configuration was refused.
    mutating func fail(_ mistakes: [String], at seconds: Double) {
        note(mistakes, at: seconds)
        failureCount += 1
    }

    private mutating func note(_ mistakes: [String], at seconds: Double) {
        count += 1
        lastSucceeded = mistakes.isEmpty
        lastSeconds = seconds
        problems = Array(mistakes.prefix(Self.problemsMax))
        problemCount = mistakes.count
    }
}
