import Configuration
import FoundationEssentials
public import Logging

/// Writes log lines to standard error: `time level message key=value`, or one JSON object each.
public struct StandardErrorLogHandler: LogHandler {
    private let threshold: LogThreshold
    public var metadata: Logger.Metadata = [:]
    private let format: LogConfiguration.Format

    init(_ configuration: LogConfiguration) {
        format = configuration.format
        threshold = LogThreshold(LoggingSetup.level(configuration.level))
    }

    /// What is less important is not written.
    ///
    /// All copies of a logger have it in common, so that a reload changes it for everybody who has one.
    public var logLevel: Logger.Level {
        get { threshold.level }
        set { threshold.level = newValue }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let line =
            switch format {
            case .text: text(event, fields)
            case .json: json(event, fields)
            }
        StandardStream.error.write(line: line)
    }

    private func text(_ event: LogEvent, _ fields: [(key: String, value: Logger.Metadata.Value)]) -> String {
        let pairs = fields.map { " \($0.key)=\($0.value)" }.joined()
        return "\(Self.timestamp()) \(event.level) \(event.message)\(pairs)"
    }

    private func json(_ event: LogEvent, _ fields: [(key: String, value: Logger.Metadata.Value)]) -> String {
        let base = [
            ("time", Self.timestamp()), ("level", "\(event.level)"), ("message", "\(event.message)"),
        ]
        let all = base + fields.map { ($0.key, "\($0.value)") }
        return "{" + all.map { "\(Self.quote($0.0)):\(Self.quote($0.1))" }.joined(separator: ",") + "}"
    }

    /// The text as a JSON string.
    static func quote(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// UTC with milliseconds, RFC 3339.
    private static func timestamp() -> String {
        Date.now.ISO8601Format(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
