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
enum Trouble: UInt8, AtomicRepresentable {
    case timeout
    case network
    case servFail

    var fault: UpstreamFault {
        switch self {
        case .timeout: .timeout
        case .network: .network
        case .servFail: .responseCode(.servFail)
        }
    }
}
