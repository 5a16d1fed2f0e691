"""dulwich's git server over HTTP for tests: `python3 dulwich_server.py FOLDER` prints its port and serves until its input ends.

A repository is created by the first request for it. It runs hooks as git does.
"""

import os
import socketserver
import sys
import threading
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from dulwich.repo import Repo
from dulwich.server import Backend
from dulwich.web import make_wsgi_chain


class Folder(Backend):
    """The repositories in a folder."""

    def __init__(self, root):
        self.root = root
        self.creating = threading.Lock()

    def open_repository(self, path):
        # A path of an advertisement, and the bytes of one in a request.
        folder = os.path.join(self.root, os.fsdecode(path).strip("/"))
        with self.creating:
            if not os.path.exists(folder):
                return Repo.init_bare(folder, mkdir=True)
        return Repo(folder)


class Server(socketserver.ThreadingMixIn, WSGIServer):
    """Answers each connection on a thread of its own."""

    daemon_threads = True
    request_queue_size = 100


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log_message(self, *arguments):
        pass


def main():
    server = make_server("127.0.0.1", 0, make_wsgi_chain(Folder(sys.argv[1])), server_class=Server, handler_class=Quiet)
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


main()
