// Queries that come back to us, and the servers that send them.
import DNSWire
import Metrics
import Routing

extension Forwarder {
    /// Refuses a query that has been here before, or has come through too many forwarders; nil for any other.
    ///
    /// Called for what the cache does not answer: what it answers goes in no circle.
    mutating func refuseLoop(
        _ query: Query,
        _ message: borrowing RawSpan,
        _ context: ReplyContext,
        _ now: UInt64,
        _ reply: inout MutableRawSpan
    ) -> QueryOutcome? {
        if let probe = LoopProbe.read(message, qnameLength: query.qnameLength),
            isOurs(probe.upstream, probe.tag)
        {
            if snapshot.health[Int(probe.upstream.rawValue)].trust.loops(now: now) {
                metrics.count(.loopingServers)
                snapshot.outages.wentOut()
            }
            return refuseLoop(probe.upstream, &reply, context)
        }
        guard let range = query.path(in: message), range.count % QueryPath.hopLength == 0 else { return nil }
        let path = message.extracting(range)
        let name = WireLimits.headerLength..<WireLimits.headerLength + query.qnameLength
        let hash = UInt32(truncatingIfNeeded: message.extracting(name).foldedHash)
        let question = QueryPath.questionHash(foldedHash: hash, query.qtype)
        for offset in stride(from: 0, to: range.count, by: QueryPath.hopLength) {
            let hop = QueryPath.Hop(path, at: offset)
            // Another question may be a step on the way to the answer, as an alias of a cluster's is that its
            // server has us resolve.
            guard hop.question == question, isOurs(hop.upstream, hop.tag) else { continue }
            // Perhaps only this question: a server may pass on what it has not, of all that it is asked.
            snapshot.health[Int(hop.upstream.rawValue)].trust.suspectLoop(now: now)
            return refuseLoop(hop.upstream, &reply, context)
        }
        guard range.count >= ForwardingLimits.pathHopsMax * QueryPath.hopLength else { return nil }
        metrics.count(.loopedQueries)
        let text = "query loop: it came through \(range.count / QueryPath.hopLength) forwarders"
        return refuse(&reply, context, .other, text)
    }

    private func isOurs(_ upstream: UpstreamID, _ tag: UInt64) -> Bool {
        let place = Int(upstream.rawValue)
        return snapshot.health.indices.contains(place) && snapshot.health[place].trust.tag == tag
    }

    private func refuseLoop(
        _ upstream: UpstreamID,
        _ reply: inout MutableRawSpan,
        _ context: ReplyContext
    ) -> QueryOutcome {
        metrics.count(.loopedQueries)
        metrics.count(.failures)
        let server = snapshot.table.upstreams[Int(upstream.rawValue)]
        let text = "query loop: server \(server) sends queries back to us"
        return .reply(ReplyWriter.finishEmpty(&reply, context, Failure(code: .other, text: text)))
    }

    /// The path of a client's query, for those that it leads to.
    func path(of query: Query, _ message: borrowing RawSpan) -> [UInt8] {
        guard let range = query.path(in: message), range.count % QueryPath.hopLength == 0 else { return [] }
        return message.extracting(range).toArray()
    }

    /// Asks a server for a name that tells us when it comes back, if it is time to.
    ///
    /// Nobody waits for the answer. The name lies where the server has to know itself what is there: a cluster's
    /// server that has us resolve all other names is none that sends our own queries back.
    mutating func probeLoop(
        _ route: Route,
        _ upstream: UpstreamID,
        _ transport: UpstreamTransport,
        _ now: UInt64
    ) {
        let health = snapshot.health[Int(upstream.rawValue)]
        guard health.trust.claimLoopProbe(now: now) else { return }
        let domain = route.bailiwick.isRoot ? LoopNames.domain : route.bailiwick
        guard let name = LoopProbe.name(upstream, tag: health.trust.tag, now: now, in: domain) else { return }
        // Whatever has the same ID has another question.
        let id = MessageID(rawValue: .random(in: 0 ... .max))
        queryWriter.begin(Header(id: id, flags: HeaderFlags(rawValue: HeaderFlags.recursionDesired)))
        do throws(WireError) {
            try queryWriter.appendQuestion(name, .a, .internet)
        } catch {
            return
        }
        guard let token = output.send(queryWriter.bytes, to: upstream, over: transport) else { return }
        metrics.count(.loopProbes)
        pending.late.note(upstream, id, token)
    }
}

/// Names that probes speak of.
private enum LoopNames {
    /// A domain that nobody has, for servers that resolve all names.
    static let domain = DomainName("switchyard") ?? DomainName()
}
