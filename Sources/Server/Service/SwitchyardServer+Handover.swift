import EventLoop
import Glibc
import HTTP

extension SwitchyardServer {
    /// Milliseconds in which a successor has to answer queries and to end this process.
    private static let successionMilliseconds = 30_000
    /// Milliseconds in which an answer at the control socket has left.
    private static let answerMilliseconds = 50

    /// Makes room for another process, which ends this one when it answers queries.
    func handOver(_ exchange: HTTPExchange) {
        let processID: Int32
        do throws(ControlProblem) {
            let fields = try ControlFields(exchange.query, known: ["pid"])
            guard let number = fields["pid"].flatMap({ Int32($0) }), number > 1, number != getpid() else {
                throw ControlProblem("`pid` is missing or no process; give the one that takes over")
            }
            guard successor == nil else {
                throw ControlProblem("process \(successor ?? 0) is taking over already; try again in 30 s")
            }
            processID = number
        } catch {
            return exchange.answer(JSON.response(error, status: 400))
        }
        do throws(SystemError) {
            let timer = try Timer(loop) { [unowned self] in leaveAdmin(to: processID) }
            timer.schedule(afterMilliseconds: Self.answerMilliseconds)
            succession = timer
        } catch {
            return exchange.answer(.text("the server has no memory left for that; try again", status: 503))
        }
        successor = processID
        note("process \(processID) takes over")
        exchange.answer(JSON.response(HandoverReport(processID: getpid())))
    }

    /// Leaves the admin port and the control socket, which two processes cannot share, for as long as a start takes.
    private func leaveAdmin(to processID: Int32) {
        admin.stop()
        succession = try? Timer(loop) { [unowned self] in succeedMyself() }
        succession?.schedule(afterMilliseconds: Self.successionMilliseconds)
    }

    private func succeedMyself() {
        note("process \(successor ?? 0) has not taken over; going on")
        successor = nil
        succession = nil
        do throws(ServerError) {
            try admin.start(endpoints)
        } catch {
            note("\(error)")
        }
    }
}
