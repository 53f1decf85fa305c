// From an upstream response to a finished answer: one look at all records, then the chain from QNAME, checked,
// mapped and written anew (RFC 2181 §5, RFC 2308 §2, RFC 5452 §6, RFC 6604, RFC 6672).
import AnswerCache
import DNSWire
import Routing

/// What a response is read against: the question as it was sent, and the route that it was sent by.
struct ResponseContext {
    let snapshot: ForwardingSnapshot
    let route: RouteID
    let routeInfo: Route
    /// The question in the client's names, folded.
    let qname: DomainName
    let qtype: RecordType
    /// QNAME as it was sent to the server.
    let upstreamName: DomainName
    /// DO of the question, for routes that do not map.
    let dnssecOK: Bool
}

/// What a response turned out to be.
enum ResponseVerdict {
    /// The builder holds the finished answer.
    case answer
    /// The builder holds the CNAME chain up to this name (in the client's names), to be resolved by its own route.
    case chase(DomainName, links: Int)
    /// Ask another server.
    case fault(UpstreamFault)
    /// No server can do better.
    case failure(Failure)
}

struct ResponseProcessor {
    /// The records of the response, all three sections.
    var records: [RecordView] = []
    /// For each record a hash of its owner: each name is decompressed once, however often owners are compared.
    private var ownerHashes: [UInt32] = []
    var seenRdata: Set<UInt64> = []

    /// The CNAME and DNAME links from QNAME to the name that the answer is about.
    struct Chain {
        /// Places in `records`, with the link's owner in the server's names, and the target of an alias that the
        /// server made of QNAME and a DNAME.
        var links: [(record: Int, owner: DomainName, made: DomainName?)] = []
        /// The last name, in the server's names.
        var end: DomainName
        /// The first link whose target another route has to resolve if the server did not; -1 for none.
        var firstForeignTarget: Int = -1
        /// The target that this server has no say in, whatever it sent.
        var mustChase = false
        var cnames = 0
        /// The mapped name of `end`.
        var clientEnd: DomainName
    }

    /// Reads a response whose header and question match the query.
    ///
    /// TC is the caller's affair.
    mutating func process(
        _ message: borrowing RawSpan,
        _ header: Header,
        _ context: ResponseContext,
        into builder: inout AnswerBuilder
    ) -> ResponseVerdict {
        let code: ResponseCode
        do throws(WireError) {
            code = try collect(message, header, context)
        } catch {
            return .fault(.malformed)
        }
        do throws(BuildError) {
            return try read(message, code, context, &builder)
        } catch {
            switch error {
            case .mappedNameTooLong: return .failure(.mappedNameTooLong(context.routeInfo))
            case .wire(.messageTooLong): return .failure(.answerTooLong(context.routeInfo))
            case .wire: return .fault(.malformed)
            }
        }
    }

    private mutating func collect(
        _ message: borrowing RawSpan,
        _ header: Header,
        _ context: ResponseContext
    ) throws(WireError) -> ResponseCode {
        records.removeAll(keepingCapacity: true)
        ownerHashes.removeAll(keepingCapacity: true)
        let qnameHash = context.upstreamName.foldedHash
        var code = header.flags.responseCode
        let question = try Message.skipName(message, at: WireLimits.headerLength) + 4
        var cursor = RecordCursor(header: header, offset: question)
        while let record = try cursor.next(message) {
            if record.type == .opt {
                let edns = try EDNS(record, in: message)
                code.rawValue |= UInt16(edns.extendedResponseCode) << 4
            } else if record.recordClass == .internet {
                try checkAddressLength(record)
                ownerHashes.append(try ownerHash(record, message, qnameHash))
                records.append(record)
            }
        }
        return code
    }

    private func ownerHash(
        _ record: RecordView,
        _ message: borrowing RawSpan,
        _ qnameHash: UInt32
    ) throws(WireError) -> UInt32 {
        // Most owners are a pointer to the question, which was compared with what was asked.
        if message.uint16(at: record.ownerOffset) == 0xC000 | UInt16(WireLimits.headerLength) {
            return qnameHash
        }
        var at = record.ownerOffset
        return try DomainName(message, at: &at).foldedHash
    }

    private func checkAddressLength(_ record: RecordView) throws(WireError) {
        let isRight =
            switch record.type {
            case .a: record.rdataLength == 4
            case .aaaa: record.rdataLength == 16
            default: true
            }
        if !isRight { throw .badRdata }
    }

    private mutating func read(
        _ message: borrowing RawSpan,
        _ code: ResponseCode,
        _ context: ResponseContext,
        _ builder: inout AnswerBuilder
    ) throws(BuildError) -> ResponseVerdict {
        let qtype = context.qtype
        let stripsDNSSEC = context.routeInfo.mapping != nil
        if code == .noError, qtype != .any, !(stripsDNSSEC && qtype.isDNSSEC),
            hasData(message, qtype, at: context.upstreamName)
        {
            // By far the most responses: data at QNAME, and no chain.
            try builder.begin(context.qname, qtype)
            return try appendAnswer(
                message,
                at: context.upstreamName,
                owner: context.qname,
                qtype,
                context,
                &builder
            )
        }
        return try readChain(message, code, context, &builder)
    }

    private mutating func readChain(
        _ message: borrowing RawSpan,
        _ code: ResponseCode,
        _ context: ResponseContext,
        _ builder: inout AnswerBuilder
    ) throws(BuildError) -> ResponseVerdict {
        let chain: Chain
        do throws(WireError) {
            guard let followed = try follow(message, context) else {
                return .failure(.mappedNameTooLong(context.routeInfo))
            }
            chain = followed
        } catch {
            return .fault(.malformed)
        }
        if chain.cnames > ForwardingLimits.chainLinksMax { return .failure(.chainTooLong) }
        try builder.begin(context.qname, context.qtype)
        let stripsDNSSEC = context.routeInfo.mapping != nil
        let wanted = context.qtype == .any ? RecordType.a : context.qtype
        let asksForStripped = stripsDNSSEC && wanted.isDNSSEC

        if context.qtype == .any, let first = chain.links.first {
            // RFC 8482 §4.1: one RRset is enough; at an alias it is the alias.
            try append(first, message, context, &builder)
            builder.finish(.noError)
            return .answer
        }
        if code == .noError, !chain.mustChase, !asksForStripped, hasData(message, wanted, at: chain.end) {
            for link in chain.links { try append(link, message, context, &builder) }
            return try appendAnswer(
                message,
                at: chain.end,
                owner: chain.clientEnd,
                wanted,
                context,
                &builder
            )
        }
        // A cluster that could not resolve an outside target may say so in any of these ways.
        let mayChase = code == .noError || code == .nxDomain || code == .servFail
        // Without SOA an alias without data is no denial of its target: the server left the target out.
        let isIncomplete =
            code == .noError && !chain.links.isEmpty && soa(message, above: chain.end) == nil
        if mayChase, chain.firstForeignTarget >= 0 || isIncomplete {
            return try chase(chain, message, context, &builder)
        }
        switch code {
        case .noError, .nxDomain: break
        case .yxDomain where !chain.links.isEmpty:
            for link in chain.links { try append(link, message, context, &builder) }
            builder.finish(.yxDomain)
            return .answer
        default: return .fault(.responseCode(code))
        }
        if code == .noError, isReferral(message, at: chain.end) { return .fault(.lame) }
        for link in chain.links { try append(link, message, context, &builder) }
        return try deny(message, code, chain, context, &builder)
    }
}

// MARK: - The chain

extension ResponseProcessor {
    /// Follows CNAME and DNAME from QNAME; nil when a name is too long once mapped.
    private func follow(
        _ message: borrowing RawSpan,
        _ context: ResponseContext
    ) throws(WireError) -> Chain? {
        var chain = Chain(end: context.upstreamName, clientEnd: context.qname)
        guard context.qtype != .cname else { return chain }
        let mapping = context.routeInfo.mapping
        while chain.cnames <= ForwardingLimits.chainLinksMax {
            if hasData(message, context.qtype, at: chain.end) { return chain }
            guard let target = try nextLink(message, context.routeInfo.bailiwick, &chain) else {
                return chain
            }
            guard let clientTarget = mapping.map({ $0.clientName(target) }) ?? target else { return nil }
            chain.end = target
            chain.clientEnd = clientTarget
            chain.cnames += 1
            if context.qtype == .any { return chain }
            switch standing(of: target, clientTarget, context) {
            case .own: continue
            case .foreign:
                // Data of the target may be used, but no further links: those are for its own servers to say.
                chain.firstForeignTarget = chain.links.count
                return chain
            case .othersOnly:
                chain.firstForeignTarget = chain.links.count
                chain.mustChase = true
                return chain
            }
        }
        return chain
    }

    enum Standing {
        /// This server speaks for the name.
        case own
        /// The default upstreams speak for it, but what this server found out may be used.
        case foreign
        /// Another cluster, or this server of itself, speaks for it.
        case othersOnly
    }

    func standing(
        of target: DomainName,
        _ clientTarget: DomainName,
        _ context: ResponseContext
    ) -> Standing {
        let folded = clientTarget.folded
        switch context.snapshot.table.decide(folded.bytes, context.qtype) {
        case .local: return .othersOnly
        case .forward(let route) where route == context.route:
            // East's own zone in east's answer must be mapped and asked like anybody's question.
            return target.isAtOrBelow(context.routeInfo.bailiwick) ? .own : .othersOnly
        case .forward(.defaultRoute): return .foreign
        case .forward: return .othersOnly
        }
    }

    /// The target of the CNAME at the chain's end; nil at the end.
    ///
    /// A DNAME that the CNAME stems from (RFC 6672 §3) is put in front of it when the server may speak for its owner.
    private func nextLink(
        _ message: borrowing RawSpan,
        _ bailiwick: DomainName,
        _ chain: inout Chain
    ) throws(WireError) -> DomainName? {
        guard let cname = places(.answer, .cname, at: chain.end, message).first else { return nil }
        var at = records[cname].rdataOffset
        let target = try DomainName(message, at: &at)
        // Its first labels come in the random case that we asked in.
        var made: DomainName?
        for (i, record) in records.enumerated() where record.section == .answer && record.type == .dname {
            let owner = try owner(of: i, message)
            guard owner != chain.end, owner.isAtOrBelow(bailiwick), let tail = chain.end.offset(of: owner),
                let substitute = targetName(i, message),
                chain.end.replacingSuffix(at: tail, with: substitute) == target
            else { continue }
            chain.links.append((i, owner, nil))
            made = target.folded
            break
        }
        chain.links.append((cname, try owner(of: cname, message), made))
        return made ?? target
    }

    func owner(of record: Int, _ message: borrowing RawSpan) throws(WireError) -> DomainName {
        var at = records[record].ownerOffset
        return try DomainName(message, at: &at)
    }

    private func chase(
        _ chain: Chain,
        _ message: borrowing RawSpan,
        _ context: ResponseContext,
        _ builder: inout AnswerBuilder
    ) throws(BuildError) -> ResponseVerdict {
        let links =
            chain.firstForeignTarget < 0 ? chain.links[...] : chain.links.prefix(chain.firstForeignTarget)
        for link in links { try append(link, message, context, &builder) }
        builder.finish(.noError)
        guard let last = links.last, let target = targetName(last.record, message),
            let clientTarget = context.routeInfo.mapping.map({ $0.clientName(target) }) ?? target
        else { return .fault(.malformed) }
        let cnames = links.count { records[$0.record].type == .cname }
        return .chase(clientTarget.folded, links: cnames)
    }

    private func targetName(_ record: Int, _ message: borrowing RawSpan) -> DomainName? {
        var at = records[record].rdataOffset
        return try? DomainName(message, at: &at)
    }

    private func append(
        _ link: (record: Int, owner: DomainName, made: DomainName?),
        _ message: borrowing RawSpan,
        _ context: ResponseContext,
        _ builder: inout AnswerBuilder
    ) throws(BuildError) {
        let record = records[link.record]
        if let target = link.made {
            try appendAlias(link.owner, target, ttl: record.ttl, context, &builder)
        } else {
            try append(record, message, to: .answer, link.owner, record.ttl, context, &builder)
        }
        if context.dnssecOK, context.routeInfo.mapping == nil {
            try appendSignatures(message, of: record.type, at: link.owner, .answer, context, &builder)
        }
    }
}

extension ResponseProcessor {
    /// Appends an alias with a target in the server's names.
    private func appendAlias(
        _ owner: DomainName,
        _ target: DomainName,
        ttl: UInt32,
        _ context: ResponseContext,
        _ builder: inout AnswerBuilder
    ) throws(BuildError) {
        let mapping = context.routeInfo.mapping
        guard let clientOwner = mapping.map({ $0.clientName(owner) }) ?? owner,
            let clientTarget = mapping.map({ $0.clientName(target) }) ?? target
        else { throw .mappedNameTooLong }
        try builder.append(clientOwner, .cname, ttl: context.snapshot.ttls.clamp(ttl), to: .answer) {
            writer throws(WireError) in
            try writer.appendName(clientTarget, compress: true)
        }
    }
}

// MARK: - Data

extension ResponseProcessor {
    /// The places of the records of a section and type that `name` owns.
    func places(
        _ section: MessageSection,
        _ type: RecordType,
        at name: DomainName,
        _ message: borrowing RawSpan
    ) -> [Int] {
        let hash = name.foldedHash
        var found: [Int] = []
        var start = 0
        while let i = place(section, type, at: name, hash, from: start, message) {
            found.append(i)
            start = i + 1
        }
        return found
    }

    /// The first of these places from `start` on; `hash` is the name's.
    private func place(
        _ section: MessageSection,
        _ type: RecordType,
        at name: DomainName,
        _ hash: UInt32,
        from start: Int,
        _ message: borrowing RawSpan
    ) -> Int? {
        var i = start
        while i < records.count {
            if records[i].type == type, records[i].section == section, ownerHashes[i] == hash,
                Message.hasName(message, at: records[i].ownerOffset, equalTo: name.bytes)
            {
                return i
            }
            i += 1
        }
        return nil
    }

    private func hasData(_ message: borrowing RawSpan, _ type: RecordType, at name: DomainName) -> Bool {
        place(.answer, type, at: name, name.foldedHash, from: 0, message) != nil
    }

    /// Appends the data of a name, and the addresses that belong to it.
    private mutating func appendAnswer(
        _ message: borrowing RawSpan,
        at name: DomainName,
        owner: DomainName,
        _ type: RecordType,
        _ context: ResponseContext,
        _ builder: inout AnswerBuilder
    ) throws(BuildError) -> ResponseVerdict {
        try appendData(message, type, at: name, owner: owner, context, &builder)
        try appendAdditional(message, type, at: name, context, &builder)
        builder.finish(.noError)
        return .answer
    }

    /// Appends the RRset of `type` at `name`: duplicates left out, one TTL for all (RFC 2181 §5, §5.2).
    private mutating func appendData(
        _ message: borrowing RawSpan,
        _ type: RecordType,
        at name: DomainName,
        owner: DomainName,
        _ context: ResponseContext,
        _ builder: inout AnswerBuilder
    ) throws(BuildError) {
        var ttl = UInt32.max
        var found = 0
        let hash = name.foldedHash
        var next = 0
        while let i = place(.answer, type, at: name, hash, from: next, message) {
            ttl = min(ttl, context.snapshot.ttls.clamp(records[i].ttl))
            found += 1
            next = i + 1
        }
        if found > 1 { seenRdata.removeAll(keepingCapacity: true) }
        let start = builder.bodyLength
        var count = 0
        next = 0
        while let i = place(.answer, type, at: name, hash, from: next, message) {
            next = i + 1
            if found > 1, !seenRdata.insert(rdataHash(records[i], message)).inserted { continue }
            try builder.append(
                records[i],
                from: message,
                to: .answer,
                owner: owner,
                ttl: ttl,
                mapping: context.routeInfo.mapping
            )
            count += 1
        }
        if type == .a || type == .aaaa { builder.noteRotation(from: start, count: count) }
        if context.dnssecOK, context.routeInfo.mapping == nil {
            try appendSignatures(message, of: type, at: name, .answer, context, &builder)
        }
    }

    /// A hash of RDATA with its names decompressed and folded, to tell duplicates.
    func rdataHash(_ record: RecordView, _ message: borrowing RawSpan) -> UInt64 {
        var hash = Hasher()
        var offset = record.rdataOffset
        let end = record.rdataOffset + record.rdataLength
        if let layout = RdataLayout.of(record.type),
            let first = try? layout.firstName(
                message,
                rdataOffset: record.rdataOffset,
                rdataLength: record.rdataLength
            )
        {
            for i in offset..<first { hash.combine(message.uint8(at: i)) }
            offset = first
            for _ in 0..<layout.names {
                guard let name = try? DomainName(message, at: &offset) else { break }
                hash.combine(name)
            }
        }
        while offset < end {
            hash.combine(message.uint8(at: offset))
            offset += 1
        }
        return UInt64(truncatingIfNeeded: hash.finalize())
    }

    private func appendSignatures(
        _ message: borrowing RawSpan,
        of type: RecordType,
        at name: DomainName,
        _ section: MessageSection,
        _ context: ResponseContext,
        _ builder: inout AnswerBuilder
    ) throws(BuildError) {
        for record in places(section, .rrsig, at: name, message).map({ records[$0] }) {
            guard record.rdataLength >= 18, message.uint16(at: record.rdataOffset) == type.rawValue else {
                continue
            }
            try append(record, message, to: section, name, record.ttl, context, &builder)
        }
    }

    /// Appends a record with its owner mapped and its TTL within the limits.
    func append(
        _ record: RecordView,
        _ message: borrowing RawSpan,
        to section: MessageSection,
        _ owner: DomainName,
        _ ttl: UInt32,
        _ context: ResponseContext,
        _ builder: inout AnswerBuilder
    ) throws(BuildError) {
        let mapping = context.routeInfo.mapping
        guard let clientOwner = mapping.map({ $0.clientName(owner) }) ?? owner else {
            throw .mappedNameTooLong
        }
        try builder.append(
            record,
            from: message,
            to: section,
            owner: clientOwner,
            ttl: context.snapshot.ttls.clamp(ttl),
            mapping: mapping
        )
    }
}
