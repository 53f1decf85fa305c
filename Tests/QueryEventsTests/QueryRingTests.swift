import Synchronization
import Testing

@testable import QueryEvents

@Suite struct QueryRingTests {
    private static func event(_ number: UInt64) -> QueryEvent {
        var event = QueryEvent()
        event.receivedAt = number
        event.clientLow = ~number
        return event
    }

    private static func take(_ ring: QueryRing) -> [(QueryEvent, [UInt8])] {
        var taken: [(QueryEvent, [UInt8])] = []
        ring.take { event, message in
            taken.append((event, (0..<message.byteCount).map { message[$0] }))
        }
        return taken
    }

    @Test func whatWasPutIsTakenInOrder() {
        let ring = QueryRing(records: 4, messageOctets: 10)
        for number in 1...3 as ClosedRange<UInt64> {
            #expect(ring.put(Self.event(number), [UInt8(number), 7].span.bytes))
        }
        let taken = Self.take(ring)
        #expect(taken.map(\.0) == [1, 2, 3].map(Self.event))
        #expect(taken.map(\.1) == [[1, 7], [2, 7], [3, 7]])
        #expect(Self.take(ring).isEmpty)
        #expect(ring.lost == 0)
    }

    @Test func aMessageIsCutToTheRoomOfARecord() {
        let ring = QueryRing(records: 2, messageOctets: 3)
        ring.put(Self.event(1), [1, 2, 3, 4, 5].span.bytes)
        ring.put(Self.event(2), ([] as [UInt8]).span.bytes)
        #expect(Self.take(ring).map(\.1) == [[1, 2, 3], []])
    }

    @Test func whatFindsNoRoomIsCountedAndChangesNothing() {
        let ring = QueryRing(records: 4, messageOctets: 4)
        for number in 1...6 as ClosedRange<UInt64> { ring.put(Self.event(number), [UInt8(number)].span.bytes) }
        #expect(ring.lost == 2)
        #expect(Self.take(ring).map(\.1) == [[1], [2], [3], [4]])
        #expect(ring.put(Self.event(7), [7].span.bytes))
        #expect(Self.take(ring).map(\.1) == [[7]])
    }
}

extension RawSpan {
    fileprivate subscript(offset: Int) -> UInt8 { unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self) }
}
