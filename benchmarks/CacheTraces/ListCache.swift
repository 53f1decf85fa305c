/// A cache of a fixed number of entries that drops the oldest: by last use (LRU) or by arrival (FIFO).
struct ListCache {
    private let capacity: Int
    private let isLRU: Bool
    private var places: [UInt32: Int] = [:]
    private var names: [UInt32] = []
    // A ring of places in order; `oldest` is the one to go next.
    private var newer: [Int] = []
    private var older: [Int] = []
    private var oldest = 0

    init(capacity: Int, isLRU: Bool) {
        self.capacity = capacity
        self.isLRU = isLRU
    }

    /// Asks for a name and stores it when it is not there; says whether it was.
    mutating func ask(_ name: UInt32) -> Bool {
        if let place = places[name] {
            if isLRU { renew(place) }
            return true
        }
        if names.count < capacity { add(name) } else { replaceOldest(name) }
        return false
    }

    private mutating func add(_ name: UInt32) {
        let place = names.count
        names.append(name)
        places[name] = place
        // Behind the newest, which is the one before the oldest.
        let newest = place == 0 ? 0 : older[oldest]
        newer.append(oldest)
        older.append(newest)
        newer[newest] = place
        older[oldest] = place
    }

    private mutating func replaceOldest(_ name: UInt32) {
        places[names[oldest]] = nil
        names[oldest] = name
        places[name] = oldest
        // What was the oldest is the newest, because the ring goes on one step.
        oldest = newer[oldest]
    }

    private mutating func renew(_ place: Int) {
        if place == oldest {
            oldest = newer[oldest]
            return
        }
        newer[older[place]] = newer[place]
        older[newer[place]] = older[place]
        let newest = older[oldest]
        newer[newest] = place
        older[place] = newest
        newer[place] = oldest
        older[oldest] = place
    }
}
