// Looking at an entry without asking for it.
import DNSWire

extension AnswerCache {
    /// What is known of an entry.
    public struct Inspection: Sendable, BitwiseCopyable {
        public var answer: CachedAnswer
        /// Milliseconds.
        public var storedAt: UInt64
        /// Milliseconds.
        public var expiresAt: UInt64
        /// How often it was asked for lately; `usesMax` means as often or more.
        public var uses: Int

        /// Uses are not counted further.
        public static let usesMax = Int(Slot.usesMax)
    }

    /// Finds an entry, whether it has expired or not.
    ///
    /// Nothing changes: the entry is not copied, and is no more popular than before.
    public func inspect(_ key: borrowing @_addressable CacheKey) -> Inspection? {
        let shard = geometry.shard(key.hash)
        guard let place = place(of: key, shard), isWhole(place.slot, shard) else { return nil }
        return Inspection(
            answer: place.entry.answer,
            storedAt: place.entry.storedAt,
            expiresAt: place.entry.expiresAt,
            uses: Int(place.slot.uses)
        )
    }

    /// The octets of an entry's body; nothing changes.
    public func inspectBody(_ key: borrowing @_addressable CacheKey) -> [UInt8]? {
        let shard = geometry.shard(key.hash)
        guard let place = place(of: key, shard), place.entry.length <= WireLimits.messageLength else {
            return nil
        }
        let length = place.entry.length
        let start = place.start + Entry.fixedWords + key.count + Entry.ttlWords(place.entry.ttls)
        var buffer = WireBuffer(capacity: max(length, 1))
        var octets = buffer.mutableBytes
        guard region.copy(from: start, length: length, to: &octets, at: 0), isWhole(place.slot, shard) else {
            return nil
        }
        return octets.readable.extracting(first: length).toArray()
    }
}
