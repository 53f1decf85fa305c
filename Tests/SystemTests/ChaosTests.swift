import FaultLab
import Foundation
import Synchronization
import Testing

extension SystemTests {
    /// The short form of `make chaos`: one cluster of three is broken while clients ask all of them.
    ///
    /// What depends on the speed of the machine is only required by the long form.
    @Suite struct ChaosTests {
        private static let faults: [Fault] = [.blackHole, .refused, .garbage, .truncated, .restarts]
        private static let plan = LoadPlan(rate: 50, before: 1_500, during: 2_500)
        /// Longer than a run can take: its plan, and the patience of its clients.
        private static let secondsMax = 40.0

        @Test func brokenClusterHarmsNobodyElseAndItsClientsAreAnswered() throws {
            // At the same time, since they mostly wait.
            let runs = try Self.faults.map { try ChaosThread($0, Self.plan) }
            for (fault, run) in zip(Self.faults, runs) {
                let result = try run.result(within: Self.secondsMax)
                let failures = result.checks.compactMap { check in
                    check.flatMap { $0.isPassed || $0.isAboutSpeed ? nil : $0.failure }
                }
                #expect(failures.isEmpty, "\(fault.name): \(failures) \(result.errorTexts)")
                let popular = result.brokenFigures(.during, .popular)
                #expect(popular.stale > 0 || !fault.isOutage, "\(fault.name): nothing had to be stale")
                #expect(result.firstGood != nil, "\(fault.name): it did not come back")
            }
        }
    }
}

/// A run of the fault suite on a thread of its own.
private final class ChaosThread: Sendable {
    private let outcome = Mutex<Result<ChaosResult, any Error>?>(nil)
    private let ended = DispatchSemaphore(value: 0)

    init(_ fault: Fault, _ plan: LoadPlan) throws {
        let lab = try ChaosLab(fault, timeToLive: 1)
        let server = try TestServer.switchyard(lab.configuration)
        Thread.detachNewThread { [self] in
            let result = Result<ChaosResult, any Error> {
                try lab.run(plan, port: server.endpoint.port, pid: server.process.pid)
            }
            server.process.stop()
            lab.stop()
            outcome.withLock { $0 = result }
            ended.signal()
        }
    }

    /// Waits for the end of the run.
    func result(within seconds: Double) throws -> ChaosResult {
        guard ended.wait(timeout: .now() + seconds) == .success, let outcome = outcome.withLock({ $0 }) else {
            throw HarnessError("the run did not end within \(seconds) s")
        }
        return try outcome.get()
    }
}
