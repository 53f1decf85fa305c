import CSystem
import Glibc

/// A fixed number of datagrams in the form that recvmmsg and sendmmsg take, with their memory.
///
/// The headers are built once; what a call changes in them is set again before the next. An address is 28 octets,
/// in a place of 32.
@safe
struct MessageVector: ~Copyable {
    // SAFETY: one allocation per kind of memory, made in init, freed in deinit. Every pointer in `headers` points
    // into them. Indexes are checked against `capacity`; no pointer leaves the type but to the kernel.
    private let headers: UnsafeMutablePointer<csystem_message>
    private let vectors: UnsafeMutablePointer<iovec>
    private let addresses: UnsafeMutablePointer<sockaddr_in6>
    private let controls: UnsafeMutableRawPointer
    private let payloads: UnsafeMutableRawPointer

    /// The number of slots.
    var capacity: Int { TransportLimits.batchSize }

    init() {
        let count = TransportLimits.batchSize
        unsafe headers = .allocate(capacity: count)
        unsafe vectors = .allocate(capacity: count)
        unsafe addresses = .allocate(capacity: count)
        unsafe controls = .allocate(byteCount: count * MessageVector.controlCapacity, alignment: 64)
        // Not initialized on purpose: pages of slots that are never used cost no memory. Only octets that the
        // kernel or a handler wrote are read.
        unsafe payloads = .allocate(byteCount: count * TransportLimits.slotStride, alignment: 64)
        unsafe addresses.initialize(repeating: sockaddr_in6(), count: count)
        unsafe controls.initializeMemory(
            as: UInt8.self,
            repeating: 0,
            count: count * MessageVector.controlCapacity
        )
        for i in 0..<count {
            let payload = unsafe payloads + i * TransportLimits.slotStride
            unsafe (vectors + i).initialize(
                to: iovec(iov_base: payload, iov_len: TransportLimits.datagramLength)
            )
            var header = unsafe csystem_message()
            unsafe header.header.msg_name = UnsafeMutableRawPointer(addresses + i)
            unsafe header.header.msg_iov = vectors + i
            unsafe header.header.msg_iovlen = 1
            unsafe header.header.msg_control = controls + i * MessageVector.controlCapacity
            unsafe (headers + i).initialize(to: header)
            prepareToReceive(i)
        }
    }

    deinit {
        unsafe headers.deallocate()
        unsafe vectors.deallocate()
        unsafe addresses.deallocate()
        unsafe controls.deallocate()
        unsafe payloads.deallocate()
    }

    private static var controlCapacity: Int { csystem_control_capacity }

    // MARK: - Receiving

    /// Receives up to `capacity` datagrams; returns their number or a negative error number.
    func receive(_ fd: CInt) -> Int {
        Int(unsafe csystem_receive_batch(fd, headers, CUnsignedInt(capacity)))
    }

    /// Restores what receiving changed in a slot.
    func prepareToReceive(_ i: Int) {
        assert(i >= 0 && i < capacity)
        unsafe headers[i].header.msg_namelen = socklen_t(MemoryLayout<sockaddr_in6>.size)
        unsafe headers[i].header.msg_controllen = MessageVector.controlCapacity
    }

    /// The octets received in a slot.
    @_lifetime(borrow self)
    borrowing func received(_ i: Int) -> RawSpan {
        let length = unsafe min(Int(headers[checked(i)].length), TransportLimits.datagramLength)
        let bytes = unsafe UnsafeRawBufferPointer(start: payload(i), count: length)
        return unsafe _overrideLifetime(RawSpan(_unsafeBytes: bytes), borrowing: self)
    }

    /// Says whether the datagram was longer than its slot.
    func isTruncated(_ i: Int) -> Bool {
        unsafe headers[checked(i)].header.msg_flags & CInt(MSG_TRUNC) != 0
    }

    /// Who sent the datagram of a slot.
    ///
    /// Nil for what cannot be answered: port 0 can be forged only.
    func peer(_ i: Int) -> SocketAddress? {
        guard let peer = unsafe SocketAddress(addresses[checked(i)]), peer.port != 0 else { return nil }
        return peer
    }

    /// The way back to the sender of a slot, whose `peer` is not nil: with the address that was asked, when the
    /// socket reports that.
    func path(_ i: Int) -> DatagramPath {
        guard let peer = peer(i) else { preconditionFailure("the sender of the slot cannot be answered") }
        if unsafe headers[i].header.msg_controllen == 0 { return DatagramPath(peer: peer) }
        var local = csystem_local_path()
        if unsafe csystem_packet_info(&headers[i].header, &local) == 0 {
            return DatagramPath(peer: peer)
        }
        let (high, low) = unsafe unsafeBitCast(local.address, to: (UInt64, UInt64).self)
        let address =
            peer.isIPv4
            ? SocketAddress(ipv4: UInt32(truncatingIfNeeded: UInt64(bigEndian: high) >> 32), port: 0)
            : SocketAddress(
                ipv6: UInt128(UInt64(bigEndian: high)) << 64 | UInt128(UInt64(bigEndian: low)),
                port: 0
            )
        return DatagramPath(peer: peer, local: address, interface: local.interface)
    }

    // MARK: - Sending

    /// The octets of a slot, to write a message into.
    @_lifetime(borrow self)
    borrowing func writable(_ i: Int) -> MutableRawSpan {
        let bytes = unsafe UnsafeMutableRawBufferPointer(
            start: payload(checked(i)),
            count: TransportLimits.datagramLength
        )
        return unsafe _overrideLifetime(MutableRawSpan(_unsafeBytes: bytes), borrowing: self)
    }

    /// Makes a slot, which holds `length` octets, the reply to slot `j` of `request`.
    ///
    /// Valid until `request` receives again, because it takes the addresses from there.
    func setReply(_ i: Int, length: Int, to j: Int, of request: borrowing MessageVector) {
        unsafe vectors[checked(i)].iov_len = length
        let source = unsafe request.headers[request.checked(j)].header
        unsafe headers[i].header.msg_name = source.msg_name
        unsafe headers[i].header.msg_namelen = source.msg_namelen
        unsafe headers[i].header.msg_control = source.msg_control
        unsafe headers[i].header.msg_controllen = source.msg_controllen
        if unsafe source.msg_controllen != 0 { unsafe csystem_turn_packet_info(&headers[i].header) }
    }

    /// Fills a slot with a message to the other end of a path; without one, of a connected socket.
    func set(_ i: Int, _ message: RawSpan, path: DatagramPath?) {
        precondition(message.byteCount <= TransportLimits.datagramLength)
        unsafe message.withUnsafeBytes { bytes in
            let target = unsafe UnsafeMutableRawBufferPointer(start: payload(checked(i)), count: bytes.count)
            unsafe target.copyMemory(from: bytes)
        }
        unsafe vectors[i].iov_len = message.byteCount
        unsafe headers[i].header.msg_controllen = 0
        guard let path else {
            unsafe headers[i].header.msg_name = nil
            unsafe headers[i].header.msg_namelen = 0
            return
        }
        unsafe addresses[i] = path.peer.system
        unsafe headers[i].header.msg_name = UnsafeMutableRawPointer(addresses + i)
        unsafe headers[i].header.msg_namelen = path.peer.systemLength
        if path.local.isWildcard { return }
        var local = csystem_local_path()
        local.interface = path.interface
        let address = path.local
        let octets =
            address.isIPv4
            ? (UInt64(UInt32(truncatingIfNeeded: address.low).bigEndian), 0)
            : (address.high.bigEndian, address.low.bigEndian)
        unsafe withUnsafeMutableBytes(of: &local.address) { bytes in
            unsafe bytes.storeBytes(of: octets.0, as: UInt64.self)
            unsafe bytes.storeBytes(of: octets.1, toByteOffset: 8, as: UInt64.self)
        }
        unsafe csystem_write_packet_info(&headers[i].header, address.family, &local)
    }

    /// Sends `count` slots from slot `first`; returns how many were sent, or the error of the first.
    func send(_ fd: CInt, first: Int, count: Int) -> Int {
        precondition(first >= 0 && count > 0 && first + count <= capacity)
        return Int(unsafe csystem_send_batch(fd, headers + first, CUnsignedInt(count)))
    }

    // MARK: - Helpers

    private func checked(_ i: Int) -> Int {
        precondition(i >= 0 && i < capacity)
        return i
    }

    private func payload(_ i: Int) -> UnsafeMutableRawPointer {
        unsafe payloads + i * TransportLimits.slotStride
    }
}
