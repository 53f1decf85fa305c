// Answers past their end (RFC 8767), and what ends them before others push them out.
import DNSWire

/// For how long, and how, answers are given past their end.
public struct StaleLimits: Sendable, BitwiseCopyable {
    /// Seconds since the answer expired.
    public var ageSeconds: UInt32
    /// The TTL of such an answer's records, unless they never had as much.
    public var ttlSeconds: UInt32

    public init(ageSeconds: UInt32, ttlSeconds: UInt32) {
        self.ageSeconds = ageSeconds
        self.ttlSeconds = ttlSeconds
    }
}

extension AnswerCache {
    /// Finds an answer as `lookup` does, or an expired one within `limits`.
    ///
    /// The TTLs of an expired one are not counted down but cut to `limits` (RFC 8767 §4).
    /// - Complexity: O(octets copied); no allocation, no lock.
    public func lookupStale(
        _ key: borrowing @_addressable CacheKey,
        _ limits: StaleLimits,
        now: UInt64,
        available: Int,
        rotation: UInt32,
        into reply: inout MutableRawSpan,
        at offset: Int
    ) -> Hit? {
        let shard = geometry.shard(key.hash)
        guard let place = place(of: key, shard) else { return nil }
        let entry = place.entry
        let expiresAt = entry.expiresAt
        let isStale = now >= expiresAt
        guard !isStale || now - expiresAt <= UInt64(limits.ageSeconds) * 1000 else { return nil }
        let fitted = entry.answer.fitted(into: min(available, reply.byteCount - offset))
        let ttlStart = place.start + Entry.fixedWords + key.count
        guard copyBody(of: entry, ttlStart, fitted.length, rotation, into: &reply, at: offset) else {
            return nil
        }
        let age = entry.age(now: now)
        if isStale {
            cut(entry, to: limits.ttlSeconds, from: ttlStart, fitted.length, in: &reply, at: offset)
        } else {
            countDown(age, entry, from: ttlStart, fitted.length, in: &reply, at: offset)
        }
        guard isWhole(place.slot, shard) else { return nil }
        countUse(place)
        return Hit(entry: entry, fitted: fitted, ageSeconds: age, isDue: false, isStale: isStale)
    }

    /// Cuts every TTL of the copied part to a limit.
    private func cut(
        _ entry: Entry,
        to limit: UInt32,
        from start: Int,
        _ length: Int,
        in reply: inout MutableRawSpan,
        at offset: Int
    ) {
        for i in 0..<entry.ttls {
            var place = entry.firstTTL
            if i > 0 {
                let word = region.load(start + (i - 1) >> 2) >> UInt64(((i - 1) & 3) * 16)
                place = Int(word & 0xFFFF)
            }
            guard place + 4 <= length else { continue }
            let ttl = reply.readable.uint32(at: offset + place)
            if ttl > limit { reply.store(limit, at: offset + place) }
        }
    }

    // MARK: Without copying

    /// What is known of an answer beside its octets.
    public struct Summary: Sendable, BitwiseCopyable {
        /// Milliseconds.
        public var storedAt: UInt64
        /// Milliseconds.
        public var expiresAt: UInt64
        /// Whether its first record is an alias of the name that was asked for.
        public var isAlias: Bool
    }

    /// Finds an answer, whether it has expired or not; this does not count as asking for it.
    public func summary(of key: borrowing @_addressable CacheKey) -> Summary? {
        let shard = geometry.shard(key.hash)
        guard let place = place(of: key, shard) else { return nil }
        let entry = place.entry
        let bodyStart = place.start + Entry.fixedWords + key.count + Entry.ttlWords(entry.ttls)
        // Before it, too: where the body begins is known of a whole entry only.
        guard isWhole(place.slot, shard) else { return nil }
        var isAlias = false
        if entry.answer.answerCount > 0, entry.length >= 4 {
            // A pointer to the question's name at octet 12, then the type CNAME, as the octets lie in memory.
            isAlias = region.load(bodyStart) & 0xFFFF_FFFF == 0x0500_0CC0
        }
        guard isWhole(place.slot, shard) else { return nil }
        return Summary(storedAt: entry.storedAt, expiresAt: entry.expiresAt, isAlias: isAlias)
    }

    // MARK: Removing

    /// Takes an answer out.
    public func remove(_ key: borrowing @_addressable CacheKey) {
        let shard = geometry.shard(key.hash)
        // Most often there is nothing, which takes no lock to see.
        guard place(of: key, shard) != nil else { return }
        let header = geometry.header(shard)
        region.lock(header + ShardField.lock)
        defer { region.unlock(header + ShardField.lock) }
        guard let place = place(of: key, shard) else { return }
        let slot = Slot(word: region.load(place.index))
        evict(slot, shard)
        region.storeReleasing(0, at: place.index)
    }
}
