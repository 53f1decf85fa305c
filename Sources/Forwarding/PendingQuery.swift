import AnswerCache
import DNSWire
import Routing

/// One send of a question to one server.
struct Attempt: BitwiseCopyable {
    var upstream = UpstreamID(rawValue: 0)
    /// The server's place in the route, for the set of those that failed.
    var position = 0
    var id = MessageID(rawValue: 0)
    var token = SocketToken(rawValue: 0)
    var transport = UpstreamTransport.udp
    var sentAt: UInt64 = 0
    /// The same, exactly.
    var sentAtMicroseconds: UInt64 = 0
    var timeoutAt: UInt64 = 0
    var hasEDNS = true
    var nameCase = NameCase.lower
    /// 0 when none was sent.
    var clientCookie: UInt64 = 0
    /// Sent without OPT because the server refused the same question with it.
    var isWithoutEDNSOnTrial = false
    /// Sent over UDP because TCP, which was to confirm an answer, cannot be had: then port and ID are enough.
    var isLastResort = false
    /// Sent over TCP because nothing came over UDP: that TCP cannot be had, either, says nothing of the server.
    var isOtherTransport = false
    /// Whether a response is still awaited.
    ///
    /// A late one counts until the question is settled.
    var isOpen = false
    /// Whether its time is up; the server has been asked again or another in its place.
    var isOverdue = false

    /// The server's place in a set.
    var bit: UInt64 { 1 << UInt64(position) }
}

/// Names a pending query beyond its end: its place may be taken by another by then.
struct PendingReference: Equatable, BitwiseCopyable {
    var place: Int
    var generation: UInt32
}

/// Who wants the answer.
enum PendingRole: BitwiseCopyable {
    /// Clients, or chains that lead here, or the cache.
    case question
    /// The cache, and whoever wants to know whether the one server that is asked is back.
    ///
    /// Its clients have been told already.
    case trial
    /// Whoever wants to know whether the one server that is asked is there.
    case probe
}

/// A question in flight.
///
/// Objects are used again, so that nothing is allocated per question once warm.
final class PendingQuery {
    let place: Int
    /// Counts the questions that have had this place.
    private var generation: UInt32 = 0
    var isActive = false
    var key = CacheKey(DomainName())
    /// The question in the client's names, folded.
    var qname = DomainName()
    var qtype = RecordType(0)
    /// QNAME as the route's servers know it.
    var upstreamName = DomainName()
    /// Routes and mapping as of the question: a reload in between does not change them.
    var snapshot: ForwardingSnapshot
    var route = RouteID.defaultRoute
    var dnssecOK = false
    var checkingDisabled = false
    var waiters = WaiterList()
    var waiterCount = 0
    var role = PendingRole.question
    /// Whether it counts among the questions in flight of its route.
    var hasRoutePlace = false
    var startedAt: UInt64 = 0
    var deadline: UInt64 = 0
    /// When clients that wait get a stale answer, if there is one (RFC 8767 §5: client response timer).
    var staleAt = UInt64.max
    /// Whether that time has come.
    var isLate = false
    /// Whether it was asked to renew an answer before its end, and no client's sake.
    var isRefresh = false
    /// The route's recoveries when the question began: a failure of it is one from before any later one.
    var recoveries: UInt32 = 0
    /// The cache's flushes when the question began: after a later one its answer is not stored.
    var flushCount: UInt32 = 0
    /// Where its route is counted.
    var metricRow = 0
    /// How often in a row the question has failed before by its own fault.
    var earlierFailures = 0
    /// When to look for a server again; 0 when servers that were asked are waited for.
    var retryAt: UInt64 = 0
    /// When to ask a second server although the first is not late; 0 for never.
    var hedgeAt: UInt64 = 0
    var attempts = InlineArray<8, Attempt>(repeating: Attempt())
    var attemptCount = 0
    /// Servers, by place in the route, that gave an answer which is none.
    var failedUpstreams: UInt64 = 0
    var lastFault: (upstream: UpstreamID, fault: UpstreamFault)?
    /// Messages that were almost an answer, but for ID, question, case or cookie.
    var mismatches = 0
    // Sets of servers, by place in the route.
    /// Those that have been asked over TCP, because what came over UDP was in doubt.
    var confirming: UInt64 = 0
    /// Those that have answered with letters in another case than asked.
    var foldedBy: UInt64 = 0
    /// Those that have answered without the cookie that is due, or with a wrong one.
    var wrongCookies: UInt64 = 0
    /// Those of them that have sent none at all.
    var missingCookies: UInt64 = 0
    /// Those that have refused the server cookie.
    var badCookies: UInt64 = 0
    /// The hops of the client's query, when it came from a forwarder that sends them.
    var path: [UInt8] = []
    /// The CNAME chain so far, a whole message, while its target is being resolved.
    var chain: [UInt8] = []
    var chainLinks = 0
    /// Links of the chains that led to this question.
    var inheritedLinks = 0
    /// The pending query that resolves the chain's target.
    var waitsFor: Int?

    init(place: Int, snapshot: ForwardingSnapshot) {
        self.place = place
        self.snapshot = snapshot
    }

    /// The type that servers are asked for.
    ///
    /// ANY is answered from A (RFC 8482 §4.1).
    var upstreamType: RecordType { qtype == .any ? .a : qtype }

    /// When the question is to be looked at without any server's doing.
    var wakesAt: UInt64 { min(deadline, staleAt) }

    var routeInfo: Route { snapshot.table.routes[Int(route.rawValue)] }

    var context: ResponseContext {
        ResponseContext(
            snapshot: snapshot,
            route: route,
            routeInfo: routeInfo,
            qname: qname,
            qtype: qtype,
            upstreamName: upstreamName,
            dnssecOK: dnssecOK
        )
    }

    /// What to say of a server of which no answer came that counts.
    func silence(of attempt: Attempt) -> UpstreamFault {
        wrongCookies & attempt.bit != 0 ? .cookie : .timeout
    }

    var reference: PendingReference { PendingReference(place: place, generation: generation) }

    /// Asks what another question asks.
    func takeQuestion(of other: PendingQuery) {
        key = other.key
        qname = other.qname
        qtype = other.qtype
        upstreamName = other.upstreamName
        dnssecOK = other.dnssecOK
        checkingDisabled = other.checkingDisabled
        path = other.path
    }

    func reset() {
        generation &+= 1
        isActive = false
        role = .question
        hasRoutePlace = false
        retryAt = 0
        hedgeAt = 0
        waiters = WaiterList()
        attemptCount = 0
        failedUpstreams = 0
        lastFault = nil
        mismatches = 0
        confirming = 0
        foldedBy = 0
        wrongCookies = 0
        missingCookies = 0
        badCookies = 0
        // Most have neither, and to set them costs a reference each.
        if !path.isEmpty { path = [] }
        if !chain.isEmpty { chain = [] }
        chainLinks = 0
        inheritedLinks = 0
        waiterCount = 0
        waitsFor = nil
        staleAt = .max
        isLate = false
        isRefresh = false
        earlierFailures = 0
    }
}
