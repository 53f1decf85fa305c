import Glibc

/// A service manager that holds the sockets: it starts the server with them, and again on SIGHUP.
enum Activator {
    /// Arguments: the address, the sockets as `udp,tcp`, the command.
    static let script = """
        import os, signal, socket, sys
        host, port = sys.argv[1].rsplit(":", 1)
        kinds, command = sys.argv[2].split(","), sys.argv[3:]
        sockets = []
        for kind in kinds:
            if kind == "unix":
                s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            else:
                s = socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, kinds.count(kind) > 1)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, kind == "tcp")
                s.bind((host, int(port)))
                if kind == "tcp": s.listen(1024)
            # Away from the numbers that the child gets.
            sockets.append(socket.socket(fileno=os.dup2(s.detach(), 100 + len(sockets))))
        orders = {signal.SIGHUP, signal.SIGTERM, signal.SIGCHLD}
        signal.pthread_sigmask(signal.SIG_BLOCK, orders)
        def start():
            pid = os.fork()
            if pid == 0:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, orders)
                for number, s in enumerate(sockets): os.dup2(s.fileno(), 3 + number)
                os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(sockets)))
                os.execvp("setpriv", ["setpriv", "--pdeathsig", "KILL", "--"] + command)
            return pid
        def end(pid):
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)
        pid = start()
        while True:
            order = signal.sigwait(orders)
            if order == signal.SIGHUP:
                end(pid)
                pid = start()
                print("restarted", flush=True)
            elif order == signal.SIGTERM:
                end(pid)
                sys.exit(0)
            else:
                gone, status = os.waitpid(pid, os.WNOHANG)
                if gone: sys.exit(os.waitstatus_to_exitcode(status))
        """
}
