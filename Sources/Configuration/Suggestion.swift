/// Finds the word that somebody probably meant.
enum Suggestion {
    /// The word of `known` that is nearest to `word`, or nil when none is near.
    ///
    /// Case, `-` and `_` do not count; else up to two letters may be wrong, missing, added or swapped, one
    /// in words of up to four letters.
    static func nearest(to word: String, of known: [String]) -> String? {
        let plain = simplified(word)
        guard !plain.isEmpty, plain.count <= 64 else { return nil }
        let limit = plain.count <= 4 ? 1 : 2
        var best: (word: String, distance: Int)?
        for candidate in known {
            let other = simplified(candidate)
            guard abs(plain.count - other.count) <= limit else { continue }
            let distance = distance(plain, other)
            if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.word
    }

    /// Joins words as in "`a`, `b` and `c`".
    static func list(_ words: [String], last: String = "and") -> String {
        let quoted = words.map { "`\($0)`" }
        guard quoted.count > 1 else { return quoted.joined() }
        return quoted.dropLast().joined(separator: ", ") + " \(last) " + quoted[quoted.count - 1]
    }

    private static func simplified(_ word: String) -> [UInt8] {
        word.lowercased().utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "_") }
    }

    /// The number of letters to change, insert, delete or swap with their neighbour.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    cost = min(cost, beforeLast[j - 1] + 1)
                }
                row.append(cost)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
