"""Sends the streams that stdin describes over one HTTP/2 connection, checked by nobody, each followed by a good one.

stdin: {"port": number, "good": fields, "streams": [{"fields": [[name, value], ...], "body": text or null, "trailers": fields or null}]}
stdout: a list of what became of each pair, such as ["reset 1", "200"]
"""

import json
import socket
import sys

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, ResponseReceived, StreamEnded, StreamReset

task = json.load(sys.stdin)
connection = H2Connection(
    H2Configuration(
        client_side=True,
        validate_outbound_headers=False,
        normalize_outbound_headers=False,
        validate_inbound_headers=False,
    )
)
peer = socket.create_connection(("127.0.0.1", task["port"]), timeout=10)
connection.initiate_connection()


def send(stream):
    """Returns what became of the stream: its status, how it was reset, or how the connection ended."""
    stream_id = connection.get_next_available_stream_id()
    parts = [stream["fields"], stream.get("trailers")]
    head, trailers = ([(n.encode("latin1"), v.encode("latin1")) for n, v in part or []] for part in parts)
    body = stream.get("body")
    connection.send_headers(stream_id, head, end_stream=body is None)
    if body is not None:
        connection.send_data(stream_id, body.encode("latin1"), end_stream=not trailers)
    if trailers:
        connection.send_headers(stream_id, trailers, end_stream=True)
    peer.sendall(connection.data_to_send())
    status = "no answer"
    while True:
        received = peer.recv(65536)
        if not received:
            return "closed"
        for event in connection.receive_data(received):
            if isinstance(event, ConnectionTerminated):
                return f"goaway {int(event.error_code)}"
            if getattr(event, "stream_id", None) != stream_id:
                continue
            if isinstance(event, StreamReset):
                return f"reset {int(event.error_code)}"
            if isinstance(event, ResponseReceived):
                status = dict(event.headers)[b":status"].decode()
            if isinstance(event, StreamEnded):
                return status
        peer.sendall(connection.data_to_send())


print(json.dumps([[send(stream), send({"fields": task["good"]})] for stream in task["streams"]]))
