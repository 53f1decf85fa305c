import CLibYAML

/// A parser of libyaml: text in, events out, one at a time.
@safe
struct YAMLParser: ~Copyable {
    // SAFETY: both are allocated in init, freed in deinit and never handed out. libyaml reads `octets` through a
    // pointer of its own until the parser is deleted, which is before they are freed.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let octets: UnsafeMutableBufferPointer<UInt8>
    private let file: Int

    /// Copies a text and gets ready to read it; nil without memory.
    ///
    /// - Parameter file: the number of the file in positions.
    init?(_ text: String, file: Int) {
        self.file = file
        let utf8 = text.utf8
        unsafe octets = .allocate(capacity: utf8.count)
        unsafe parser = .allocate(capacity: 1)
        _ = unsafe octets.initialize(fromContentsOf: utf8)
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            unsafe parser.deallocate()
            unsafe octets.deallocate()
            return nil
        }
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, octets.baseAddress, octets.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe octets.deallocate()
    }

    /// Reads the next event; `streamEnd` is the last.
    mutating func next() throws(YAMLSyntaxError) -> YAMLEvent {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw error }
        defer { unsafe yaml_event_delete(&event) }
        let position = Position(unsafe event.start_mark, file)
        switch unsafe event.type {
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let text = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return YAMLEvent(
                kind: .scalar(
                    text: unsafe String(decoding: text, as: UTF8.self),
                    isPlain: unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
                ),
                position: position,
                hasAnchor: unsafe scalar.anchor != nil
            )
        case YAML_SEQUENCE_START_EVENT:
            let hasAnchor = unsafe event.data.sequence_start.anchor != nil
            return YAMLEvent(kind: .listStart, position: position, hasAnchor: hasAnchor)
        case YAML_MAPPING_START_EVENT:
            let hasAnchor = unsafe event.data.mapping_start.anchor != nil
            return YAMLEvent(kind: .mappingStart, position: position, hasAnchor: hasAnchor)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            return YAMLEvent(kind: .end, position: position)
        case YAML_ALIAS_EVENT: return YAMLEvent(kind: .alias, position: position)
        case YAML_DOCUMENT_START_EVENT: return YAMLEvent(kind: .documentStart, position: position)
        // libyaml gives no event at all, again and again, behind the end of the stream.
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return YAMLEvent(kind: .streamEnd, position: position)
        default: return YAMLEvent(kind: .other, position: position)
        }
    }

    /// Why the last event could not be read.
    private var error: YAMLSyntaxError {
        switch unsafe parser.pointee.error {
        case YAML_READER_ERROR:
            return .character(
                code: unsafe parser.pointee.problem_value,
                offset: unsafe parser.pointee.problem_offset
            )
        case YAML_SCANNER_ERROR, YAML_PARSER_ERROR:
            let context = unsafe parser.pointee.context.map { unsafe String(cString: $0) }
            let position = Position(unsafe parser.pointee.context_mark, file)
            return .invalid(
                problem: unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "",
                position: Position(unsafe parser.pointee.problem_mark, file),
                context: context.map { YAMLSyntaxError.Context(text: $0, position: position) }
            )
        default: return .outOfMemory
        }
    }
}

extension Position {
    /// libyaml counts lines and columns from 0, columns in Unicode scalars.
    fileprivate init(_ mark: yaml_mark_t, _ file: Int) {
        self.init(line: mark.line + 1, column: mark.column + 1, file: file)
    }
}
