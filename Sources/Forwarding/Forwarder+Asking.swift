// How a question is begun, asked again and given up (RFC 9520 §3.1), and what a route may take (its budgets).
import AnswerCache
import DNSWire
import Metrics
import Routing

extension Forwarder {
    /// Makes a pending query; nil when too many are in flight, in all or of its route.
    ///
    /// - Parameter pushesOut: whether the oldest question of a route that has no place left fails to make room.
    mutating func start(
        _ key: CacheKey,
        _ qname: DomainName,
        _ qtype: RecordType,
        _ route: RouteID,
        _ now: UInt64,
        _ snapshot: ForwardingSnapshot? = nil,
        pushesOut: Bool = true
    ) -> PendingQuery? {
        let snapshot = snapshot ?? self.snapshot
        guard begin(snapshot, route, now, pushesOut: pushesOut) else { return nil }
        guard let new = pending.add(key, snapshot: snapshot, route: route) else {
            snapshot.withState(of: route) { $0.end() }
            return nil
        }
        new.qname = qname
        new.qtype = qtype
        new.startedAt = now
        new.deadline = now + ForwardingLimits.deadlineMilliseconds
        new.recoveries = snapshot.withState(of: route) { $0.recoveries }
        new.flushCount = cache?.flushCount ?? 0
        if snapshot === self.snapshot {
            new.metricRow = Int(routeRows[Int(route.rawValue)])
        } else {
            // A chain that began with an earlier snapshot goes on.
            new.metricRow = Int(snapshot.metricRows.routes[Int(route.rawValue)])
        }
        setStaleTimer(new, now)
        return new
    }

    /// Takes one of the route's places.
    private mutating func begin(
        _ snapshot: ForwardingSnapshot,
        _ route: RouteID,
        _ now: UInt64,
        pushesOut: Bool
    ) -> Bool {
        let limits = snapshot.table.routes[Int(route.rawValue)].settings.limits
        let hasPlace = snapshot.withState(of: route) {
            $0.begin(limit: limits.pendingQueries, earning: limits.retryPercent)
        }
        if hasPlace { return true }
        guard pushesOut, let oldest = pending.oldest(ofRouteWith: snapshot.table.cacheTag(route)),
            now >= oldest.startedAt + ForwardingLimits.pushOutMilliseconds
        else { return false }
        metrics.count(.overloads)
        fail(oldest, .overBudget(oldest.routeInfo), now)
        return snapshot.withState(of: route) {
            $0.begin(limit: limits.pendingQueries, earning: limits.retryPercent)
        }
    }

    /// Maps the name and asks the first server.
    mutating func begin(_ query: PendingQuery, _ now: UInt64) {
        let route = query.routeInfo
        guard let name = route.mapping.map({ $0.upstreamName(query.qname) }) ?? query.qname else {
            var failure = Failure.mappedNameTooLong(route)
            // As for DNAME (RFC 6672 §2.2).
            failure.responseCode = .yxDomain
            failure.isCacheable = false
            return fail(query, failure, now)
        }
        query.upstreamName = name
        askNext(query, now)
    }

    /// Asks the server whose turn it is.
    ///
    /// Without one, waits for open attempts, or fails.
    mutating func askNext(_ query: PendingQuery, _ now: UInt64) {
        query.retryAt = 0
        query.hedgeAt = 0
        // One server was to be asked, and was.
        if query.role != .question { return isOpen(query, now) ? setTimer(query, now) : settle(query) }
        let route = query.routeInfo
        if query.attemptCount == 0, query.snapshot.withState(of: query.route, { $0.isDrained }) {
            return failAtOnce(query, route, .drained(route), trial: nil, now)
        }
        var isFirst = query.attemptCount == 0
        var isPaid = isFirst
        while let position = chooseServer(query, route, now) {
            guard isPaid || takeRetry(query) else { return wait(query, now) }
            isPaid = true
            if ask(query, route, position, now) {
                if isFirst, route.upstreams.count > 1 {
                    if let hedge = route.settings.hedgeMilliseconds { query.hedgeAt = now + hedge }
                    tryAside(query, route, now)
                }
                return setTimer(query, now)
            }
            query.failedUpstreams |= 1 << UInt64(position)
            query.lastFault = (route.upstreams[position], .network)
            isFirst = false
        }
        if query.attemptCount == 0, query.lastFault == nil,
            let failure = query.snapshot.outage(of: route, now)
        {
            return failAtOnce(query, route, failure, trial: claimTrial(query, route, now), now)
        }
        if askOverTCP(query, route, now) { return setTimer(query, now) }
        if let position = claimTrial(query, route, now), takeRetry(query), ask(query, route, position, now) {
            return setTimer(query, now)
        }
        wait(query, now)
    }

    mutating func ask(_ query: PendingQuery, _ route: Route, _ position: Int, _ now: UInt64) -> Bool {
        let upstream = route.upstreams[position]
        let transport = query.snapshot.table.upstreams[Int(upstream.rawValue)].transport
        return send(query, upstream, position, transport, now)
    }

    /// Asks over TCP what a server that is up has not answered over UDP, as often as it was asked (RFC 9520 §3.1).
    private mutating func askOverTCP(_ query: PendingQuery, _ route: Route, _ now: UInt64) -> Bool {
        let position = route.upstreams.indices.prefix(ForwardingLimits.serversPerRouteMax).first { position in
            query.failedUpstreams & (1 << UInt64(position)) == 0
                && sends(query, to: position, over: .udp) == ForwardingLimits.sendsPerUpstreamMax
                && sends(query, to: position, over: .tcp) == 0
                && !query.snapshot.health[Int(route.upstreams[position].rawValue)].isOut(now: now)
        }
        guard let position, takeRetry(query), send(query, route.upstreams[position], position, .tcp, now)
        else { return false }
        query.attempts[query.attemptCount - 1].isOtherTransport = true
        return true
    }

    /// Takes a further send of a question from its route's budget; false when there is none.
    mutating func takeRetry(_ query: PendingQuery) -> Bool {
        let percent = query.routeInfo.settings.limits.retryPercent
        guard query.snapshot.withState(of: query.route, { $0.takeRetry(percent: percent) }) else {
            metrics.count(.retriesDenied)
            return false
        }
        metrics.count(.retries)
        return true
    }

    /// Waits for servers that were asked already, and looks for others in a while; fails when none is left.
    private mutating func wait(_ query: PendingQuery, _ now: UInt64) {
        guard isOpen(query, now) else { return fail(query, failure(of: query), now) }
        if query.attemptCount < ForwardingLimits.attemptsMax {
            query.retryAt = now + ForwardingLimits.waitMilliseconds
        }
        setTimer(query, now)
    }

    /// Whether a response may still come.
    private func isOpen(_ query: PendingQuery, _ now: UInt64) -> Bool {
        (0..<query.attemptCount).contains {
            let attempt = query.attempts[$0]
            // A server that sends the question back to us waits for us.
            return attempt.isOpen
                && !query.snapshot.health[Int(attempt.upstream.rawValue)].isLooping(now: now)
        }
    }

    /// Whether a server was asked that is not late yet.
    func isAsked(_ query: PendingQuery) -> Bool {
        (0..<query.attemptCount).contains { query.attempts[$0].isOpen && !query.attempts[$0].isOverdue }
    }
}

// MARK: - When servers are silent

extension Forwarder {
    /// Sends a question that is on its way to a server that is down, too, when that is due.
    ///
    /// Probes find out when it is back. Without them it is clients' questions that do.
    private mutating func tryAside(_ query: PendingQuery, _ route: Route, _ now: UInt64) {
        guard !route.settings.probe.isEnabled, let position = claimTrial(query, route, now),
            let trial = pending.add(.trial, snapshot: query.snapshot, route: query.route)
        else { return }
        trial.takeQuestion(of: query)
        trial.deadline = query.deadline
        guard ask(trial, route, position, now) else { return settle(trial) }
        metrics.count(.trials)
        setTimer(trial, now)
    }

    /// Asks a second server although the first is not late yet.
    private mutating func hedge(_ query: PendingQuery, _ now: UInt64) {
        query.hedgeAt = 0
        let route = query.routeInfo
        guard query.attemptCount == 1, let position = chooseServer(query, route, now),
            position != query.attempts[0].position, takeRetry(query), ask(query, route, position, now)
        else { return }
        metrics.count(.hedges)
    }

    /// Tells clients at once that no server can be asked.
    ///
    /// Once per interval the question goes on without them, to find out whether a server is back.
    ///
    /// - Parameter trial: the place of the server to ask then.
    private mutating func failAtOnce(
        _ query: PendingQuery,
        _ route: Route,
        _ failure: Failure,
        trial: Int?,
        _ now: UInt64
    ) {
        metrics.count(.outages)
        let parents = failClients(query, failure, staleAnswer(query.key, now), now)
        query.role = .trial
        pending.unlist(query)
        if let trial, ask(query, route, trial, now) {
            metrics.count(.trials)
            setTimer(query, now)
        } else {
            settle(query)
        }
        failChains(parents, failure, now)
    }
}

// MARK: - Time

extension Forwarder {
    /// Sets the time at which the question has to be looked at.
    mutating func setTimer(_ query: PendingQuery, _ now: UInt64) {
        var wake = query.wakesAt
        for i in 0..<query.attemptCount where query.attempts[i].isOpen && !query.attempts[i].isOverdue {
            wake = min(wake, query.attempts[i].timeoutAt)
        }
        if query.hedgeAt != 0 { wake = min(wake, query.hedgeAt) }
        if query.retryAt != 0 { wake = min(wake, query.retryAt) }
        wheel.set(query.place, at: wake, now: now)
    }

    /// Lets time pass: overdue servers are asked again or passed over, overdue questions fail.
    public mutating func expire(now: UInt64) {
        while let place = wheel.nextDue(now) {
            let query = pending[place]
            guard query.isActive else { continue }
            let isLate = timeOut(query, now)
            if now >= query.deadline {
                query.role == .question ? fail(query, failure(of: query), now) : settle(query)
                continue
            }
            if now >= query.staleAt { answerLate(query, now) }
            if query.hedgeAt != 0, now >= query.hedgeAt { hedge(query, now) }
            let wantsServer = isLate || query.retryAt != 0 && now >= query.retryAt
            if wantsServer, !isAsked(query) { askNext(query, now) } else { setTimer(query, now) }
        }
        failWaiting(now)
    }

    /// Marks the attempts whose time is up; true when there was one.
    private mutating func timeOut(_ query: PendingQuery, _ now: UInt64) -> Bool {
        var any = false
        for i in 0..<query.attemptCount {
            let attempt = query.attempts[i]
            guard attempt.isOpen, !attempt.isOverdue, now >= min(attempt.timeoutAt, query.deadline) else {
                continue
            }
            query.attempts[i].isOverdue = true
            query.lastFault = (attempt.upstream, query.silence(of: attempt))
            metrics.count(.upstreamTimeouts)
            any = true
            // TCP was to say soon whether the server keeps the case of letters.
            if attempt.transport == .tcp, query.foldedBy & query.confirming & attempt.bit != 0,
                askAsLastResort(query, attempt, .network, now)
            {
                continue
            }
            noteFailure(.timeout, query, attempt, now)
        }
        return any
    }

    /// Why the question failed, naming route and server.
    func failure(of query: PendingQuery) -> Failure {
        let route = query.routeInfo
        guard let (upstream, fault) = query.lastFault else {
            if query.waitsFor != nil {
                return Failure(
                    code: .other,
                    text: "\(route.label): the target of a CNAME was not resolved in time"
                )
            }
            if route.upstreams.isEmpty, let name = route.unresolvedName { return .unresolved(route, name) }
            return Failure(code: .noReachableAuthority, text: "\(route.label): no server could be asked")
        }
        let server = query.snapshot.table.upstreams[Int(upstream.rawValue)]
        let others = route.upstreams.count > 1 ? ", and none of the others answered" : ""
        let code = others.isEmpty ? fault.code : .noReachableAuthority
        return Failure(code: code, text: "\(route.label): \(server) \(fault.sentence(of: server))\(others)")
    }
}
