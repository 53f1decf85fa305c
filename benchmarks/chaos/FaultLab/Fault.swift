/// One way to break a cluster, and what its clients must still get.
public struct Fault: Sendable {
    public let name: String
    public let kind: Kind
    /// Whether the server gives no usable answer at all, so that it must be known to be down soon.
    public let isOutage: Bool
    /// The least share of new names that must be answered once the fault is known; nil where there is none.
    public let answered: Double?
    /// Milliseconds from the end of the fault to the first right answer.
    public static let goodAgain = 1_000

    /// Whether the cluster has another server, with which nothing is wrong.
    public let hasSpare: Bool

    /// Milliseconds from the end of the fault to the last query that does not get the right answer.
    ///
    /// What failed because of a server that is known to be down is asked again when that is up. Other failures are
    /// remembered for 5 s (RFC 9520 §3.2).
    public var allGood: Int { isOutage ? Self.goodAgain + 1_000 : 6_000 }

    /// Whether queries reach the server meanwhile, so that it can count them.
    var countsQueries: Bool {
        switch kind {
        case .server(let steps): steps.allSatisfy(\.behaviour.hasDatagrams)
        case .hostName: true
        case .certificate: false
        }
    }

    /// Where the fault is.
    public enum Kind: Sendable, Hashable {
        /// In what the cluster's server does, in a circle.
        case server([BehaviourStep])
        /// In its address: the server is gone, and later its host name points at another.
        case hostName
        /// In its certificate, which has expired.
        case certificate
    }

    private init(
        _ name: String,
        _ kind: Kind,
        isOutage: Bool = false,
        answered: Double? = nil,
        hasSpare: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.isOutage = isOutage
        self.answered = answered
        self.hasSpare = hasSpare
    }

    private init(_ name: String, _ behaviour: Behaviour, isOutage: Bool = false, answered: Double? = nil) {
        let steps = [BehaviourStep(behaviour, milliseconds: 0)]
        self.init(name, .server(steps), isOutage: isOutage, answered: answered)
    }

    public static let blackHole = Fault("black hole", .silent, isOutage: true)
    public static let refused = Fault("refused", .closed, isOutage: true)
    public static let slow = Fault("slow 50 ms", .late(milliseconds: 50), answered: 0.99)
    public static let verySlow = Fault("slow 2 s", .late(milliseconds: 2_000))
    public static let garbage = Fault("garbage", .garbage, isOutage: true)
    // Both are wrong over UDP only: a server that is being spoofed still answers over TCP.
    public static let wrongID = Fault("wrong ID", .wrongID, answered: 0.99)
    public static let wrongQuestion = Fault("wrong question", .wrongQuestion, answered: 0.99)
    public static let truncated = Fault("TC, TCP closed", .truncated, isOutage: true)
    public static let servFail = Fault("SERVFAIL", .fails, isOutage: true)
    public static let lossy = Fault("half of the answers lost", .loses, answered: 0.5)
    /// A pod that ends again and again; CoreDNS says SERVFAIL until it has seen its cluster.
    public static let restarts = Fault(
        "restart loop",
        .server([
            BehaviourStep(.closed, milliseconds: 600),
            BehaviourStep(.fails, milliseconds: 300),
            BehaviourStep(.answers, milliseconds: 600),
        ])
    )
    public static let flapping = Fault(
        "1 s down, 1 s up",
        .server([
            BehaviourStep(.silent, milliseconds: 1_000), BehaviourStep(.answers, milliseconds: 1_000),
        ])
    )
    public static let oneOfTwo = Fault(
        "one of two silent",
        .server([BehaviourStep(.silent, milliseconds: 0)]),
        answered: 1,
        hasSpare: true
    )
    /// TLS needs a server that is not one of ours.
    public static let expired = Fault("TLS expired", .certificate, isOutage: true)
    /// Resolved again because its server is down, not because its TTL ends.
    public static let addressChange = Fault("address changes", .hostName, isOutage: true)

    /// All of them, in the order of the table.
    public static let all: [Fault] = [
        blackHole, refused, slow, verySlow, garbage, wrongID, wrongQuestion, truncated, servFail, lossy,
        restarts, flapping, oneOfTwo, expired, addressChange,
    ]
}
