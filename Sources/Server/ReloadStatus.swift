/// What came of loading the configuration since the start.
public struct ReloadStatus: Sendable, Equatable {
    /// Sentences that are kept of one reload; whoever repairs that many looks again.
    static let problemsMax = 100

    /// How often the configuration was to be loaded again.
    public internal(set) var count = 0
    /// How many of these times there was a mistake, so that all of it, or an included file, stayed as it was.
    public internal(set) var failureCount = 0
    /// Whether the configuration that is on the disk is the one in use; so it is after the start.
    public internal(set) var lastSucceeded = true
    /// When it was to be loaded last, in seconds since 1970.
    public internal(set) var lastSeconds: Double
    /// When it was last loaded without a mistake, in seconds since 1970.
    public internal(set) var lastSuccessSeconds: Double
    /// What was wrong then, `file:line:column: sentence` where there is a place; the first hundred.
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
    ///
    /// - Parameter mistakes: those of included files that are used as they were.
    mutating func load(at seconds: Double, but mistakes: [String], keysAwaitingRestart keys: [String]) {
        note(mistakes, at: seconds)
        keysAwaitingRestart = keys
    }

    /// Notes that a configuration was refused.
    mutating func refuse(_ mistakes: [String], at seconds: Double) { note(mistakes, at: seconds) }

    private mutating func note(_ mistakes: [String], at seconds: Double) {
        count += 1
        lastSucceeded = mistakes.isEmpty
        if lastSucceeded { lastSuccessSeconds = seconds } else { failureCount += 1 }
        lastSeconds = seconds
        problems = Array(mistakes.prefix(Self.problemsMax))
        problemCount = mistakes.count
    }
}
