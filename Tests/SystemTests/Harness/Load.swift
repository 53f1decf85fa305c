import Foundation
import Synchronization

/// Clients that ask all the time, each one question after the other, and note what they get.
final class Load: Sendable {
    /// What clients got.
    struct Tally: Sendable {
        var answered = 0
        var problems: [String] = []
    }

    private let state = Mutex(Tally())

    /// What clients got so far.
    var tally: Tally { state.withLock { $0 } }
    private let isOver = Atomic<Bool>(false)
    private let clients = Mutex(0)
    private let ended = DispatchSemaphore(value: 0)

    /// Starts a client.
    ///
    /// - Parameters:
    ///   - name: the name that is asked for, by the number of the question.
    ///   - connect: makes what asks, on the client's thread.
    func start(
        _ name: @escaping @Sendable (Int) -> String,
        _ connect: @escaping @Sendable () throws -> (TestMessage) throws -> TestMessage?
    ) {
        let thread = Thread { [self] in
            let ask = Result { try connect() }
            var number = 0
            while !isOver.load(ordering: .relaxed) {
                number += 1
                let query = TestMessage(query: name(number))
                note(query, Result { try ask.get()(query) })
            }
            ended.signal()
        }
        clients.withLock { $0 += 1 }
        thread.start()
    }

    private func note(_ query: TestMessage, _ result: Result<TestMessage?, any Error>) {
        state.withLock { tally in
            switch result {
            case .success(let reply?)
            where reply.id == query.id && reply.responseCode == 0 && reply.answer.count == 1:
                tally.answered += 1
            default:
                if tally.problems.count < 10 { tally.problems.append("\(query.qname): \(result)") }
            }
        }
    }

    func stop() {
        isOver.store(true, ordering: .relaxed)
        for _ in 0..<clients.withLock({ $0 }) { ended.wait() }
    }

    var answered: Int { tally.answered }
}
