import DNSWire
import EventLoop
import HTTP
import Routing
import Transport

extension SwitchyardServer {
    /// What operators ask for and have done, one line each.
    var controlEndpoints: [AdminEndpoint] {
        [
            .get("/api/explain") { [unowned self] in explain($0) },
            .command("/control/flush") { [unowned self] exchange in
                answer(exchange) { desk throws(ControlProblem) in try desk.flush(exchange.query) }
            },
            .command("/control/drain") { [unowned self] in setDrained(true, $0) },
            .command("/control/restore") { [unowned self] in setDrained(false, $0) },
            .command("/control/reload") { [unowned self] in reload($0) },
        ]
    }

    /// The clusters that are drained.
    var drainedClusters: [String] { desk?.drainedClusters ?? [] }

    private var desk: OperatorDesk? {
        guard let snapshot = keeper?.current else { return nil }
        let now = MonotonicClock.nanoseconds() / 1_000_000
        return OperatorDesk(snapshot: snapshot, cache: cache, failures: failures, now: now)
    }

    private func answer<Report: Encodable>(
        _ exchange: HTTPExchange,
        _ body: (OperatorDesk) throws(ControlProblem) -> Report
    ) {
        guard let desk else {
            return exchange.answer(.text("the server is starting; try again", status: 503))
        }
        do throws(ControlProblem) {
            exchange.answer(JSON.response(try body(desk)))
        } catch {
            exchange.answer(JSON.response(error, status: 400))
        }
    }

    private func setDrained(_ isDrained: Bool, _ exchange: HTTPExchange) {
        answer(exchange) { desk throws(ControlProblem) in
            let report = try desk.setDrained(isDrained, exchange.query)
            if report.hasChanged {
                note("cluster \(report.cluster) is \(isDrained ? "drained" : "restored")")
            }
            return report
        }
    }

    private func reload(_ exchange: HTTPExchange) {
        do throws(ControlProblem) {
            _ = try ControlFields(exchange.query, known: [])
        } catch {
            return exchange.answer(JSON.response(error, status: 400))
        }
        reload()
        guard let status = reloadStatus else {
            return exchange.answer(.text("the server is starting; try again", status: 503))
        }
        exchange.answer(JSON.response(ReloadReport(status)))
    }

    // MARK: - Explain

    private func explain(_ exchange: HTTPExchange) {
        guard let desk else {
            return exchange.answer(.text("the server is starting; try again", status: 503))
        }
        do throws(ControlProblem) {
            let (name, type, isLive) = try OperatorDesk.question(exchange.query)
            var report = desk.explain(name, type)
            guard isLive else { return exchange.answer(JSON.response(report)) }
            try ask(name, type) {
                report.live = $0
                exchange.answer(JSON.response(report))
            }
        } catch {
            exchange.answer(JSON.response(error, status: 400))
        }
    }

    /// Sends a question to our own first address.
    private func ask(
        _ name: DomainName,
        _ type: RecordType,
        _ done: @escaping (LiveReport) -> Void
    ) throws(ControlProblem) {
        guard let sockets = liveSockets, let address = listening.first.map({ SocketAddress($0) }) else {
            throw ControlProblem("the server has no socket left to ask itself; try again")
        }
        let loopback =
            address.isIPv4
            ? SocketAddress(ipv4: 0x7F00_0001, port: address.port)
            : SocketAddress(ipv6: 1, port: address.port)
        do throws(SystemError) {
            _ = try LiveQuestion(name, type, to: address.isWildcard ? loopback : address, sockets, done)
        } catch {
            throw ControlProblem("the server cannot ask itself: \(error)")
        }
    }
}
