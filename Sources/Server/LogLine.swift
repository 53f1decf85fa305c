import Logging

/// A line of the log before it has its form.
struct LogLine: Hashable, Sendable {
    struct Field: Hashable, Sendable {
        var key: String
        var value: String
    }

    var level: Logger.Level
    var message: String
    var fields: [Field]

    /// The same with one more field.
    func adding(_ key: String, _ value: String) -> LogLine {
        var line = self
        line.fields.append(Field(key: key, value: value))
        return line
    }

    /// The number that the journal and syslog have for the level (RFC 5424 §6.2.1).
    var priority: Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
