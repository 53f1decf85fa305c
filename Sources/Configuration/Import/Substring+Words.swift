extension Substring {
    /// The text without blanks at its ends.
    var trimmingBlanks: Substring {
        let isBlank = { (scalar: Unicode.Scalar) in scalar == " " || scalar == "\t" || scalar == "\r" }
        var scalars = unicodeScalars.drop(while: isBlank)
        while let last = scalars.last, isBlank(last) { scalars.removeLast() }
        return Substring(scalars)
    }

    /// The parts between a sign, without blanks at their ends.
    func parts(by separator: Character) -> [Substring] {
        split(separator: separator, omittingEmptySubsequences: false).map(\.trimmingBlanks)
    }
}
