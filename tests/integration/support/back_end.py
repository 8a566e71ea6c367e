"""A back end that plugins ask by HTTP: what it answers, and when, is the test's."""

import http.server
import json
import socket
import ssl
import threading
import types


class BackEnd:
    """`with BackEnd(answer) as back_end`: listens on 127.0.0.1, `back_end.url`, a thread for each connection.

    answer      called with each request (`.path`, `.headers`, `.body`, `.json`); returns (status, object), (status, text),
                the same with a dict of headers behind it, or bytes that are sent as they are, after which the connection
                ends. It may wait for something, such as `back_end.gate`.
    certificate (cert, key): TLS
    port        the one to listen on; 0: any
    """

    def __init__(self, answer, certificate=None, port=0):
        self.requests = []
        self._connections = []
        self.gate = threading.Event()
        self.arrived = threading.Semaphore(0)  # one for each request that was read
        back_end = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self):
                super().setup()
                back_end._connections.append(self.connection)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                # A handler lives as long as its connection, which has more than one request.
                asked = types.SimpleNamespace(path=self.path, headers=self.headers, body=body, json=json.loads(body))
                back_end.requests.append(asked)
                back_end.arrived.release()
                made = answer(asked)
                try:
                    self._say(made)
                except OSError:
                    self.close_connection = True  # the gateway waits for it no longer

            def _say(self, made):
                if isinstance(made, bytes):
                    self.wfile.write(made)
                    self.close_connection = True
                    return
                status, content, *headers = made
                content = (content if isinstance(content, str) else json.dumps(content)).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                for name, value in (headers[0] if headers else {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *ignored):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 512

            def handle_error(self, *ignored):
                pass  # a TLS handshake that the gateway ended

        self._server = Server(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}/check"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def wait_for_request(self, seconds=60):
        assert self.arrived.acquire(timeout=seconds), "the back end was not asked"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *ignored):
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
        for connection in self._connections:  # as when it dies: they end, too
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended already
