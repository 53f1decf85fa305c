public import Routing

// What those who watch are told of a server.
extension UpstreamHealth {
    /// The smoothed round-trip time; nil when it was never measured.
    public var roundTripMilliseconds: Double? {
        smoothedRoundTrip == 0 ? nil : Double(smoothedRoundTrip) / 8000
    }

    /// `up`, `suspect` or `down`.
    public var stateName: String { isDown ? "down" : isInTrouble ? "suspect" : "up" }

    /// What went wrong last, behind the server in a sentence, while the server is in trouble; nil when it is not.
    public func troubleSentence(of server: Upstream) -> String? {
        isInTrouble ? lastTrouble.fault.sentence(of: server) : nil
    }
}
