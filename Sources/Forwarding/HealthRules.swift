import DNSWire
import Routing
import Synchronization

/// What makes a server of a route go down and come back, without what only its probes need.
struct HealthRules: BitwiseCopyable {
    /// Failures in a row until a server is down.
    var fall: UInt32
    /// Successes in a row until it is up again.
    var rise: UInt32
    /// Milliseconds between two trials.
    var interval: UInt64
    /// Milliseconds without an answer until a server counts as idle.
    var idle: UInt64
    var isProbed: Bool
    /// Whether the route has no other server that is up, so that to lose this one is to lose the route.
    var isLastUp = false

    init(_ route: Route) {
        fall = UInt32(clamping: route.settings.probe.fall)
        rise = UInt32(clamping: route.settings.probe.rise)
        interval = route.settings.probe.intervalMilliseconds
        idle = route.settings.probe.idleMilliseconds
        isProbed = route.settings.probe.isEnabled
    }
}

/// What an answer or a failure has changed about a server.
enum HealthChange {
    case none
    /// A probe has to find out.
    case suspected
    case wentDown
    case cameUp
}

/// Why a server went without answer, or had none.
struct Trouble: RawRepresentable, AtomicRepresentable, Equatable {
    let rawValue: UInt8

    static let timeout = Trouble(rawValue: 0)
    static let network = Trouble(rawValue: 1)
    static let servFail = Trouble(rawValue: 2)
    static let malformed = Trouble(rawValue: 3)
    static let lame = Trouble(rawValue: 4)
    private static let firstOfTLS: UInt8 = 16

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ fault: TLSFault) { rawValue = Self.firstOfTLS + fault.rawValue }

    var fault: UpstreamFault {
        if rawValue >= Self.firstOfTLS, let fault = TLSFault(rawValue: rawValue - Self.firstOfTLS) {
            return .tls(fault)
        }
        return switch rawValue {
        case Self.network.rawValue: .network
        case Self.servFail.rawValue: .responseCode(.servFail)
        case Self.malformed.rawValue: .malformed
        case Self.lame.rawValue: .lame
        default: .timeout
        }
    }
}
