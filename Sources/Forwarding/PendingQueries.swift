import AnswerCache
import DNSWire
import Routing

/// The questions in flight of one worker, found by question, by upstream message ID, by socket, and by place.
struct PendingQueries {
    private var places: [PendingQuery] = []
    private var free: [Int] = []
    private var byKey = NumberTable()
    /// Sends by server, transport and message ID.
    private var byMessage = NumberTable()
    /// The first of the sends that went through a socket or connection.
    private var bySocket = NumberTable()
    private var ofSocket = LinkedNumbers()
    /// The place of the oldest question of a route, by its cache tag.
    private var byRoute = NumberTable()
    private var ofRoute = LinkedNumbers()
    private(set) var count = 0
    /// Attempts that were given up before their response came.
    var late = LateResponses()

    subscript(place: Int) -> PendingQuery { places[place] }

    /// The pending query that the reference was made for; nil when it has ended.
    subscript(reference: PendingReference) -> PendingQuery? {
        let query = places[reference.place]
        return query.isActive && query.reference == reference ? query : nil
    }

    /// A place for a new question, which a place of its route was taken for; nil when too many are in flight.
    mutating func add(_ key: CacheKey, snapshot: ForwardingSnapshot, route: RouteID) -> PendingQuery? {
        guard let pending = take(snapshot, route) else { return nil }
        pending.key = key
        pending.hasRoutePlace = true
        byKey.set(key.hash, pending.place)
        let tag = Self.routeKey(snapshot.table.cacheTag(route))
        let oldest = byRoute[tag]
        ofRoute.append(pending.place, to: oldest)
        if oldest == nil { byRoute.set(tag, pending.place) }
        return pending
    }

    /// A place for a question of our own, which nobody joins; nil when too many are in flight.
    mutating func add(
        _ role: PendingRole,
        snapshot: ForwardingSnapshot,
        route: RouteID
    ) -> PendingQuery? {
        guard let pending = take(snapshot, route) else { return nil }
        pending.role = role
        return pending
    }

    private mutating func take(_ snapshot: ForwardingSnapshot, _ route: RouteID) -> PendingQuery? {
        guard count < ForwardingLimits.pendingQueriesMax else { return nil }
        if free.isEmpty {
            free.append(places.count)
            places.append(PendingQuery(place: places.count, snapshot: snapshot))
        }
        let pending = places[free.removeLast()]
        pending.isActive = true
        pending.snapshot = snapshot
        pending.route = route
        count += 1
        return pending
    }

    /// Gives back the place of a settled question.
    mutating func remove(_ pending: PendingQuery) {
        for i in 0..<pending.attemptCount { forget(pending, attempt: i) }
        if pending.hasRoutePlace {
            unlist(pending)
            let tag = Self.routeKey(pending.snapshot.table.cacheTag(pending.route))
            let isOldest = byRoute[tag] == pending.place
            let next = ofRoute.remove(pending.place)
            if let next, isOldest { byRoute.set(tag, next) }
            if next == nil { byRoute.remove(tag) }
            pending.snapshot.withState(of: pending.route) { $0.end() }
        }
        pending.reset()
        free.append(pending.place)
        count -= 1
    }

    /// Lets nobody join a question any more.
    mutating func unlist(_ pending: PendingQuery) {
        if byKey[pending.key.hash] == pending.place { byKey.remove(pending.key.hash) }
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

    /// The questions that wait for servers; not those that wait for another question.
    func questions() -> [PendingQuery] {
        places.filter { $0.isActive && $0.role == .question && $0.waitsFor == nil }
    }

    /// The oldest question in flight of a route.
    func oldest(ofRouteWith cacheTag: UInt32) -> PendingQuery? {
        byRoute[Self.routeKey(cacheTag)].map { places[$0] }
    }

    private static func routeKey(_ cacheTag: UInt32) -> UInt64 { UInt64(cacheTag) + 1 }

    // MARK: Upstream message IDs and sockets

    // IDs are chosen here, at random: nobody else can make them collide.
    private static func messageKey(
        _ upstream: UpstreamID,
        _ transport: UpstreamTransport,
        _ id: MessageID
    ) -> UInt64 {
        (UInt64(UInt32(bitPattern: upstream.rawValue)) + 1) << 17 | (transport == .udp ? 0 : 1 << 16)
            | UInt64(id.rawValue)
    }

    private static func socketKey(_ upstream: UpstreamID, _ token: SocketToken) -> UInt64 {
        (UInt64(UInt32(bitPattern: upstream.rawValue)) + 1) << 32 | UInt64(token.rawValue)
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
        let number = Self.sendNumber(pending, attempt: attempt)
        byMessage.set(Self.messageKey(sent.upstream, sent.transport, sent.id), number)
        let socket = Self.socketKey(sent.upstream, sent.token)
        let first = bySocket[socket]
        ofSocket.append(number, to: first)
        if first == nil { bySocket.set(socket, number) }
    }

    /// Gives an attempt's ID free, unless it is another's by now.
    ///
    /// What still comes for an open one is late, or a copy, and no forger's guess.
    mutating func forget(_ pending: PendingQuery, attempt: Int) {
        let sent = pending.attempts[attempt]
        if sent.isOpen { late.note(sent.upstream, sent.id, sent.token) }
        let number = Self.sendNumber(pending, attempt: attempt)
        let key = Self.messageKey(sent.upstream, sent.transport, sent.id)
        guard byMessage[key] == number else { return }
        byMessage.remove(key)
        let socket = Self.socketKey(sent.upstream, sent.token)
        let next = ofSocket.remove(number)
        if let next {
            if bySocket[socket] == number { bySocket.set(socket, next) }
        } else {
            bySocket.remove(socket)
        }
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
        ofSocket.list(bySocket[Self.socketKey(upstream, token)]).map { send($0) }
    }
}
