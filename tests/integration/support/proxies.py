"""Real proxies in front of a gateway: haproxy and nginx, each with a configuration in a folder of its own."""

import pathlib
import shutil
import socket
import subprocess

import pytest

from support.raw import RawSocket, RawWebSocket
from support.waiting import SOON, Deadline, eventually

SEARCH = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"

# What docs/behind-a-proxy.md shows, without what only a service needs. {port}: the proxy's; {to}: what is behind it.
HAPROXY = """
global
    maxconn 200
defaults
    timeout connect 5s
    timeout client 1h
    timeout server 1h
listen gateway
    bind 127.0.0.1:{port}
    mode {mode}
    {option}
    server gatewayd 127.0.0.1:{to} {server}
"""
NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location /ws {{
            proxy_pass http://127.0.0.1:{to};
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_read_timeout 120s;
        }}
    }}
}}
"""


def program(name):
    return shutil.which(name, path=SEARCH)


needs_haproxy = pytest.mark.skipif(not program("haproxy"), reason="haproxy is not installed")
needs_nginx = pytest.mark.skipif(not program("nginx"), reason="nginx is not installed")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Proxy:
    """One running proxy; `.port` is where it listens."""

    def __init__(self, folder, command, template, **values):
        self.host, self.port = "127.0.0.1", free_port()
        folder = pathlib.Path(folder)
        config = folder / "proxy.conf"
        config.write_text(template.format(port=self.port, folder=folder, **values))
        with (folder / "proxy.log").open("wb") as log:
            self.process = subprocess.Popen(
                [word.format(config=config, folder=folder) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            eventually(self._listens, f"{command[0]} listens; {folder}/proxy.log says why not")
        except AssertionError:
            self.stop()
            raise

    def _listens(self):
        assert self.process.poll() is None, f"the proxy ended with {self.process.returncode}"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def raw(self, **options):
        return RawSocket(self.host, self.port, **options)

    def connect(self, client_id, **options):
        """A client that came through this proxy, past its `connected` frame."""
        client = RawWebSocket(self.host, self.port, query={"client_id": client_id}, **options)
        client.greeting = client.receive()
        assert client.greeting["client_id"] == client_id, client.greeting
        return client

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(Deadline(SOON).left())
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def haproxy(tmp_path_factory):
    """Starts haproxy: `haproxy(to=port, mode="tcp", server="send-proxy-v2")`."""
    started = []

    def start(to, mode="tcp", option="", server=""):
        command = [program("haproxy"), "-db", "-f", "{config}"]
        folder = tmp_path_factory.mktemp("haproxy")
        started.append(Proxy(folder, command, HAPROXY, to=to, mode=mode, option=option, server=server))
        return started[-1]

    yield start
    for proxy in started:
        proxy.stop()


@pytest.fixture
def nginx(tmp_path_factory):
    """Starts nginx as an HTTP proxy that adds to X-Forwarded-For: `nginx(to=port)`."""
    started = []

    def start(to):
        command = [program("nginx"), "-p", "{folder}", "-e", "stderr", "-c", "{config}"]
        started.append(Proxy(tmp_path_factory.mktemp("nginx"), command, NGINX, to=to))
        return started[-1]

    yield start
    for proxy in started:
        proxy.stop()
