"""BuildKit inside dockerd as a socket of its own: buildkit_bridge.py DOCKER_SOCKET NEW_SOCKET.

dockerd hands a connection over to its BuildKit after an upgrade of POST /grpc. Ends when it is killed.
"""
import socket
import sys
import threading

UPGRADE = b"POST /grpc HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"


def pass_on(source, sink):
    try:
        while piece := source.recv(65536):
            sink.sendall(piece)
    except OSError:
        pass
    try:
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def bridge(client, docker_path):
    docker = socket.socket(socket.AF_UNIX)
    docker.connect(docker_path)
    docker.sendall(UPGRADE)
    head = b""
    while b"\r\n\r\n" not in head:
        piece = docker.recv(1)
        if not piece:
            raise SystemExit(f"dockerd closed instead of upgrading: {head!r}")
        head += piece
    if b" 101 " not in head:
        raise SystemExit(f"dockerd did not upgrade: {head!r}")
    threading.Thread(target=pass_on, args=(client, docker), daemon=True).start()
    pass_on(docker, client)


def main():
    docker_path, own_path = sys.argv[1:]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(own_path)
    listener.listen()
    while True:
        client, _ = listener.accept()
        threading.Thread(target=bridge, args=(client, docker_path), daemon=True).start()


main()
