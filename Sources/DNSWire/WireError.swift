/// What is wrong with octets that should be a DNS message.
public enum WireError: Error, Equatable {
    /// The message ends before the field does.
    case truncated
    /// A label has a reserved type or is misplaced (RFC 1035 §4.1.4).
    case badLabel
    /// A compression pointer does not point backwards (RFC 1035 §4.1.4).
    case badPointer
    /// A name is longer than 255 octets (RFC 1035 §2.3.4).
    case nameTooLong
    /// RDATA does not have the shape of its type.
    case badRdata
    /// The counts of the header and the octets after it disagree.
    case badCount
    /// The message would be longer than its buffer.
    case messageTooLong
}
