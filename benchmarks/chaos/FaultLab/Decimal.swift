/// Numbers for people.
enum Decimal {
    /// With one place behind the point below 100, else without.
    static func text(_ value: Double) -> String {
        guard value < 100 else { return "\(Int(value.rounded()))" }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }

    /// A share; only what is all of it is called 100 %.
    static func percent(_ share: Double) -> String {
        share >= 1 ? "100 %" : "\(text(min(share * 100, 99.9))) %"
    }
}
