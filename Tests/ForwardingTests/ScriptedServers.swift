import DNSWire
import Metrics
import Testing

extension Scenario {
    /// Lets time pass while some servers answer each query at once, and the others are silent.
    ///
    /// They have an address for each name of type A, and nothing else.
    func pass(
        _ milliseconds: UInt64,
        answering servers: Set<String>,
        _ code: ResponseCode = .noError
    ) throws {
        let end = now + milliseconds
        while now < end {
            pass(min(2, end - now))
            try answer(servers, code)
        }
    }

    /// Answers what was sent to some servers and not looked at yet; queries to others are lost.
    func answer(_ servers: Set<String>, _ code: ResponseCode = .noError) throws {
        while !isQuiet {
            let query = try next()
            guard servers.contains(query.server) else { continue }
            let name = query.question.split(separator: " ")[0]
            let hasAddress = code == .noError && query.message.qtype == .a
            try respond(to: query, code, answer: hasAddress ? ["\(name). 30 A 10.96.0.1"] : [])
        }
    }

    /// Answers a query with a message that ends too soon.
    func respondWithNonsense(to query: SentQuery) throws {
        deliver(try Array(ServerResponse().write(for: query).dropLast(3)), to: query)
    }

    /// Lets all servers of a route be silent until they are down.
    func silence(_ zone: String) throws {
        let before = count(.outages)
        var round = 0
        while count(.outages) == before {
            round += 1
            try #require(round < 20, "the servers do not go down")
            try ask("silence-\(now).\(zone) A")
            pass(700)
        }
        pass(4010)
        skipSent()
    }
}

extension SentQuery {
    /// Whether nobody but the forwarder itself asks.
    var isProbe: Bool { question.hasPrefix("kubernetes.default.svc.") || question.hasSuffix(" NS") }
}
