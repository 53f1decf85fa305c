import DNSWire
import Testing

@Suite struct HeaderTests {
    @Test func readsWhatItWrote() throws {
        let header = Header(
            id: MessageID(rawValue: 0xBEEF),
            flags: HeaderFlags(rawValue: 0x8583),
            questionCount: 1,
            answerCount: 2,
            authorityCount: 0xFFFF,
            additionalCount: 4
        )
        var buffer = WireBuffer(capacity: 12)
        var bytes = buffer.mutableBytes
        header.write(to: &bytes)
        #expect(buffer.bytes.toArray() == [0xBE, 0xEF, 0x85, 0x83, 0, 1, 0, 2, 0xFF, 0xFF, 0, 4])
        let again = Header(buffer.bytes)
        let read = try #require(again)
        #expect(read.id == header.id && read.flags == header.flags && read.authorityCount == 0xFFFF)
        #expect(read.questionCount == 1 && read.answerCount == 2 && read.additionalCount == 4)
    }

    @Test func isNotReadFromElevenOctets() {
        let header = Header((Array(repeating: 0, count: 11) as [UInt8]).wireBytes)
        #expect(header == nil)
    }

    @Test func eachFlagHasItsBit() {
        #expect(HeaderFlags(rawValue: 0x8000).isResponse)
        #expect(HeaderFlags(rawValue: 0x7800).opcode == 15)
        #expect(HeaderFlags(rawValue: 0x0400).isAuthoritative)
        #expect(HeaderFlags(rawValue: 0x0200).isTruncated)
        #expect(HeaderFlags(rawValue: 0x0100).recursionDesired)
        #expect(HeaderFlags(rawValue: 0x0080).recursionAvailable)
        #expect(HeaderFlags(rawValue: 0x0020).authenticData)
        #expect(HeaderFlags(rawValue: 0x0010).checkingDisabled)
        #expect(HeaderFlags(rawValue: 0xFFF3).responseCode == .nxDomain)
    }

    @Test func repliesKeepOpcodeRDAndCDAndNothingElse() {
        #expect(HeaderFlags(rawValue: 0x7FFF).reply(.noError).rawValue == 0xF990)
        #expect(HeaderFlags(rawValue: 0).reply(.refused).rawValue == 0x8085)
        #expect(HeaderFlags(rawValue: 0).reply(.noError, isAuthoritative: true).rawValue == 0x8480)
        // The upper bits of an extended RCODE belong into OPT.
        #expect(HeaderFlags(rawValue: 0).reply(.badVers).rawValue == 0x8080)
    }
}
