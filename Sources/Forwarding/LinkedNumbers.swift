/// Lists of small numbers, each in one list at most, in the order in which they came.
///
/// Whoever keeps the lists holds the first number of each. Putting a number in and taking it out cost the same however
/// long the list is.
struct LinkedNumbers {
    // Rings: the last of a list comes before the first.
    private struct Links: BitwiseCopyable {
        var next: Int32 = -1
        var previous: Int32 = -1
    }

    private var links: [Links] = []

    /// Puts a number, which is in no list, at the end of the list that begins with `first`, or begins one.
    mutating func append(_ number: Int, to first: Int?) {
        while links.count <= number { links.append(Links()) }
        let new = Int32(number)
        guard let first else {
            links[number] = Links(next: new, previous: new)
            return
        }
        var all = links.mutableSpan
        let last = all[first].previous
        all[number] = Links(next: Int32(first), previous: last)
        all[Int(last)].next = new
        all[first].previous = new
    }

    /// Takes a number out of its list; the number behind it, nil when none is left.
    ///
    /// When it was the first of the list, that behind it is the first now.
    mutating func remove(_ number: Int) -> Int? {
        var all = links.mutableSpan
        let old = all[number]
        guard old.next != Int32(number) else { return nil }
        all[Int(old.previous)].next = old.next
        all[Int(old.next)].previous = old.previous
        return Int(old.next)
    }

    /// The list that begins with `first`.
    func list(_ first: Int?) -> [Int] {
        guard let first else { return [] }
        var numbers = [first]
        var next = Int(links[first].next)
        while next != first {
            numbers.append(next)
            next = Int(links[next].next)
        }
        return numbers
    }
}
