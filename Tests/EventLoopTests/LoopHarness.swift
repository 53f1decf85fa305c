import EventLoop
import Testing

/// Runs `loop` until something stops it, but no longer than ten seconds; records an issue when that was needed.
func runBounded(_ loop: EventLoop, sourceLocation: SourceLocation = #_sourceLocation) throws {
    var expired = false
    let guardTimer = try Timer(loop) {
        expired = true
        loop.stop()
    }
    guardTimer.schedule(afterMilliseconds: 10_000)
    loop.run()
    guardTimer.cancel()
    #expect(!expired, "the loop was not stopped in time", sourceLocation: sourceLocation)
}

/// Runs `loop` for 20 ms, or until something stops it.
func runBriefly(_ loop: EventLoop) throws {
    let timer = try Timer(loop) { loop.stop() }
    timer.schedule(afterMilliseconds: 20)
    loop.run()
    timer.cancel()
}
