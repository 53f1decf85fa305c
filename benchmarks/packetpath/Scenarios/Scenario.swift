/// One way through the code, done again and again and checked every time.
///
/// The runner calls `prepare`, `run` and `check` in this order, each for the same number of operations. Only
/// `run` is measured. One thread.
public protocol Scenario: AnyObject {
    /// Makes ready for `count` operations, at most `batchSize`.
    func prepare(_ count: Int) throws(ScenarioError)

    /// Does `count` operations and returns a number that depends on all outputs.
    func run(_ count: Int) -> UInt64

    /// Compares every output of the last `run` with what it has to be, octet by octet.
    func check(_ count: Int) throws(ScenarioError)
}

/// Operations of one batch, as many as the server receives at once.
public let batchSize = 64

/// What a scenario found wrong.
public struct ScenarioError: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
