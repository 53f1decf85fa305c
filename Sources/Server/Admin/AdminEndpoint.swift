import HTTP

/// Something that the admin port and the control socket serve.
struct AdminEndpoint {
    /// Where an endpoint can be reached.
    enum Place {
        /// At the admin port and at the control socket.
        case everywhere
        /// At the control socket only, whose users the file system chooses.
        case controlSocket
    }

    let method: HTTPMethod
    let path: String
    let place: Place
    /// Answers the exchange, at once or later.
    let handler: (HTTPExchange) -> Void

    /// What only tells something; HEAD comes with it.
    static func get(_ path: String, _ handler: @escaping (HTTPExchange) -> Void) -> AdminEndpoint {
        AdminEndpoint(method: .get, path: path, place: .everywhere, handler: handler)
    }

    /// What changes something: at the control socket only, since any web page can send a POST to a port.
    static func command(_ path: String, _ handler: @escaping (HTTPExchange) -> Void) -> AdminEndpoint {
        AdminEndpoint(method: .post, path: path, place: .controlSocket, handler: handler)
    }
}
