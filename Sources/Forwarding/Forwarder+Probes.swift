// What servers' answers and silence say of them, and the probes that find out the rest.
import DNSWire
import Metrics
import Routing

extension Forwarder {
    /// Notes what an answer says of its server.
    mutating func noteAnswer(
        _ query: PendingQuery,
        _ attempt: Attempt,
        _ grade: AnswerGrade,
        _ now: UInt64
    ) {
        let time = now - min(now, attempt.sentAt)
        countAnswer(attempt, grade, now)
        let change = query.withHealth(of: attempt.upstream) { health -> HealthChange in
            if health.answered(grade, afterMilliseconds: time, now: now) { return .none }
            let isProbe = query.role == .probe
            // Servers that know some zones only may refer to the root's, when asked for these.
            let isUpward = isProbe && query.upstreamName.isRoot && grade == .useless(.lame)
            let grade = isUpward ? .refused : grade
            return health.judge(grade, HealthRules(query.routeInfo), isProbe: isProbe, now: now)
        }
        note(change, of: attempt.upstream, now)
    }

    /// Notes that a server did not answer.
    ///
    /// Few names need TCP of a server that is asked over UDP: that it cannot be had calls for a probe only.
    mutating func noteFailure(
        _ trouble: Trouble,
        _ query: PendingQuery,
        _ attempt: Attempt,
        _ now: UInt64
    ) {
        countFailure(UpstreamFailureReason(trouble), of: attempt.upstream)
        if attempt.isOtherTransport { return }
        let health = query.snapshot.health[Int(attempt.upstream.rawValue)]
        let usual = query.snapshot.table.upstreams[Int(attempt.upstream.rawValue)].transport
        if attempt.transport != usual, query.role != .probe {
            return note(health.complained(HealthRules(query.routeInfo), now: now), of: attempt.upstream, now)
        }
        var rules = HealthRules(query.routeInfo)
        rules.isLastUp = isLastUp(attempt.upstream, query, now)
        let isProbe = query.role == .probe
        let change = health.failed(trouble, sentAt: attempt.sentAt, now: now, rules, isProbe: isProbe)
        note(change, of: attempt.upstream, now)
    }

    private mutating func note(_ change: HealthChange, of upstream: UpstreamID, _ now: UInt64) {
        switch change {
        case .none: break
        case .suspected: watchlist.add(upstream)
        case .wentDown:
            metrics.count(.serversDown)
            watchlist.add(upstream)
            snapshot.outages.wentOut()
        case .cameUp:
            metrics.count(.serversUp)
            snapshot.health[Int(upstream.rawValue)].trust.suspectLoop(now: now)
            for route in snapshot.serverRoutes[upstream] {
                snapshot.routeStates[Int(route.rawValue)].recovered()
            }
        }
    }
}

// MARK: - Probes

extension Forwarder {
    /// Probes the servers that are due; about every `ForwardingLimits.tickMilliseconds`.
    ///
    /// Looks at some servers only, however many there are. Of all workers one probes a server.
    public mutating func tick(now: UInt64) {
        probeTroubled(now)
        probeIdle(now)
    }

    private mutating func probeTroubled(_ now: UInt64) {
        var sent = 0
        for _ in 0..<min(watchlist.count, ForwardingLimits.serversPerTick) {
            guard sent < ForwardingLimits.probesPerTick, let upstream = watchlist.next() else { return }
            guard let route = probedRoute(of: upstream) else {
                watchlist.removeCurrent()
                continue
            }
            let health = snapshot.health[Int(upstream.rawValue)]
            if !health.isInTrouble {
                watchlist.removeCurrent()
            } else if health.claimProbe(now: now, rules(of: route)) {
                probe(upstream, route, now)
                sent += 1
            }
        }
    }

    private mutating func probeIdle(_ now: UInt64) {
        let count = snapshot.serverRoutes.serverCount
        for _ in 0..<min(count, ForwardingLimits.serversPerTick) {
            if idleCursor >= count { idleCursor = 0 }
            let upstream = UpstreamID(rawValue: Int32(idleCursor))
            let health = snapshot.health[idleCursor]
            if let route = probedRoute(of: upstream), health.isIdle(now: now, rules(of: route)) {
                // The others have to wait; this one is the first next time.
                guard snapshot.probePace.take(now: now) else { return }
                if health.claimIdleProbe(now: now, rules(of: route)) { probe(upstream, route, now) }
            }
            idleCursor += 1
        }
    }

    /// The route whose probe a server gets: the first that has one.
    private func probedRoute(of upstream: UpstreamID) -> RouteID? {
        snapshot.serverRoutes[upstream].first {
            snapshot.table.routes[Int($0.rawValue)].settings.probe.isEnabled
        }
    }

    private func rules(of route: RouteID) -> HealthRules {
        HealthRules(snapshot.table.routes[Int(route.rawValue)])
    }

    /// Asks one server whether it is there; nobody waits for the answer, and it is not kept.
    private mutating func probe(_ upstream: UpstreamID, _ route: RouteID, _ now: UInt64) {
        let servers = snapshot.table.routes[Int(route.rawValue)].upstreams
        guard let position = servers.firstIndex(of: upstream),
            let query = pending.add(.probe, snapshot: snapshot, route: route)
        else { return }
        (query.upstreamName, query.qtype) = query.routeInfo.probeQuestion
        query.qname = query.upstreamName
        query.dnssecOK = false
        query.checkingDisabled = false
        query.deadline = now + ForwardingLimits.probeDeadlineMilliseconds
        let transport = snapshot.table.upstreams[Int(upstream.rawValue)].transport
        guard send(query, upstream, position, transport, now) else { return settle(query) }
        metrics.count(.probes)
        setTimer(query, now)
    }
}

extension Route {
    /// What this route's servers are asked to find out whether they are up, in their own names.
    var probeQuestion: (name: DomainName, type: RecordType) {
        let isCluster = !bailiwick.isRoot
        let standard =
            DomainName("kubernetes.default.svc").flatMap {
                isCluster ? $0.replacingSuffix(at: $0.length - 1, with: bailiwick) : nil
            } ?? bailiwick
        return (settings.probe.name ?? standard, settings.probe.type ?? (isCluster ? .a : .ns))
    }
}
