public import Configuration
public import Logging

/// The logger of the whole program.
public enum LoggingSetup {
    /// Makes a logger that writes to standard error as the configuration says.
    public static func logger(_ configuration: LogConfiguration) -> Logger {
        Logger(label: "switchyard") { _ in StandardErrorLogHandler(configuration) }
    }
}
