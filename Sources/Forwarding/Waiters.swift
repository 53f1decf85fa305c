import DNSWire

/// Somebody who waits for a pending query: a client, or another pending query whose CNAME chain led here.
struct Waiter {
    enum Kind {
        case client(ReplyContext)
        /// This pending query continues with the answer.
        case pendingQuery(PendingReference)
    }

    var kind: Kind
    /// QNAME in the client's case (RFC 4343 §4.1: echoed octet for octet).
    var qname: DomainName
    var qtype: RecordType
    fileprivate var next: Int32 = -1

    init(_ kind: Kind, _ qname: DomainName, _ qtype: RecordType) {
        self.kind = kind
        self.qname = qname
        self.qtype = qtype
    }
}

/// A list of waiters, in the order of their arrival.
struct WaiterList {
    fileprivate var first: Int32 = -1
    fileprivate var last: Int32 = -1

    var isEmpty: Bool { first < 0 }
}

/// The waiters of a worker: a bounded number of places that lists are made of.
struct Waiters {
    private var places: [Waiter] = []
    private var free: Int32 = -1
    private(set) var count = 0
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Puts a waiter at the end of a list; nil when all places are taken.
    mutating func append(_ waiter: Waiter, to list: inout WaiterList) -> WaiterID? {
        let place: Int32
        if free >= 0 {
            place = free
            free = places[Int(place)].next
            places[Int(place)] = waiter
        } else {
            guard places.count < limit else { return nil }
            place = Int32(places.count)
            places.append(waiter)
        }
        places[Int(place)].next = -1
        if list.last >= 0 { places[Int(list.last)].next = place } else { list.first = place }
        list.last = place
        count += 1
        return WaiterID(rawValue: place)
    }

    /// Takes the first waiter off a list.
    ///
    /// Its place is free for the next, and may be read until that comes.
    mutating func removeFirst(_ list: inout WaiterList) -> WaiterID? {
        guard list.first >= 0 else { return nil }
        let place = list.first
        list.first = places[Int(place)].next
        if list.first < 0 { list.last = -1 }
        places[Int(place)].next = free
        free = place
        count -= 1
        return WaiterID(rawValue: place)
    }

    /// The waiter that has, or had last, this place.
    subscript(id: WaiterID) -> Waiter { places[Int(id.rawValue)] }
}
