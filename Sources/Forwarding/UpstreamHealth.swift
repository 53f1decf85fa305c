import DNSWire
import Synchronization

/// What all workers know of a server together: whether it is up, how fast it answers, and when to try it again.
///
/// Lives as long as the server has its number. Any thread. Times are milliseconds of the forwarders' clock. No field is
/// locked: a race of two workers costs a sample or a count, and only one of them sees a server go down or come up.
public final class UpstreamHealth: Sendable {
    let trust = UpstreamTrust()

    private enum State: UInt8, AtomicRepresentable {
        case up
        /// Up, until a probe says otherwise.
        case suspect
        /// Down: no answers.
        case silent
        /// Down: SERVFAIL, or nothing of use, to the probe.
        case failing

        var isDown: Bool { self == .silent || self == .failing }
    }

    private let state = Atomic(State.up)
    /// Smoothed round-trip time in the upper half, its variation in the lower, microseconds times 8 (RFC 6298 §2).
    ///
    /// 0 when never measured.
    private let roundTrip = Atomic<UInt64>(0)
    /// When the last answer came.
    private let lastAnswer = Atomic<UInt64>(0)
    /// Timeouts, network errors and failed probes in a row.
    private let failures = Atomic<UInt32>(0)
    /// When the first of them was sent.
    private let failingSince = Atomic<UInt64>(0)
    /// SERVFAIL, REFUSED, answers of no use and TCP that fails where UDP is the rule, in a row.
    ///
    /// All this may be the fault of the names that were asked for.
    private let complaints = Atomic<UInt32>(0)
    private let successes = Atomic<UInt32>(0)
    /// When the server became suspect last.
    private let suspectedAt = Atomic<UInt64>(0)
    private let lastFailure = Atomic<UInt64>(0)
    private let trouble = Atomic(Trouble.timeout)
    /// When a client's question was sent last to the server although it was down.
    private let lastTrial = Atomic<UInt64>(0)
    private let lastProbe = Atomic<UInt64>(0)
    /// Milliseconds between probes while the server is down; 0 before the first.
    private let backOff = Atomic<UInt64>(0)
    private let plainUntil = Atomic<UInt64>(0)

    public init() {}

    /// Whether the server is asked only to find out whether it is back.
    public var isDown: Bool { state.load(ordering: .relaxed).isDown }

    /// Whether the server is down, or sends queries back to us.
    func isOut(now: UInt64) -> Bool { isDown || trust.isLooping(now: now) }

    /// Whether a probe is wanted, now or later.
    var isInTrouble: Bool { state.load(ordering: .relaxed) != .up }

    /// Whether as many names in a row as take a server down could not be answered, so that others are asked first.
    func isDoubted(_ fall: Int) -> Bool { complaints.load(ordering: .relaxed) >= fall }

    /// What went wrong last.
    var lastTrouble: Trouble { trouble.load(ordering: .relaxed) }

    /// What is known of the server, for people.
    public func report(now: UInt64) -> HealthReport {
        let state = state.load(ordering: .relaxed)
        let since = failingSince.load(ordering: .relaxed)
        return HealthReport(
            state: trust.isLooping(now: now)
                ? .looping : state.isDown ? .down : state == .up ? .up : .suspect,
            failingMilliseconds: state != .up && since != 0 ? now - min(now, since) : nil,
            roundTripMicroseconds: smoothedRoundTrip == 0 ? nil : smoothedRoundTrip / 8,
            complaints: Int(complaints.load(ordering: .relaxed)),
            lastTrouble: lastTrouble
        )
    }

    // MARK: - Round-trip time

    /// The smoothed round-trip time in microseconds times 8; 0 when never measured.
    var smoothedRoundTrip: UInt64 { roundTrip.load(ordering: .relaxed) >> 32 }

    /// How many milliseconds to wait before the question is sent again, doubled with every send.
    func timeout(sends: Int) -> UInt64 {
        let measured = roundTrip.load(ordering: .relaxed)
        let base =
            measured == 0
            ? ForwardingLimits.retransmitInitialMilliseconds
            : (measured >> 32 + 4 * (measured & 0xFFFF_FFFF)) / Self.unitsPerMillisecond
        let bounded = max(base, ForwardingLimits.retransmitFloorMilliseconds) << UInt64(min(sends, 4))
        return min(bounded, ForwardingLimits.retransmitCeilingMilliseconds)
    }

    private static let unitsPerMillisecond: UInt64 = 8000

    private func measured(_ milliseconds: UInt64) {
        let sample = min(milliseconds, ForwardingLimits.deadlineMilliseconds) * Self.unitsPerMillisecond
        let old = roundTrip.load(ordering: .relaxed)
        var smoothed = max(sample, 1)
        var variation = sample / 2
        if old != 0 {
            let before = old >> 32
            let difference = sample > before ? sample - before : before - sample
            variation = (3 * (old & 0xFFFF_FFFF) + difference) / 4
            smoothed = max((7 * before + sample) / 8, 1)
        }
        let new = smoothed << 32 | variation
        // What did not change stays in the other workers' caches.
        if new != old { roundTrip.store(new, ordering: .relaxed) }
    }

    // MARK: - Answers

    /// Notes that an answer came; false when `judge` has to say what it means.
    func answered(_ grade: AnswerGrade, afterMilliseconds milliseconds: UInt64, now: UInt64) -> Bool {
        measured(milliseconds)
        if grade.isAnswer, lastAnswer.load(ordering: .relaxed) != now {
            lastAnswer.store(now, ordering: .relaxed)
        }
        return grade == .good && state.load(ordering: .relaxed) == .up
            && failures.load(ordering: .relaxed) | complaints.load(ordering: .relaxed) == 0
    }

    /// Judges the server by an answer to a client's question, or to a probe.
    ///
    /// SERVFAIL, REFUSED and what is of no use may be the name's own fault, so that they only call for a probe. SERVFAIL
    /// to that, or nothing of use, is the server's fault. All other answers show that the server is there.
    func judge(_ grade: AnswerGrade, _ rules: HealthRules, isProbe: Bool, now: UInt64) -> HealthChange {
        switch grade {
        case .good:
            clear(failures)
            clear(complaints)
            return succeeded(rules)
        case .truncated: return .none
        case .useless(let trouble):
            return isProbe ? failedProbe(trouble, rules, now: now) : complained(rules, now: now)
        case .servFail:
            if isProbe { return failedProbe(.servFail, rules, now: now) }
        case .refused, .other: break
        }
        clear(failures)
        switch state.load(ordering: .relaxed) {
        case .up, .suspect:
            // A server that refuses every name refuses the probe's, too: it is there, and stays in doubt.
            if isProbe { return succeeded(rules) }
            return grade == .other ? .none : complained(rules, now: now)
        case .silent:
            // It is there again. Without probes nothing else would say so of a server that knows only bad names.
            return grade == .servFail && rules.isProbed ? .none : succeeded(rules)
        case .failing: return .none
        }
    }

    private func failedProbe(_ trouble: Trouble, _ rules: HealthRules, now: UInt64) -> HealthChange {
        let sentAt = lastProbe.load(ordering: .relaxed)
        return failed(trouble, to: .failing, sentAt: sentAt, rules, isProbe: true, now: now)
    }

    private func clear(_ counter: borrowing Atomic<UInt32>) {
        if counter.load(ordering: .relaxed) != 0 { counter.store(0, ordering: .relaxed) }
    }

    private func succeeded(_ rules: HealthRules) -> HealthChange {
        guard isInTrouble else { return .none }
        if isDown, successes.wrappingAdd(1, ordering: .relaxed).newValue < rules.rise { return .none }
        let before = state.exchange(.up, ordering: .relaxed)
        guard before.isDown else { return .none }
        clear(successes)
        backOff.store(0, ordering: .relaxed)
        return .cameUp
    }

    /// Notes what may be the fault of the name that was asked for; a probe finds out.
    func complained(_ rules: HealthRules, now: UInt64) -> HealthChange {
        guard rules.isProbed, !isDown, complaints.wrappingAdd(1, ordering: .relaxed).newValue >= rules.fall
        else { return .none }
        return suspect(now: now)
    }

    private func suspect(now: UInt64) -> HealthChange {
        let (isNew, _) = state.compareExchange(expected: .up, desired: .suspect, ordering: .relaxed)
        guard isNew else { return .none }
        suspectedAt.store(now, ordering: .relaxed)
        return .suspected
    }

    // MARK: - Failures

    /// Notes that a query, or a probe, got no answer.
    ///
    /// It counts only when it says something new: after an answer to a later query, or for what was lost together with
    /// a query that counts already, it does not.
    func failed(
        _ trouble: Trouble,
        sentAt: UInt64,
        now: UInt64,
        _ rules: HealthRules,
        isProbe: Bool
    ) -> HealthChange {
        guard sentAt >= lastAnswer.load(ordering: .relaxed), sentAt >= lastFailure.load(ordering: .relaxed)
        else { return .none }
        lastFailure.store(now, ordering: .relaxed)
        return failed(trouble, to: .silent, sentAt: sentAt, rules, isProbe: isProbe, now: now)
    }

    private func failed(
        _ trouble: Trouble,
        to down: State,
        sentAt: UInt64,
        _ rules: HealthRules,
        isProbe: Bool,
        now: UInt64
    ) -> HealthChange {
        self.trouble.store(trouble, ordering: .relaxed)
        clear(successes)
        let count = failures.wrappingAdd(1, ordering: .relaxed).newValue
        if count == 1 { failingSince.store(sentAt, ordering: .relaxed) }
        // The probe that names which could not be answered have called for decides by itself.
        let isDecided = isProbe && complaints.load(ordering: .relaxed) >= rules.fall
        guard count >= rules.fall || isDecided else { return isProbe ? suspect(now: now) : .none }
        let isSilent = trouble != .timeout || isSilent(rules, now: now)
        guard isSilent || isDecided else { return rules.isProbed ? suspect(now: now) : .none }
        let before = state.load(ordering: .relaxed)
        guard !before.isDown,
            state.compareExchange(expected: before, desired: down, ordering: .relaxed).exchanged
        else { return .none }
        // The query that failed was the first trial.
        lastProbe.store(max(sentAt, lastProbe.load(ordering: .relaxed)), ordering: .relaxed)
        return .wentDown
    }

    /// Whether timeouts in a row mean silence.
    ///
    /// Of a server that loses every second answer a few losses in a row are nothing: only time tells. The last server of a
    /// route gets more of it, and the chance to answer a probe: the names that were asked for may take long.
    private func isSilent(_ rules: HealthRules, now: UInt64) -> Bool {
        let since = failingSince.load(ordering: .relaxed)
        guard rules.isLastUp else { return now >= since + ForwardingLimits.silenceMilliseconds }
        guard now >= since + ForwardingLimits.lastSilenceMilliseconds else { return false }
        let suspectedAt = suspectedAt.load(ordering: .relaxed)
        return !rules.isProbed || isInTrouble && now >= suspectedAt + ForwardingLimits.suspicionMilliseconds
    }

    // MARK: - Trials

    /// Takes the right to ask a server that is down on behalf of a client; one per interval gets it in all workers.
    func claimTrial(now: UInt64, _ rules: HealthRules) -> Bool {
        isDown && !trust.isLooping(now: now) && now >= lastProbe.load(ordering: .relaxed) + rules.interval
            && Self.claim(lastTrial, after: rules.interval, now: now)
    }

    /// Takes the right to send the probe that a suspected server, or one that is down, is due.
    ///
    /// Each probe of a server that is down doubles the time until the next. Trials do not put it off: the names that
    /// clients ask for may be ones that no server can answer.
    func claimProbe(now: UInt64, _ rules: HealthRules) -> Bool {
        guard isDown else { return isInTrouble && Self.claim(lastProbe, after: rules.interval, now: now) }
        let wait = max(backOff.load(ordering: .relaxed), rules.interval)
        guard Self.claim(lastProbe, after: wait, now: now) else { return false }
        backOff.store(min(wait * 2, ForwardingLimits.backOffMilliseconds), ordering: .relaxed)
        return true
    }

    /// Whether no answer has come for so long that the server should be asked whether it is there.
    func isIdle(now: UInt64, _ rules: HealthRules) -> Bool {
        let last = max(lastAnswer.load(ordering: .relaxed), lastProbe.load(ordering: .relaxed))
        // The time before anything was seen of it does not count.
        if last == 0 { lastProbe.store(now, ordering: .relaxed) }
        return last != 0 && !isInTrouble && now >= last + rules.idle
    }

    /// Takes the right to probe an idle server.
    func claimIdleProbe(now: UInt64, _ rules: HealthRules) -> Bool {
        Self.claim(lastProbe, after: rules.idle, now: now)
    }

    private static func claim(_ last: borrowing Atomic<UInt64>, after wait: UInt64, now: UInt64) -> Bool {
        let before = last.load(ordering: .relaxed)
        return now >= before + wait
            && last.compareExchange(expected: before, desired: now, ordering: .relaxed).exchanged
    }

    // MARK: - EDNS

    /// Whether the server is asked without OPT (RFC 6891 §6.2.2).
    func isPlain(now: UInt64) -> Bool { now < plainUntil.load(ordering: .relaxed) }

    /// Remembers that the server does not take OPT.
    func rememberPlain(now: UInt64) {
        plainUntil.store(now + ForwardingLimits.plainDNSMilliseconds, ordering: .relaxed)
    }
}
