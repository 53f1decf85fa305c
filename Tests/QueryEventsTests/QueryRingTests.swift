import DNSWire
import Foundation
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

    private static func octets(_ octets: UInt8...) -> [UInt8] { octets }

    private static func take(_ ring: QueryRing) -> [(QueryEvent, [UInt8])] {
        var taken: [(QueryEvent, [UInt8])] = []
        ring.take { event, message in
            taken.append((event, message.toArray()))
        }
        return taken
    }

    @Test func whatWasPutIsTakenInOrder() {
        let ring = QueryRing(records: 4, messageOctets: 10)
        for number in 1...3 as ClosedRange<UInt64> {
            let isThere = ring.put(Self.event(number), Self.octets(UInt8(number), 7).wireBytes)
            #expect(isThere)
        }
        let taken = Self.take(ring)
        #expect(taken.map(\.0) == [1, 2, 3].map(Self.event))
        #expect(taken.map(\.1) == [[1, 7], [2, 7], [3, 7]])
        #expect(Self.take(ring).isEmpty)
        #expect(ring.lost == 0)
    }

    @Test func aMessageIsCutToTheRoomOfARecord() {
        let ring = QueryRing(records: 2, messageOctets: 3)
        ring.put(Self.event(1), Self.octets(1, 2, 3, 4, 5).wireBytes)
        let empty: [UInt8] = []
        ring.put(Self.event(2), empty.wireBytes)
        #expect(Self.take(ring).map(\.1) == [[1, 2, 3], []])
    }

    @Test func whatFindsNoRoomIsCountedAndChangesNothing() {
        let ring = QueryRing(records: 4, messageOctets: 4)
        for number in 1...6 as ClosedRange<UInt64> {
            ring.put(Self.event(number), Self.octets(UInt8(number)).wireBytes)
        }
        #expect(ring.lost == 2)
        #expect(Self.take(ring).map(\.1) == [[1], [2], [3], [4]])
        let isThere = ring.put(Self.event(7), Self.octets(7).wireBytes)
        #expect(isThere)
        #expect(Self.take(ring).map(\.1) == [[7]])
    }

    @Test func twoThreadsLoseNothingButWhatTheyCount() throws {
        let ring = QueryRing(records: 64, messageOctets: 8)
        let total: UInt64 = 200_000
        let done = Flag()
        let producer = Thread {
            for number in 1...total {
                ring.put(Self.event(number), Self.octets(UInt8(truncatingIfNeeded: number)).wireBytes)
            }
            done.isSet.store(true, ordering: .releasing)
        }
        producer.start()
        var last: UInt64 = 0
        var count: UInt64 = 0
        var isWrong = false
        while true {
            let isLast = done.isSet.load(ordering: .acquiring)
            ring.take { event, message in
                let isWhole =
                    event.clientLow == ~event.receivedAt
                    && message.uint8(at: 0) == UInt8(truncatingIfNeeded: event.receivedAt)
                isWrong = isWrong || !isWhole || event.receivedAt <= last
                last = event.receivedAt
                count += 1
            }
            if isLast { break }
        }
        #expect(!isWrong)
        #expect(count > 0 && count + ring.lost == total)
    }
}

/// Says to another thread that something is done.
private final class Flag: Sendable {
    let isSet = Atomic<Bool>(false)
}
