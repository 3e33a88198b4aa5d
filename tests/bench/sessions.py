"""Many sessions at once, speaking Streamlit's websocket protocol without a browser."""

from __future__ import annotations

import json
import random
import statistics
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Components_pb2 import ComponentInstance
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

GREATEST_MESSAGE = 64 * 2**20


@dataclass(frozen=True)
class Spread:
    """Milliseconds of many reruns."""

    p50: float
    p95: float
    count: int


def spread(seconds: list[float]) -> Spread:
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return Spread(statistics.median(ordered) * 1000, p95 * 1000, len(ordered))


def rerun_times(url: str, page: str, sessions: int, reruns: int, think: float) -> Spread:
    """Open `sessions` on `page`, then let each rerun the script `reruns` times.

    Between two reruns each waits `think` seconds, give or take a half.
    """
    times: list[float] = []
    failures: list[str] = []
    ready = threading.Barrier(sessions)

    def visit(clock: random.Random) -> None:
        try:
            with _open(url) as socket:
                client = _Session(socket, url, page)
                client.settle()
                ready.wait(180)
                for _ in range(reruns):
                    # People do not click in step.
                    time.sleep(think * clock.uniform(0.5, 1.5))
                    times.append(client.rerun())
        except Exception as error:
            failures.append(repr(error))
            ready.abort()

    threads = [threading.Thread(target=visit, args=[random.Random(n)]) for n in range(sessions)]
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(failures[0])
    return spread(times)


def _open(url: str) -> ClientConnection:
    address = f"ws://{urlsplit(url).netloc}/_stcore/stream"
    return connect(address, subprotocols=["streamlit"], max_size=GREATEST_MESSAGE)  # type: ignore[list-item]


class _Session:
    """One visitor: remembers the page that the server answered with."""

    def __init__(self, socket: ClientConnection, url: str, page: str) -> None:
        self._socket = socket
        self._url = f"{url}/{page}"
        self._page_name = page
        self._page_hash = ""
        self._grid_id = ""
        self._catalog = ""

    def settle(self) -> None:
        """The first run, with whatever redirects it makes."""
        self._send()
        self._until_finished()
        self._page_name = ""
        self.rerun()

    def rerun(self) -> float:
        """Run the script again and return the seconds until it has finished."""
        started = time.perf_counter()
        self._send()
        self._until_finished()
        return time.perf_counter() - started

    def _send(self) -> None:
        message = BackMsg()
        state = message.rerun_script
        state.page_name = self._page_name
        state.page_script_hash = self._page_hash
        state.context_info.url = self._url
        state.context_info.locale = "en-US"
        state.context_info.timezone = "UTC"
        if self._grid_id:
            # What the grid answers: which catalog the browser holds, so that it is not sent again.
            held = {"steps": [], "selected": [], "view": None, "catalog": self._catalog}
            answer = state.widget_states.widgets.add()
            answer.id, answer.json_value = self._grid_id, json.dumps(held)
        self._socket.send(message.SerializeToString())

    def _until_finished(self) -> None:
        while True:
            raw = self._socket.recv(timeout=120)
            assert isinstance(raw, bytes)
            message = ForwardMsg.FromString(raw)
            kind = message.WhichOneof("type")
            if kind == "navigation":
                # Not that of new_session, which is where the script began, not where it went.
                self._page_hash = message.navigation.page_script_hash
            if kind == "delta":
                self._note(message.delta.new_element.component_instance)
            # A switch of page ends one script early and starts the next at once.
            finished = message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
            if kind == "script_finished" and finished:
                return

    def _note(self, component: ComponentInstance) -> None:
        if component.component_name.endswith("agGrid"):
            self._grid_id = component.id
        elif component.component_name.endswith("catalog"):
            self._catalog = json.loads(component.json_args)["version"]
