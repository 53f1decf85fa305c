public import DNSWire
import Routing

/// Why a question could not be answered, in the words of an Extended DNS Error (RFC 8914).
struct Failure {
    var code: ExtendedErrorCode
    var text: String
    /// Whether the failure may be remembered and answered again (RFC 9520 §2).
    var isCacheable = true
    var responseCode = ResponseCode.servFail
    /// Whether the CNAME chain is at fault, which began at another question perhaps.
    var isOfChain = false

    static let overPending = Failure(
        code: .other,
        text: "too many queries are pending",
        isCacheable: false
    )
    static let overWaiting = Failure(
        code: .other,
        text: "too many clients wait for the same answer",
        isCacheable: false
    )
    static let overClient = Failure(
        code: .other,
        text: "too many of this client's queries are waiting",
        isCacheable: false
    )
    static func overBudget(_ route: Route) -> Failure {
        Failure(
            code: .other,
            text: "\(route.label) is over its budget",
            isCacheable: false
        )
    }
    /// Not remembered: it is as quickly found out again, and over as soon as a server is up.
    static func allDown(_ route: Route, _ server: Upstream, _ fault: UpstreamFault) -> Failure {
        Failure(
            code: .noReachableAuthority,
            text: "\(route.label): all servers are down, \(server) \(fault.sentence(of: server))",
            isCacheable: false
        )
    }
    /// Not remembered: over as soon as the cluster is restored.
    static func drained(_ route: Route) -> Failure {
        Failure(code: .noReachableAuthority, text: "\(route.label) is drained", isCacheable: false)
    }
    static let chainTooLong = Failure(
        code: .other,
        text: "CNAME chain has more than \(ForwardingLimits.chainLinksMax) links",
        isOfChain: true
    )
    static let chainLoop = Failure(code: .other, text: "CNAME chain is a loop", isOfChain: true)

    static func mappedNameTooLong(_ route: Route) -> Failure {
        Failure(code: .other, text: "\(route.label): a name is over 255 octets when mapped")
    }
    /// Over within a moment, mostly: at the start of the server.
    static func unresolved(_ route: Route, _ name: String) -> Failure {
        Failure(
            code: .noReachableAuthority,
            text: "\(route.label): the name of its server \(name) is not resolved yet",
            isCacheable: false
        )
    }
    static func answerTooLong(_ route: Route) -> Failure {
        Failure(code: .other, text: "\(route.label): the answer is over 65,535 octets when mapped")
    }
}

/// What went wrong with one server.
enum UpstreamFault {
    case timeout
    case network
    case responseCode(ResponseCode)
    case malformed
    case lame
    case loop
    case cookie
    case tls(TLSFault)

    /// What stands behind the server in a sentence.
    func sentence(of server: Upstream) -> String {
        switch self {
        case .timeout: "timed out"
        case .network: "cannot be reached"
        case .responseCode(let code): "answered \(code.name)"
        case .malformed: "sent a malformed response"
        case .lame: "sent a referral, not an answer"
        case .loop: "sends queries back to us"
        case .cookie: "answered without the right DNS cookie"
        case .tls(let fault): fault.sentence(name: server.tls?.name ?? "this server")
        }
    }

    /// Whether it was an answer to this question that was wrong, not a server that fails whoever asks.
    var isOfQuestion: Bool {
        switch self {
        case .timeout, .network, .tls, .loop, .cookie: false
        case .responseCode(let code): code != .refused
        case .malformed, .lame: true
        }
    }

    /// Whether nothing was heard of the server, so that the next try may well succeed.
    var isOfNetwork: Bool {
        switch self {
        case .timeout, .network, .tls, .cookie: true
        case .responseCode, .malformed, .lame, .loop: false
        }
    }

    var code: ExtendedErrorCode {
        switch self {
        case .timeout, .network, .tls: .networkError
        case .responseCode: .noReachableAuthority
        case .malformed, .lame, .cookie: .invalidData
        case .loop: .other
        }
    }
}

extension ResponseCode {
    /// The mnemonic of the IANA registry, or the number.
    public var name: String {
        switch self {
        case .noError: "NOERROR"
        case .formErr: "FORMERR"
        case .servFail: "SERVFAIL"
        case .nxDomain: "NXDOMAIN"
        case .notImp: "NOTIMP"
        case .refused: "REFUSED"
        case .yxDomain: "YXDOMAIN"
        case .badVers: "BADVERS"
        case .badCookie: "BADCOOKIE"
        default: "RCODE \(rawValue)"
        }
    }
}
