"""A login's key set behind HTTP: what it answers can be changed, held back and counted."""

import http.server
import ssl
import threading

from support.waiting import SOON, Deadline, eventually


class KeyServer:
    """`with KeyServer(text) as server:` serves `server.body` with `server.status` at `server.url`. `hold()` keeps requests
    waiting until `release()`. Requests that came: `server.requests`. `certificate`: (cert, key) for TLS."""

    def __init__(self, body="", port=0, certificate=None):
        self.body, self.status = body, 200
        self.requests = 0
        self._open = threading.Event()
        self._open.set()
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                server.requests += 1
                server._open.wait(Deadline(SOON).left())
                body = server.body.encode()
                self.send_response(server.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # a TLS handshake that the gateway ended

        self._server = Server(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_port
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}/keys?of=us"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def hold(self):
        self._open.clear()

    def release(self):
        self._open.set()

    def wait_for_requests(self, count):
        eventually(lambda: self.requests >= count, f"{count} requests for keys")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.release()
        self._server.shutdown()
        self._server.server_close()
