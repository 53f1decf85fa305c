// Looking at an entry without asking for it.

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
}
