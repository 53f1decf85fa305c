import DNSWire
import Testing

@testable import AnswerCache

/// Answers cut to a reply's size (RFC 2181 §9, RFC 6891 §7) and addresses in turn.
@Suite struct FittingTests {
    private let cache = AnswerCache(sizeBytes: 1 << 20, seed: 42)

    private func store(
        _ code: ResponseCode = .noError,
        answers: UInt16,
        answerLength: Int,
        authorityEnd: Int,
        length: Int
    ) throws -> CacheKey {
        let key = try cache.key("web.example.org")
        let answer = CachedAnswer(
            responseCode: code,
            answerCount: answers,
            authorityCount: authorityEnd > answerLength ? 1 : 0,
            additionalCount: length > authorityEnd ? 1 : 0,
            answerLength: answerLength,
            authorityEnd: authorityEnd,
            length: length,
            lifetimeSeconds: 60
        )
        let body = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
        #expect(cache.insert(key, answer, body, now: 0))
        return key
    }

    @Test func additionalGoesFirstThenAuthority() throws {
        let key = try store(answers: 1, answerLength: 20, authorityEnd: 40, length: 60)
        let expected = [(60, 60), (59, 40), (40, 40), (39, 20), (20, 20)]
        for (available, length) in expected {
            let found = try #require(cache.find(key, available: available))
            #expect(!found.fitted.isTruncated)
            #expect(found.fitted.length == length)
            #expect(found.body == (0..<length).map { UInt8($0) })
            #expect(found.fitted.answerCount == 1)
            #expect(found.fitted.authorityCount == (length >= 40 ? 1 : 0))
            #expect(found.fitted.additionalCount == (length >= 60 ? 1 : 0))
        }
    }

    @Test(arguments: [19, 1, 0, -1, -500])
    func whatDoesNotFitIsTruncatedWhole(available: Int) throws {
        let key = try store(answers: 1, answerLength: 20, authorityEnd: 40, length: 60)
        let found = try #require(cache.find(key, available: available))
        #expect(found.fitted == FittedAnswer(isTruncated: true))
    }

    @Test func aDenialIsNotCutToItsCNAMEs() throws {
        let key = try store(.nxDomain, answers: 1, answerLength: 20, authorityEnd: 40, length: 40)
        #expect(try #require(cache.find(key, available: 39)).fitted.isTruncated)
        #expect(try #require(cache.find(key, available: 40)).fitted.authorityCount == 1)
    }

    @Test func noDataIsNotCutToNothing() throws {
        let key = try store(answers: 0, answerLength: 0, authorityEnd: 40, length: 40)
        #expect(try #require(cache.find(key, available: 39)).fitted.isTruncated)
    }

    @Test func theReplysOwnRoomCountsToo() throws {
        let key = try store(answers: 1, answerLength: 20, authorityEnd: 20, length: 20)
        var buffer = WireBuffer(capacity: 30)
        let fits = cache.find(key, offset: 10, in: &buffer)
        #expect(fits?.fitted.length == 20)
        let cut = cache.find(key, offset: 11, in: &buffer)
        #expect(cut?.fitted.isTruncated == true)
    }

    @Test func nothingIsWrittenOutsideTheAnswersPlace() throws {
        let key = try store(answers: 1, answerLength: 21, authorityEnd: 21, length: 21)
        var buffer = WireBuffer(capacity: 64)
        var bytes = buffer.mutableBytes
        for i in 0..<64 { bytes.store(UInt8(0xEE), at: i) }
        _ = cache.find(key, offset: 13, in: &buffer)
        let octets = buffer.bytes.toArray()
        #expect(octets[..<13].allSatisfy { $0 == 0xEE })
        #expect(octets[34...].allSatisfy { $0 == 0xEE })
    }

    @Test func aTTLBehindTheCutIsNotTouched() throws {
        let key = try cache.key("web.example.org")
        let answer = CachedAnswer(
            responseCode: .noError,
            answerCount: 1,
            additionalCount: 1,
            answerLength: 8,
            authorityEnd: 8,
            length: 16,
            lifetimeSeconds: 60
        )
        let body = [UInt8](repeating: 9, count: 16)
        let offsets: [UInt16] = [0, 8]
        #expect(cache.insert(key, answer, body, ttlOffsets: offsets, now: 0))
        var buffer = WireBuffer(capacity: 64)
        let found = cache.find(key, now: 2000, available: 8, in: &buffer)
        #expect(found?.body == [9, 9, 9, 7, 9, 9, 9, 9])
        #expect(buffer.bytes.toArray()[8...].allSatisfy { $0 == 0 })
    }

    // MARK: Rotation

    private func storeRun(offset: Int, recordLength: Int, count: Int, tail: Int) throws -> CacheKey {
        let key = try cache.key("web.example.org")
        let runEnd = offset + recordLength * count
        var body = [UInt8](repeating: 0xAA, count: offset)
        for i in 0..<count { body += [UInt8](repeating: UInt8(i), count: recordLength) }
        body += [UInt8](repeating: 0xBB, count: tail)
        let answer = CachedAnswer(
            responseCode: .noError,
            answerCount: UInt16(count),
            additionalCount: tail > 0 ? 1 : 0,
            answerLength: runEnd,
            authorityEnd: runEnd,
            length: body.count,
            lifetimeSeconds: 60,
            rotation: CachedAnswer.Rotation(offset: offset, recordLength: recordLength, count: count)
        )
        #expect(cache.insert(key, answer, body, now: 0))
        return key
    }

    @Test func eachRecordOfAnAddressRRsetComesFirstInTurn() throws {
        let key = try storeRun(offset: 5, recordLength: 16, count: 4, tail: 7)
        for rotation in [0, 1, 2, 3, 4, 5, UInt32.max] {
            let body = try #require(cache.find(key, rotation: rotation)).body
            let first = Int(rotation % 4)
            #expect(body[..<5].allSatisfy { $0 == 0xAA })
            #expect(body[69...].allSatisfy { $0 == 0xBB })
            let order = (0..<4).map { Int(body[5 + $0 * 16]) }
            #expect(order == (0..<4).map { (first + $0) % 4 })
            for i in 0..<4 { #expect(Set(body[(5 + i * 16)..<(21 + i * 16)]).count == 1) }
        }
    }

    @Test(arguments: [1, 3, 7, 8, 9, 16, 28, 31], [0, 1, 7, 8, 13])
    func recordsOfAnyLengthAndPlaceComeInTurn(recordLength: Int, offset: Int) throws {
        let key = try storeRun(offset: offset, recordLength: recordLength, count: 3, tail: 5)
        for rotation in UInt32(0)..<3 {
            let body = try #require(cache.find(key, rotation: rotation)).body
            var expected = [UInt8](repeating: 0xAA, count: offset)
            for i in 0..<3 {
                expected += [UInt8](repeating: UInt8((Int(rotation) + i) % 3), count: recordLength)
            }
            #expect(body == expected + [UInt8](repeating: 0xBB, count: 5))
        }
    }

    @Test func aRunThatDoesNotFitIsNotRotated() throws {
        let key = try storeRun(offset: 0, recordLength: 16, count: 4, tail: 0)
        #expect(try #require(cache.find(key, available: 63, rotation: 1)).fitted.isTruncated)
    }

    @Test func aRunWhoseDecorationWasCutIsStillRotated() throws {
        let key = try storeRun(offset: 0, recordLength: 16, count: 4, tail: 9)
        #expect(try #require(cache.find(key, available: 64, rotation: 1)).body.first == 1)
    }
}
