/// The load of a run: the same for every cluster, at fixed times whatever the answers are.
public struct LoadPlan: Sendable {
    /// The first two octets of the addresses in each cluster, which are its number in the plan and which it answers.
    public static let networks: [UInt16] = [0x0A01, 0x0A02, 0x0A03]
    /// The names of the clusters; the first is the one that is broken.
    public static let clusters = ["east", "west", "north"]

    /// The place of the samples that say what the machine alone does: a server is asked directly.
    static let control = clusters.count
    /// The cluster whose server that is.
    static let controlServer = 1

    /// Queries per second and cluster.
    public var rate: Int
    /// Milliseconds before the fault and during it.
    public var before: Int
    public var during: Int
    /// Milliseconds after it: what the fault needs to be over.
    private(set) var after = 0

    static let warmUp = 700
    static let popularNames = 20
    static let returningNames = 20
    /// Milliseconds in which everything must be good again.
    private static let afterwards = 1_500
    /// Milliseconds after which a stub resolver gives up.
    static let patience = 5_000

    public init(rate: Int, before: Int, during: Int) {
        self.rate = rate
        self.before = before
        self.during = during
    }

    /// The plan with enough time after a fault to see that it is over.
    func longEnough(for fault: Fault) -> LoadPlan {
        var plan = self
        plan.after = fault.allGood + Self.afterwards
        return plan
    }

    /// Milliseconds since the beginning at which a phase begins.
    func start(of phase: Phase) -> Int {
        switch phase {
        case .warmUp: 0
        case .before: Self.warmUp
        case .during: Self.warmUp + before
        case .after: Self.warmUp + before + during
        }
    }

    var end: Int { start(of: .after) + after }

    func phase(at milliseconds: Int) -> Phase {
        Phase.allCases.last { start(of: $0) <= milliseconds } ?? .warmUp
    }

    /// Of ten queries six are about popular names and three about new ones.
    func kind(ofQuery number: Int, in phase: Phase) -> NameKind {
        if phase == .warmUp { return .popular }
        switch number % 10 {
        case 2, 5, 8: return .new
        case 9 where phase != .before: return .returning
        default: return .popular
        }
    }

    /// The first label of a query's name; its digits are half of the address.
    func label(ofQuery number: Int, _ kind: NameKind) -> String {
        switch kind {
        // Both numbers go through all names.
        case .popular: "p\(number * 7 % Self.popularNames)"
        case .new: "n\(number)"
        case .returning: "r\(1000 + number / 10 % Self.returningNames)"
        }
    }
}
