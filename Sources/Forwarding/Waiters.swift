import DNSWire
import Routing

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
    /// Names the client's address, 0 for a pending query.
    let client: ClientHash
    /// When the query came, in microseconds.
    var askedAt: UInt64 = 0
    fileprivate var next: Int32 = -1

    /// A client that waits for a reply.
    init(_ client: ClientHash, _ context: ReplyContext, _ qname: DomainName, _ qtype: RecordType) {
        kind = .client(context)
        self.qname = qname
        self.qtype = qtype
        self.client = client
    }

    /// A chain that waits for the answer of its target.
    init(_ parent: PendingReference, _ target: DomainName, _ qtype: RecordType) {
        kind = .pendingQuery(parent)
        qname = target
        self.qtype = qtype
        client = .none
    }
}

/// A client's address, hashed with a secret so that nobody can choose two that are counted as one.
struct ClientHash: Equatable, BitwiseCopyable {
    fileprivate let rawValue: UInt64

    static let none = ClientHash(rawValue: 0)

    private init(rawValue: UInt64) { self.rawValue = rawValue }

    init(_ address: IPAddress, seed: UInt64) {
        // IPv4 has no upper half: in its place stands what no upper half gives but by chance.
        let high = UInt64(truncatingIfNeeded: address.bits >> 64)
        let first = (high ^ seed).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        let upper = address.isIPv4 ? seed.byteSwapped : first.high ^ first.low
        let low = UInt64(truncatingIfNeeded: address.bits) ^ upper
        let second = (low ^ seed).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        rawValue = max(second.high ^ second.low, 1)
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
    /// How many of them are one client's.
    private var byClient = NumberTable()

    init(limit: Int) { self.limit = limit }

    /// How many queries of a client wait.
    func count(of client: ClientHash) -> Int { byClient[client.rawValue] ?? 0 }

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
        if waiter.client != .none { byClient.set(waiter.client.rawValue, count(of: waiter.client) + 1) }
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
        leave(places[Int(place)].client)
        return WaiterID(rawValue: place)
    }

    private mutating func leave(_ client: ClientHash) {
        guard client != .none else { return }
        let rest = count(of: client) - 1
        if rest > 0 { byClient.set(client.rawValue, rest) } else { byClient.remove(client.rawValue) }
    }

    /// The waiter that has, or had last, this place.
    subscript(id: WaiterID) -> Waiter { places[Int(id.rawValue)] }
}
