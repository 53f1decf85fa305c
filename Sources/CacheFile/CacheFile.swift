// The answer cache as a file: it is warm again after a restart.
public import AnswerCache
import DNSWire

/// Reads and writes the file of a cache.
///
/// Allocates and waits for the disk; not on a worker's thread. In memory is a quarter of a megabyte of it at a time.
public enum CacheFile {
    /// What was written or read.
    public struct Summary: Sendable, Equatable {
        /// Answers that are in the file, or in the cache again.
        public var answers = 0
        /// Those that were in the file and are of no use: expired long ago, of routes that have changed, or come too
        /// late because a newer one is there.
        public var dropped = 0

        public init(answers: Int = 0, dropped: Int = 0) {
            self.answers = answers
            self.dropped = dropped
        }
    }

    /// A moment by both clocks, in milliseconds.
    public struct Moment: Sendable {
        /// Of the cache's clock, which never goes back.
        public var cacheTime: UInt64
        /// Since 1970.
        public var wallTime: UInt64

        public init(cacheTime: UInt64, wallTime: UInt64) {
            self.cacheTime = cacheTime
            self.wallTime = wallTime
        }
    }

    /// Milliseconds that the clock may have been set back without a doubt about the file.
    static let clockToleranceMilliseconds: UInt64 = 60_000

    // MARK: - Writing

    /// Writes the answers of the given routes in place of what the file had; on failure that stays.
    ///
    /// - Parameter routes: by cache tag, what each route is, in words that mean the same to every process.
    public static func write(
        _ cache: AnswerCache,
        to path: String,
        routes: [UInt32: String],
        at moment: Moment
    ) throws(CacheFileError) -> Summary {
        var writer = try BlockWriter(try ReplacementFile(replacing: path))
        var start: [UInt8] = []
        start.append(number: moment.wallTime)
        try writer.write(.start, start)
        try write(routes, to: &writer)
        let summary = try writeAnswers(of: cache, routes, at: moment, to: &writer)
        var end: [UInt8] = []
        end.append(number: UInt64(summary.answers))
        try writer.write(.end, end)
        try writer.finish()
        return summary
    }

    private static func write(
        _ routes: [UInt32: String],
        to writer: inout BlockWriter
    ) throws(CacheFileError) {
        var block: [UInt8] = []
        for (tag, route) in routes {
            let text = Array(route.utf8)
            guard let length = UInt16(exactly: text.count) else { continue }
            block.append(number: tag)
            block.append(number: length)
            block += text
            guard block.count >= BlockFormat.fullLength else { continue }
            try writer.write(.routes, block)
            block.removeAll(keepingCapacity: true)
        }
        if !block.isEmpty { try writer.write(.routes, block) }
    }

    private static func writeAnswers(
        of cache: AnswerCache,
        _ routes: [UInt32: String],
        at moment: Moment,
        to writer: inout BlockWriter
    ) throws(CacheFileError) -> Summary {
        var summary = Summary()
        var block: [UInt8] = []
        var cursor = cache.saving()
        while let answers = cursor.next(now: moment.cacheTime) {
            for answer in answers {
                guard routes[answer.tag] != nil else {
                    summary.dropped += 1
                    continue
                }
                summary.answers += 1
                // Another thread's clock reading may be a moment ahead of ours.
                answer.write(into: &block, age: moment.cacheTime - min(answer.storedAt, moment.cacheTime))
                guard block.count >= BlockFormat.fullLength else { continue }
                try writer.write(.answers, block)
                block.removeAll(keepingCapacity: true)
            }
        }
        if !block.isEmpty { try writer.write(.answers, block) }
        return summary
    }

    // MARK: - Reading

    /// Puts the answers of a file into a cache, but not in place of newer ones.
    ///
    /// A file that is damaged anywhere changes nothing.
    ///
    /// - Parameters:
    ///   - routes: the cache tags of today, by what each route is, as `write` was told.
    ///   - retentionMilliseconds: for how long past its end an answer is of use.
    public static func read(
        _ path: String,
        into cache: AnswerCache,
        routes: [String: UInt32],
        retentionMilliseconds: UInt64,
        at moment: Moment
    ) throws(CacheFileError) -> Summary {
        var reader = try BlockReader(try TrustedFile(path))
        // Once to see that it is whole, once to use it.
        try check(&reader)
        try reader.begin()
        var restoring = Restoring(cache, routes, retentionMilliseconds, moment)
        while true {
            let (kind, content) = try reader.next()
            switch kind {
            case .start: try restoring.begin(content)
            case .routes: try restoring.takeRoutes(content)
            case .answers: try restoring.takeAnswers(content)
            case .end: return restoring.summary
            }
        }
    }

    private static func check(_ reader: inout BlockReader) throws(CacheFileError) {
        var kinds: [BlockKind] = []
        while kinds.last != .end {
            let kind = try reader.next().kind
            // Each kind comes behind the one before it.
            guard kind.rawValue >= kinds.last?.rawValue ?? 1, kinds.isEmpty == (kind == .start) else {
                throw .damaged
            }
            kinds = [kind]
        }
        guard try reader.isAtEnd() else { throw .damaged }
    }
}

/// A file on its way into a cache.
private struct Restoring {
    private let cache: AnswerCache
    private let routes: [String: UInt32]
    private let retention: UInt64
    private let moment: CacheFile.Moment
    /// Milliseconds since the file was written.
    private var elapsed: UInt64 = 0
    /// Today's cache tags by those of the file.
    private var tags: [UInt32: UInt32] = [:]
    private(set) var summary = CacheFile.Summary()

    init(
        _ cache: AnswerCache,
        _ routes: [String: UInt32],
        _ retention: UInt64,
        _ moment: CacheFile.Moment
    ) {
        self.cache = cache
        self.routes = routes
        self.retention = retention
        self.moment = moment
    }

    mutating func begin(_ content: OctetReader) throws(CacheFileError) {
        var content = content
        guard let writtenAt = content.number(UInt64.self), content.isAtEnd else { throw .damaged }
        guard writtenAt <= moment.wallTime + CacheFile.clockToleranceMilliseconds else {
            throw .fromTheFuture(seconds: (writtenAt - moment.wallTime) / 1000)
        }
        elapsed = moment.wallTime - min(writtenAt, moment.wallTime)
    }

    mutating func takeRoutes(_ content: OctetReader) throws(CacheFileError) {
        var content = content
        while !content.isAtEnd {
            guard let tag = content.number(UInt32.self), let length = content.number(UInt16.self),
                let text = content.take(Int(length))
            else { throw .damaged }
            tags[tag] = routes[String(decoding: text, as: UTF8.self)]
        }
    }

    mutating func takeAnswers(_ content: OctetReader) throws(CacheFileError) {
        var content = content
        while !content.isAtEnd {
            let answer = SavedAnswer.read(&content, elapsed: elapsed, now: moment.cacheTime)
            guard let answer else { throw .damaged }
            if restore(answer) { summary.answers += 1 } else { summary.dropped += 1 }
        }
    }

    private func restore(_ saved: SavedAnswer) -> Bool {
        guard let tag = tags[saved.tag], moment.cacheTime < saved.expiresAt + retention,
            let ttlOffsets = saved.checkedTTLOffsets()
        else { return false }
        var key = CacheKey(saved.qname)
        key.finish(
            tag: tag,
            qtype: saved.qtype,
            dnssecOK: saved.dnssecOK,
            checkingDisabled: saved.checkingDisabled,
            seed: cache.seed
        )
        return cache.insert(
            key,
            saved.answer,
            body: saved.body.wireBytes,
            ttlOffsets: ttlOffsets.span,
            unlessPresent: true,
            now: saved.storedAt
        )
    }
}
