"""A test camera on loopback that serves numbered JPEGs over RTSP, with RTP in the connection."""

import socket
import ssl
import struct
import threading
import time

from tests.face_auth.camera.mjpeg_server import PERIOD_S, jpeg

SIZE = (320, 240)


class RtspServer:
    """Serves numbered pictures as RTP/JPEG (RFC 2435) over interleaved TCP (RFC 2326)."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.silent = threading.Event()
        self.jam = threading.Event()  # holds pictures back; they arrive in one piece
        self.sent = -1
        self.plays = 0
        self._tls = tls
        self._running = True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def address(self, host: str = "127.0.0.1") -> str:
        """Where it serves."""
        return f"rtsp{'s' if self._tls else ''}://{host}:{self._port}/live"

    def stop(self) -> None:
        """Serve no more."""
        self._running = False
        self._listener.close()

    def _accept(self) -> None:
        while self._running:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            while (request := connection.recv(8192).decode("latin-1")) and self._running:
                method, url, _ = request.split(" ", 2)
                number = request.lower().partition("cseq:")[2].split()[0]
                extra, body = "", ""
                if method == "OPTIONS":
                    extra = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
                elif method == "DESCRIBE":
                    body = (
                        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=cam\r\nt=0 0\r\n"
                        "m=video 0 RTP/AVP 26\r\nc=IN IP4 0.0.0.0\r\na=control:track\r\n"
                    )
                    extra = f"Content-Type: application/sdp\r\nContent-Base: {url}/\r\n"
                elif method == "SETUP":
                    extra = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
                head = f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\n{extra}"
                connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
                if method == "PLAY":
                    self.plays += 1
                    self._stream(connection)
        except (OSError, ValueError, IndexError):
            connection.close()

    def _stream(self, connection: socket.socket) -> None:
        sequence, since, waiting = 0, time.monotonic(), b""
        while self._running:
            if not self.silent.is_set():
                self.sent += 1
                clock = int((time.monotonic() - since) * 90_000)
                for packet in packets(jpeg(self.sent, SIZE), clock, sequence):
                    waiting += struct.pack(">cBH", b"$", 0, len(packet)) + packet
                    sequence += 1
            if waiting and not self.jam.is_set():
                connection.sendall(waiting)
                waiting = b""
            time.sleep(PERIOD_S)


def packets(data: bytes, clock: int, sequence: int) -> list[bytes]:
    """Cut a baseline 4:2:0 JPEG into RTP packets that carry its quantisation tables."""
    tables, at = b"", 2
    while data[at + 1] != 0xDA:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == 0xDB:
            segment = data[at + 4 : at + 2 + length]
            tables += b"".join(segment[i + 1 : i + 65] for i in range(0, len(segment), 65))
        at += 2 + length
    at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    scan = data[at:-2]
    made = []
    for offset in range(0, len(scan), 1200):
        piece = scan[offset : offset + 1200]
        last = offset + 1200 >= len(scan)
        rtp = struct.pack(">BBHII", 0x80, 26 | last << 7, (sequence + len(made)) & 0xFFFF, clock, 1)
        head = struct.pack(">IBBBB", offset, 1, 255, SIZE[0] // 8, SIZE[1] // 8)
        quantisation = b"" if offset else struct.pack(">BBH", 0, 0, len(tables)) + tables
        made.append(rtp + head + quantisation + piece)
    return made
