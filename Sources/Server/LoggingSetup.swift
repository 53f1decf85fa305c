public import Configuration
public import Logging

/// The logger of the whole program.
public enum LoggingSetup {
    /// Makes a logger that writes to standard error as the configuration says.
    public static func logger(_ configuration: LogConfiguration) -> Logger {
        Logger(label: "switchyard") { _ in StandardErrorLogHandler(configuration) }
    }

    /// The level as swift-log calls it.
    static func level(_ level: LogConfiguration.Level) -> Logger.Level {
        switch level {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}
