import DNSWire
import Testing

/// What a query's reader says, in a form that can be compared.
private enum Verdict: Equatable {
    case query
    case reject(ResponseCode)
    case drop
}

private func parse(_ octets: [UInt8]) -> (verdict: Verdict, query: Query?) {
    switch Query.parse(octets.wireBytes) {
    case .query(let query): (.query, query)
    case .reject(let query, let code): (.reject(code), query)
    case .drop: (.drop, nil)
    }
}

/// `www.example.org`, type A, class IN.
private let question: [UInt8] =
    [3, 119, 119, 119, 7, 101, 120, 97, 109, 112, 108, 101, 3, 111, 114, 103, 0, 0, 1, 0, 1]

/// An OPT record.
private func opt(
    size: UInt16 = 1232,
    version: UInt8 = 0,
    flags: UInt16 = 0,
    options: [UInt8] = []
) -> [UInt8] {
    [0, 0, 41] + octets(size) + [0, version] + octets(flags) + octets(UInt16(options.count)) + options
}

@Suite struct QueryTests {
    @Test func readsQuestionAndEDNS() throws {
        let (verdict, query) = parse(
            header(1, 0, 0, 1) + question + opt(flags: 0x8000, options: [0, 10, 0, 1, 7])
        )
        #expect(verdict == .query)
        let read = try #require(query)
        #expect(read.id.rawValue == 0x1234)
        #expect(read.qnameLength == 17 && read.questionEnd == 33)
        #expect(read.qtype == .a && read.qclass == .internet)
        #expect(read.edns.isPresent && read.edns.dnssecOK && read.edns.udpPayloadSize == 1232)
        #expect(parse(header() + question).query?.edns == EDNS())
    }

    @Test func readsTheRootAndTheLongestName() {
        #expect(parse(header() + [0, 0, 2, 0, 1]).query?.qnameLength == 1)
        let most = label(63) + label(63) + label(63)
        #expect(parse(header() + most + label(61) + [0, 0, 1, 0, 1]).query?.qnameLength == 255)
        #expect(parse(header() + most + label(62) + [0, 0, 1, 0, 1]).verdict == .reject(.formErr))
    }

    @Test func dropsResponsesAndRunts() {
        #expect(parse(header(flags: 0x8100) + question).verdict == .drop)
        #expect(parse(header(flags: 0xF800, 0)).verdict == .drop)
        for count in 0..<12 { #expect(parse(Array(header().prefix(count))).verdict == .drop) }
    }

    @Test(arguments: 1...15 as ClosedRange<UInt16>) func rejectsOtherOpcodesWhateverFollows(opcode: UInt16) {
        #expect(parse(header(flags: opcode << 11) + question).verdict == .reject(.notImp))
        #expect(parse(header(flags: opcode << 11, 0)).verdict == .reject(.notImp))
        #expect(parse(header(flags: opcode << 11, 9, 9, 9, 9) + [0xFF]).verdict == .reject(.notImp))
    }

    @Test func rejectsAllButOneQuestion() {
        #expect(parse(header(0)).verdict == .reject(.formErr))
        #expect(parse(header(0) + question).verdict == .reject(.formErr))
        #expect(parse(header(2) + question + question).verdict == .reject(.formErr))
        #expect(parse(header(0xFFFF) + question).verdict == .reject(.formErr))
        #expect(parse(header(0)).query?.qnameLength == 0)
    }

    @Test func isFormErrAtEveryOctetOfTruncation() {
        let whole = header(1, 0, 0, 1) + question + opt(options: [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8])
        #expect(parse(whole).verdict == .query)
        for count in 12..<whole.count {
            #expect(parse(Array(whole.prefix(count))).verdict == .reject(.formErr))
        }
    }

    @Test func echoesTheQuestionOnlyWhenItWasRead() {
        let whole = header() + question
        for count in 12..<whole.count { #expect(parse(Array(whole.prefix(count))).query?.qnameLength == 0) }
        #expect(parse(whole + [0]).query?.qnameLength == 17)
    }

    @Test func rejectsCompressedQuestions() {
        #expect(parse(header() + [0xC0, 12, 0, 1, 0, 1]).verdict == .reject(.formErr))
        #expect(parse(header() + [1, 97, 0xC0, 12, 0, 1, 0, 1]).verdict == .reject(.formErr))
        #expect(parse(header() + [0x40, 0, 0, 1, 0, 1]).verdict == .reject(.formErr))
    }

    @Test func rejectsTrailingOctets() {
        #expect(parse(header() + question + [0]).verdict == .reject(.formErr))
        #expect(parse(header(1, 0, 0, 1) + question + opt() + [0]).verdict == .reject(.formErr))
        #expect(parse(header() + question + opt()).verdict == .reject(.formErr))
    }

    @Test func rejectsASecondOPT() {
        let (verdict, query) = parse(header(1, 0, 0, 2) + question + opt(size: 512) + opt())
        #expect(verdict == .reject(.formErr))
        // The answer carries OPT, for the first one could be read.
        #expect(query?.edns.isPresent == true)
    }

    @Test func rejectsOPTOutsideTheAdditionalSection() {
        #expect(parse(header(1, 1) + question + opt()).verdict == .reject(.formErr))
        #expect(parse(header(1, 0, 1) + question + opt()).verdict == .reject(.formErr))
    }

    @Test func rejectsOPTWithAnOwner() {
        #expect(parse(header(1, 0, 0, 1) + question + [1, 97] + opt()).verdict == .reject(.formErr))
        #expect(
            parse(header(1, 0, 0, 1) + question + [0xC0, 12] + opt().dropFirst()).verdict == .reject(.formErr)
        )
    }

    @Test(
        arguments: [[0], [0, 10], [0, 10, 0], [0, 10, 0, 1], [0, 10, 0, 0, 0], [0, 10, 0xFF, 0xFF]]
            as [[UInt8]]
    )
    func rejectsOptionsThatDoNotFillTheirRecord(options: [UInt8]) {
        #expect(parse(header(1, 0, 0, 1) + question + opt(options: options)).verdict == .reject(.formErr))
    }

    @Test func rejectsRdataBehindTheEnd() {
        let record: [UInt8] = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 5, 0, 10, 0, 0]
        #expect(parse(header(1, 0, 0, 1) + question + record).verdict == .reject(.formErr))
    }

    @Test func answersOtherVersionsOfEDNSWithBADVERS() {
        let (verdict, query) = parse(header(1, 0, 0, 1) + question + opt(version: 1))
        #expect(verdict == .reject(.badVers))
        #expect(query?.edns.isPresent == true && query?.qnameLength == 17)
    }

    @Test func takesOtherRecordsInAnySection() {
        let record: [UInt8] = [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 1]
        #expect(parse(header(1, 1, 1, 2) + question + record + record + record + opt()).verdict == .query)
    }

    @Test func givesAVerdictForAnyOctets() {
        var random = FixedRandom(seed: 1)
        let whole = header(1, 0, 0, 1) + question + opt(options: [0, 10, 0, 1, 7])
        for _ in 0..<20_000 {
            var octets = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                octets[Int.random(in: 0..<octets.count, using: &random)] = .random(
                    in: 0...255,
                    using: &random
                )
            }
            octets.removeLast(Int.random(in: 0...3, using: &random))
            let (verdict, query) = parse(octets)
            #expect((verdict == .drop) == (octets[2] >= 128))
            if let query { #expect(query.questionEnd <= octets.count) }
        }
    }
}

@Suite struct EDNSTests {
    @Test func replyLimitIsTheClientsSizeWithin512AndOurs() {
        var edns = EDNS()
        edns.udpPayloadSize = 4096
        #expect(edns.replyLimit(serverMaximum: 1232) == 512)
        edns.isPresent = true
        #expect(edns.replyLimit(serverMaximum: 1232) == 1232)
        edns.udpPayloadSize = 800
        #expect(edns.replyLimit(serverMaximum: 1232) == 800)
        edns.udpPayloadSize = 0
        #expect(edns.replyLimit(serverMaximum: 1232) == 512)
    }
}
