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
    var timeoutAt: UInt64 = 0
    var hasEDNS = true
    /// Sent without OPT because the server refused the same question with it.
    var isWithoutEDNSOnTrial = false
    /// Whether a response is still awaited.
    ///
    /// A late one counts until the question is settled.
    var isOpen = false
    /// Whether its time is up; the server has been asked again or another in its place.
    var isOverdue = false
}

/// Names a pending query beyond its end: its place may be taken by another by then.
struct PendingReference: Equatable, BitwiseCopyable {
    var place: Int
    var generation: UInt32
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
    var deadline: UInt64 = 0
    /// When clients that wait get a stale answer, if there is one (RFC 8767 §5: client response timer).
    var staleAt = UInt64.max
    /// Whether that time has come.
    var isLate = false
    /// Whether it was asked to renew an answer before its end, and no client's sake.
    var isRefresh = false
    /// The route's recoveries when the question began: a failure of it is one from before any later one.
    var recoveries: UInt32 = 0
    /// How often in a row the question has failed before by its own fault.
    var earlierFailures = 0
    var attempts = InlineArray<8, Attempt>(repeating: Attempt())
    var attemptCount = 0
    /// Servers, by place in the route, that gave an answer which is none.
    var failedUpstreams: UInt64 = 0
    var lastFault: (upstream: UpstreamID, fault: UpstreamFault)?
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

    var reference: PendingReference { PendingReference(place: place, generation: generation) }

    func reset() {
        generation &+= 1
        isActive = false
        waiters = WaiterList()
        attemptCount = 0
        failedUpstreams = 0
        lastFault = nil
        chain = []
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

/// The questions in flight of one worker, found by question, by upstream message ID, and by place.
struct PendingQueries {
    private var places: [PendingQuery] = []
    private var free: [Int] = []
    private var byKey = NumberTable()
    /// Places and attempts by server, transport and message ID.
    private var byMessage = NumberTable()
    /// How many questions of a route are in flight, by its cache tag.
    private var byRoute = NumberTable()
    private(set) var count = 0

    subscript(place: Int) -> PendingQuery { places[place] }

    /// The pending query that the reference was made for; nil when it has ended.
    subscript(reference: PendingReference) -> PendingQuery? {
        let query = places[reference.place]
        return query.isActive && query.reference == reference ? query : nil
    }

    /// A place for a new question; nil when too many are in flight, in all or of its route.
    mutating func add(_ key: CacheKey, snapshot: ForwardingSnapshot, route: RouteID) -> PendingQuery? {
        let tag = UInt64(snapshot.table.cacheTag(route)) + 1
        let ofRoute = byRoute[tag] ?? 0
        guard count < ForwardingLimits.pendingQueriesMax,
            ofRoute < ForwardingLimits.pendingQueriesPerRouteMax
        else { return nil }
        byRoute.set(tag, ofRoute + 1)
        if free.isEmpty {
            free.append(places.count)
            places.append(PendingQuery(place: places.count, snapshot: snapshot))
        }
        let pending = places[free.removeLast()]
        pending.isActive = true
        pending.key = key
        pending.snapshot = snapshot
        pending.route = route
        byKey.set(key.hash, pending.place)
        count += 1
        return pending
    }

    /// Gives back the place of a settled question.
    mutating func remove(_ pending: PendingQuery) {
        if byKey[pending.key.hash] == pending.place { byKey.remove(pending.key.hash) }
        for i in 0..<pending.attemptCount { forget(pending, attempt: i) }
        let tag = UInt64(pending.routeInfo.cacheTag) + 1
        let ofRoute = byRoute[tag] ?? 1
        if ofRoute > 1 { byRoute.set(tag, ofRoute - 1) } else { byRoute.remove(tag) }
        pending.reset()
        free.append(pending.place)
        count -= 1
    }

    /// Lets places without a question forget the snapshot of their last.
    func releaseSnapshots(for current: ForwardingSnapshot) {
        for place in free { places[place].snapshot = current }
    }

    /// The question in flight with this key.
    func find(_ key: CacheKey) -> PendingQuery? {
        guard let place = byKey[key.hash] else { return nil }
        return places[place].key == key ? places[place] : nil
    }

    // MARK: Upstream message IDs

    // IDs are chosen here, at random: nobody else can make them collide.
    private static func messageKey(
        _ upstream: UpstreamID,
        _ transport: UpstreamTransport,
        _ id: MessageID
    ) -> UInt64 {
        (UInt64(UInt32(bitPattern: upstream.rawValue)) + 1) << 17 | (transport == .udp ? 0 : 1 << 16)
            | UInt64(id.rawValue)
    }

    /// A place and one of its eight attempts as one number.
    private static func sendNumber(_ pending: PendingQuery, attempt: Int) -> Int {
        pending.place << 3 | attempt
    }

    private func send(_ number: Int) -> (pending: PendingQuery, attempt: Int) {
        (places[number >> 3], number & 7)
    }

    func isFree(_ upstream: UpstreamID, _ transport: UpstreamTransport, _ id: MessageID) -> Bool {
        byMessage[Self.messageKey(upstream, transport, id)] == nil
    }

    mutating func register(_ pending: PendingQuery, attempt: Int) {
        let sent = pending.attempts[attempt]
        let key = Self.messageKey(sent.upstream, sent.transport, sent.id)
        byMessage.set(key, Self.sendNumber(pending, attempt: attempt))
    }

    /// Gives an attempt's ID free, unless it is another's by now.
    mutating func forget(_ pending: PendingQuery, attempt: Int) {
        let sent = pending.attempts[attempt]
        let key = Self.messageKey(sent.upstream, sent.transport, sent.id)
        if byMessage[key] == Self.sendNumber(pending, attempt: attempt) { byMessage.remove(key) }
    }

    func find(
        _ upstream: UpstreamID,
        _ transport: UpstreamTransport,
        _ id: MessageID
    ) -> (pending: PendingQuery, attempt: Int)? {
        byMessage[Self.messageKey(upstream, transport, id)].map { send($0) }
    }

    /// The attempts that went through a socket or connection which failed.
    func attempts(
        _ upstream: UpstreamID,
        _ token: SocketToken
    ) -> [(pending: PendingQuery, attempt: Int)] {
        byMessage.numbers.map { send($0) }.filter { pending, attempt in
            let sent = pending.attempts[attempt]
            return sent.upstream == upstream && sent.token == token && sent.isOpen
        }
    }
}
