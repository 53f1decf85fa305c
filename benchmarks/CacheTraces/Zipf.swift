import Foundation

/// Ranks 0, 1, 2, … of which the n-th comes with a weight of 1/nˢ.
struct Zipf {
    private let cumulated: [Double]

    init(count: Int, exponent: Double) {
        var sum = 0.0
        cumulated = (1...count).map { rank in
            sum += pow(Double(rank), -exponent)
            return sum
        }
    }

    /// The rank at a share of all weights, 0 ..< 1.
    func rank(at share: Double) -> Int {
        let wanted = share * (cumulated.last ?? 0)
        var low = 0
        var high = cumulated.count - 1
        while low < high {
            let middle = (low + high) / 2
            if cumulated[middle] > wanted { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
