import Testing

@testable import Forwarding

/// Claims of renewals: one of all workers, for a bounded time.
@Suite struct RefreshClaimsTests {
    private let hash: UInt64 = 0xABCD_EF01_2345_6789

    @Test func aClaimIsTakenOnceInFiveSeconds() {
        let claims = RefreshClaims()
        #expect(claims.take(hash, now: 1000))
        #expect(!claims.take(hash, now: 1000))
        #expect(!claims.take(hash, now: 5999))
        #expect(claims.take(hash, now: 6000))
    }

    @Test func aClaimThatWasReleasedIsFree() {
        let claims = RefreshClaims()
        #expect(claims.take(hash, now: 1000))
        claims.release(hash)
        #expect(claims.take(hash, now: 1001))
    }

    @Test func whoComesLaterTakesThePlaceOver() {
        let claims = RefreshClaims()
        let other = hash ^ 1 << 63
        #expect(claims.take(hash, now: 1000))
        #expect(claims.take(other, now: 1000))
        claims.release(hash)
        #expect(!claims.take(other, now: 1001), "only its own claim is released")
    }

    @Test func answersOfOtherPlacesDoNotMeet() {
        let claims = RefreshClaims()
        for place: UInt64 in 0..<1024 { #expect(claims.take(hash ^ place, now: 1000)) }
        for place: UInt64 in 0..<1024 { #expect(!claims.take(hash ^ place, now: 1000)) }
    }
}
