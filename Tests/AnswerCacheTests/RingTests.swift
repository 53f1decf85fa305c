import Testing

@testable import AnswerCache

/// Offsets that only grow, in a ring whose length is no power of two.
@Suite struct RingTests {
    private let ring = Ring(start: 1000, words: 100, positionBits: 7)

    @Test func aRingIsEmptyAtFirst() {
        #expect(ring.firstOffset != 0)
        #expect(ring.index(ring.firstOffset) == 1000)
        #expect(ring.used(tail: ring.firstOffset, head: ring.firstOffset) == 0)
    }

    @Test func anOffsetThatReachesTheEndBeginsTheNextLap() {
        let last = ring.firstOffset + 90
        #expect(ring.end(last, words: 9) == last + 9)
        #expect(ring.end(last, words: 10) == ring.nextLap(last))
        #expect(ring.position(ring.nextLap(last)) == 0)
        #expect(ring.nextLap(last) > last)
    }

    @Test func aFullRingIsNotAnEmptyOne() {
        let tail = ring.firstOffset + 40
        #expect(ring.used(tail: tail, head: ring.nextLap(tail) + 40) == 100)
        #expect(ring.used(tail: tail, head: tail) == 0)
        #expect(ring.used(tail: ring.firstOffset, head: ring.nextLap(tail)) == 100)
    }

    @Test func paddingIsWhatIsLeftOfALapThatIsTooShort() {
        let head = ring.firstOffset + 90
        #expect(ring.padding(10, at: head) == 0)
        #expect(ring.padding(11, at: head) == 10)
        #expect(ring.padding(100, at: ring.firstOffset) == 0)
    }

    @Test func aWalkOfManyLapsNeverLeavesTheRingNorGoesBack() {
        var random = SeededGenerator(seed: 4)
        var offset = ring.firstOffset
        var walked = 0
        for _ in 0..<10_000 {
            let words = Int.random(in: 1...25, using: &random)
            let gap = ring.padding(words, at: offset)
            let start = gap > 0 ? ring.nextLap(offset) : offset
            #expect(ring.position(start) + words <= ring.words)
            let next = ring.end(start, words: words)
            #expect(next > offset)
            #expect(ring.used(tail: offset, head: next) == gap + words)
            offset = next
            walked += gap + words
        }
        #expect(walked > 100 * ring.words)
    }

    @Test(arguments: [1 << 20, 3_000_001, 64 << 20, 1 << 30, 64 << 30])
    func everyPartOfACacheLiesInItsOwnPlace(sizeBytes: Int) {
        let geometry = Geometry(sizeBytes: sizeBytes)
        #expect(geometry.words * 8 <= sizeBytes)
        #expect(geometry.words * 8 > sizeBytes - sizeBytes / 100)
        #expect(geometry.mainWords < 1 << Int(geometry.positionBits))
        // Laps enough for ever: 2⁴⁷ words have passed before they are used up.
        #expect(geometry.positionBits < 30)
        let headersEnd = geometry.header(geometry.shards - 1) + Geometry.headerWords
        for shard in 0..<geometry.shards {
            let small = geometry.ring(shard, isMain: false)
            let main = geometry.ring(shard, isMain: true)
            #expect(geometry.bucket(shard, 0, 0) >= headersEnd)
            #expect(geometry.bucket(shard, 0, 0) % Geometry.slotsPerBucket == 0)
            let isLast = shard + 1 == geometry.shards
            let indexEnd = isLast ? geometry.frontWords : geometry.bucket(shard + 1, 0, 0)
            #expect(geometry.ghost(shard, 0) >= geometry.frontWords)
            for hash in [0, UInt64(UInt32.max), .max] {
                for choice in 0..<Geometry.choices {
                    let bucket = geometry.bucket(shard, hash, choice)
                    #expect(bucket + Geometry.slotsPerBucket <= indexEnd)
                }
                #expect(geometry.ghost(shard, hash) < small.start)
            }
            #expect(small.start + small.words == main.start)
            let end = isLast ? geometry.words : geometry.ghost(shard + 1, 0)
            #expect(main.start + main.words == end)
        }
    }
}
