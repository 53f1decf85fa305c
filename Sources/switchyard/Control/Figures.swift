/// Numbers for people.
enum Figures {
    /// With one decimal.
    static func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(abs(tenths) % 10)"
    }

    /// A time of some length: `5 s`, `3 min`, `7 h`, `12 d`.
    static func time(_ seconds: Double) -> String {
        switch Int(seconds) {
        case ..<120: "\(Int(seconds)) s"
        case ..<7200: "\(Int(seconds) / 60) min"
        case ..<172_800: "\(Int(seconds) / 3600) h"
        default: "\(Int(seconds) / 86_400) d"
        }
    }
}
