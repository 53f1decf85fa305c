import AnswerCache
import DNSWire

extension SavedAnswer {
    /// Writes the answer; its age is in milliseconds.
    func write(into octets: inout [UInt8], age: UInt64) {
        octets.append(number: tag)
        octets.append(number: qtype.rawValue)
        octets.append((dnssecOK ? 1 : 0) | (checkingDisabled ? 2 : 0))
        octets.append(UInt8(qname.length))
        octets.append(number: age)
        octets.append(number: answer.lifetimeSeconds)
        octets.append(number: answer.responseCode.rawValue)
        octets.append(answer.isAuthoritative ? 1 : 0)
        for count in [answer.answerCount, answer.authorityCount, answer.additionalCount] {
            octets.append(number: count)
        }
        let run = answer.rotation
        for length in [
            answer.answerLength, answer.authorityEnd, answer.length, run.offset, run.recordLength, run.count,
        ] {
            octets.append(number: UInt16(length))
        }
        for place in 0..<qname.length { octets.append(qname[place]) }
        octets += body
    }

    /// Reads an answer; nil when the numbers do not fit together, or the name is none.
    ///
    /// - Parameter now: milliseconds of the cache's clock; an answer from before its beginning is nil, too.
    static func read(_ reader: inout OctetReader, elapsed: UInt64, now: UInt64) -> SavedAnswer? {
        guard let tag = reader.number(UInt32.self), let qtype = reader.number(UInt16.self),
            let flags = reader.number(UInt8.self), flags <= 3, let nameLength = reader.number(UInt8.self),
            let age = reader.number(UInt64.self), let answer = CachedAnswer(reading: &reader),
            let name = reader.take(Int(nameLength)), let body = reader.take(answer.length),
            let qname = foldedName(Array(name))
        else { return nil }
        let (wholeAge, overflows) = age.addingReportingOverflow(elapsed)
        guard !overflows, wholeAge <= now else { return nil }
        return SavedAnswer(
            tag: tag,
            qname: qname,
            qtype: RecordType(qtype),
            dnssecOK: flags & 1 != 0,
            checkingDisabled: flags & 2 != 0,
            answer: answer,
            body: Array(body),
            storedAt: now - wholeAge
        )
    }

    /// The name that the octets are, if its letters are folded and nothing follows.
    private static func foldedName(_ octets: [UInt8]) -> DomainName? {
        var end = 0
        guard let name = try? DomainName(octets.wireBytes, at: &end), end == octets.count,
            name.length == octets.count
        else { return nil }
        // The lengths of labels are below all letters.
        return octets.allSatisfy { $0 == foldASCII($0) } ? name : nil
    }
}

extension CachedAnswer {
    fileprivate init?(reading reader: inout OctetReader) {
        guard let lifetime = reader.number(UInt32.self), let code = reader.number(UInt16.self),
            let isAuthoritative = reader.number(UInt8.self), isAuthoritative <= 1
        else { return nil }
        var numbers: [UInt16] = []
        while numbers.count < 9 {
            guard let number = reader.number(UInt16.self) else { return nil }
            numbers.append(number)
        }
        self.init(
            responseCode: ResponseCode(rawValue: code),
            isAuthoritative: isAuthoritative == 1,
            answerCount: numbers[0],
            authorityCount: numbers[1],
            additionalCount: numbers[2],
            answerLength: Int(numbers[3]),
            authorityEnd: Int(numbers[4]),
            length: Int(numbers[5]),
            lifetimeSeconds: lifetime,
            rotation: Rotation(
                offset: Int(numbers[6]),
                recordLength: Int(numbers[7]),
                count: Int(numbers[8])
            )
        )
    }
}
