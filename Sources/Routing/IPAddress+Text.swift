extension IPAddress: CustomStringConvertible {
    /// The address as text: dotted quad, or RFC 5952 §4 for IPv6.
    public var description: String {
        if isIPv4 {
            return [24, 16, 8, 0].map { "\(bits >> UInt128($0) & 0xFF)" }.joined(separator: ".")
        }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: bits >> UInt128(112 - $0 * 16)) }
        let run = Self.longestZeroRun(groups)
        let text = { (part: ArraySlice<UInt16>) in
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard run.count > 1 else { return text(groups[...]) }
        return text(groups[..<run.lowerBound]) + "::" + text(groups[run.upperBound...])
    }

    private static func longestZeroRun(_ groups: [UInt16]) -> Range<Int> {
        var best = 0..<0
        var start = 0
        for i in 0...groups.count where i == groups.count || groups[i] != 0 {
            if i - start > best.count { best = start..<i }
            start = i + 1
        }
        return best
    }
}

extension Upstream: CustomStringConvertible {
    /// Address and port as text: `10.1.0.10:53`, `[2001:db8::1]:53`.
    public var description: String {
        address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
}
