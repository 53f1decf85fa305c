import HTTP
import Metrics

/// What a metric is.
struct MetricFamily {
    enum Kind: String { case counter, gauge, histogram }

    let name: String
    let kind: Kind
    let help: String
}

/// Writes metrics in the text format of Prometheus, version 0.0.4.
struct MetricsText {
    private(set) var octets: [UInt8] = []

    var response: HTTPResponse {
        HTTPResponse(contentType: "text/plain; version=0.0.4; charset=utf-8", body: octets)
    }

    /// Begins a family; its samples follow.
    mutating func begin(_ family: MetricFamily) {
        write("# HELP \(family.name) \(family.help)\n# TYPE \(family.name) \(family.kind.rawValue)\n")
    }

    /// Writes a family of one sample.
    mutating func single(_ family: MetricFamily, _ value: Double) {
        begin(family)
        sample(family.name, "", value)
    }

    /// Writes a sample; `labels` as `label(_:_:)` makes them, with commas in between.
    mutating func sample(_ name: String, _ labels: String, _ value: Double) {
        write(name)
        write(labels: labels)
        let isWhole = value == value.rounded() && abs(value) < 1e15
        write(isWhole ? String(Int(value)) : "\(value)")
        octets.append(UInt8(ascii: "\n"))
    }

    private mutating func write(labels: String, le bound: String = "") {
        if labels.isEmpty, bound.isEmpty { return octets.append(UInt8(ascii: " ")) }
        octets.append(UInt8(ascii: "{"))
        write(labels)
        if !labels.isEmpty, !bound.isEmpty { octets.append(UInt8(ascii: ",")) }
        write(bound)
        write("} ")
    }

    // Written once: with many clusters these are most of the text.
    private static let bounds =
        Latency.boundsMicroseconds.map { "le=\"\(Double($0) / 1e6)\"" } + ["le=\"+Inf\""]

    /// Writes the samples of a histogram.
    mutating func histogram(_ name: String, _ labels: String, _ histogram: Histogram) {
        var sum: UInt64 = 0
        for (place, bound) in Self.bounds.enumerated() {
            sum &+= histogram.counts[place]
            write(name)
            write("_bucket")
            write(labels: labels, le: bound)
            write(String(sum))
            octets.append(UInt8(ascii: "\n"))
        }
        sample("\(name)_sum", labels, Double(histogram.sumMicroseconds) / 1e6)
        sample("\(name)_count", labels, Double(histogram.count))
    }

    /// A label with its value.
    static func label(_ name: String, _ value: String) -> String {
        // Names come from the configuration, which may hold anything.
        var escaped = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return "\(name)=\"\(escaped)\""
    }

    private mutating func write(_ text: String) { octets.append(contentsOf: text.utf8) }
}
