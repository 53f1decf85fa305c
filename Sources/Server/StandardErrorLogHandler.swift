import Configuration
import EventLoop
import FoundationEssentials
public import Logging

/// Writes log lines to standard error: `time level message key=value`, or one JSON object each.
///
/// To the journal a line goes with a priority in front, and as text without the time.
public struct StandardErrorLogHandler: LogHandler {
    private let threshold: LogThreshold
    public var metadata: Logger.Metadata = [:]
    private let format: LogConfiguration.Format
    private let repeats = LogRepeats()

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
        let line = LogLine(
            level: event.level,
            message: "\(event.message)",
            fields: fields.map { LogLine.Field(key: $0.key, value: "\($0.value)") }
        )
        for line in repeats.lines(for: line, now: MonotonicClock.nanoseconds()) { write(line) }
    }

    private func write(_ line: LogLine) {
        let isJournal = JournalStream.isStandardError
        let text =
            switch format {
            case .text: Self.text(line, time: isJournal ? nil : Self.timestamp())
            case .json: Self.json(line, time: Self.timestamp())
            }
        StandardStream.error.write(line: isJournal ? "<\(line.priority)>\(text)" : text)
    }

    private static func text(_ line: LogLine, time: String?) -> String {
        let pairs = line.fields.map { " \($0.key)=\($0.value)" }.joined()
        return (time.map { "\($0) " } ?? "") + "\(line.level) \(line.message)\(pairs)"
    }

    private static func json(_ line: LogLine, time: String) -> String {
        let base = [("time", time), ("level", "\(line.level)"), ("message", line.message)]
        let all = base + line.fields.map { ($0.key, $0.value) }
        return "{" + all.map { "\(quote($0.0)):\(quote($0.1))" }.joined(separator: ",") + "}"
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
