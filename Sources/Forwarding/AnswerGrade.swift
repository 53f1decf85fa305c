import DNSWire

/// What an answer says of its server.
enum AnswerGrade: Equatable {
    /// NOERROR or NXDOMAIN, and of use.
    case good
    /// TC over UDP: the server is there, but whether the whole answer can be had is not known yet.
    case truncated
    case servFail
    case refused
    /// A message that nobody can read, or a referral.
    case useless(Trouble)
    /// Another RCODE: the server is there.
    case other

    init(_ code: ResponseCode) {
        self =
            switch code {
            case .noError, .nxDomain: .good
            case .servFail: .servFail
            case .refused: .refused
            default: .other
            }
    }

    init(_ verdict: borrowing ResponseVerdict) {
        self =
            switch verdict {
            // What fails here failed by the name or its length, not by the server.
            case .answer, .chase, .failure: .good
            case .fault(.responseCode(let code)): AnswerGrade(code)
            case .fault(.malformed): .useless(.malformed)
            case .fault(.lame): .useless(.lame)
            case .fault: .other
            }
    }

    /// Whether it answers a question, so that what was lost before is no sign of silence.
    var isAnswer: Bool {
        switch self {
        case .good, .servFail, .refused, .other: true
        case .truncated, .useless: false
        }
    }
}
