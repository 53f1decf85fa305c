/// A sequence of questions, each the number of a name; the same at every run.
public struct Trace {
    /// What the trace is made of.
    public enum Shape: Sendable {
        /// Names by Zipf's law.
        case zipf(Double)
        /// The same, with a share of the questions for names that nobody asks again.
        case zipfWithScan(Double, oneTime: Double)
        /// The same, with scans of so many names in one go, ten in the whole trace.
        case zipfWithBursts(Double, names: Int)
        /// Half-way, the names change places: what was popular is not any more.
        case zipfWithShift(Double)
        /// All names in turn, again and again.
        case loop
    }

    public let title: String
    /// The names that are asked more than once.
    public let names: Int
    public let questions: [UInt32]

    /// Makes `count` questions for `names` names.
    public init(_ title: String, _ shape: Shape, names: Int, count: Int) {
        self.title = title
        self.names = names
        var random = SplitMix(state: 1)
        var nextOneTime = UInt32(names)
        func oneTime() -> UInt32 {
            nextOneTime += 1
            return nextOneTime - 1
        }
        var questions: [UInt32] = []
        questions.reserveCapacity(count)
        let zipf = Zipf(count: names, exponent: shape.exponent)
        while questions.count < count {
            let i = questions.count
            let popular = UInt32(zipf.rank(at: random.share()))
            switch shape {
            case .zipf: questions.append(popular)
            case .zipfWithScan(_, let share):
                questions.append(random.share() < share ? oneTime() : popular)
            case .zipfWithBursts(_, let burst):
                questions.append(popular)
                let isStart = i / (count / 10) != questions.count / (count / 10)
                if isStart { questions += (0..<burst).map { _ in oneTime() } }
            case .zipfWithShift:
                let shift = UInt32(i < count / 2 ? 0 : names / 2)
                questions.append((popular + shift) % UInt32(names))
            case .loop: questions.append(UInt32(i % names))
            }
        }
        self.questions = questions
    }
}

extension Trace.Shape {
    /// Zipf's exponent.
    fileprivate var exponent: Double {
        switch self {
        case .zipf(let exponent), .zipfWithScan(let exponent, _), .zipfWithBursts(let exponent, _),
            .zipfWithShift(let exponent):
            exponent
        case .loop: 0
        }
    }
}
