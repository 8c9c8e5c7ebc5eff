"""Requests whose store calls happen in an order that is chosen, one at a time."""

from __future__ import annotations

import random
import threading
from typing import Any, Callable, List, Sequence

from memory_store import MemoryStore


class Gate:
    """A store whose calls wait until they are let through."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.may_go = threading.Semaphore(0)
        self.has_stopped = threading.Semaphore(0)
        self.is_over = False

    def load(self, *arguments: Any) -> Any:
        return self._through(self.store.load, *arguments)

    def swap(self, *arguments: Any) -> Any:
        return self._through(self.store.swap, *arguments)

    def delete(self, *arguments: Any) -> Any:
        return self._through(self.store.delete, *arguments)

    def step(self) -> None:
        """Lets the request go on until its next call or its end."""
        self.may_go.release()
        self.has_stopped.acquire()

    def end(self) -> None:
        self.is_over = True
        self.has_stopped.release()

    def _through(self, call: Callable[..., Any], *arguments: Any) -> Any:
        self.has_stopped.release()
        self.may_go.acquire()
        return call(*arguments)


def run(store: MemoryStore, requests: Sequence[Callable[[Gate], Any]], seed: int) -> List[Any]:
    """Makes all requests at once, and returns their answers. The seed says whose store call is next each time."""
    chance = random.Random(seed)
    gates = [Gate(store) for _ in requests]
    answers: List[Any] = [None] * len(requests)

    def work(number: int) -> None:
        gates[number].may_go.acquire()
        try:
            answers[number] = requests[number](gates[number])
        except BaseException as error:
            answers[number] = error
        finally:
            gates[number].end()

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(len(requests))]
    for thread in threads:
        thread.start()
    # Some go far ahead of the others, as threads and processes do.
    weights = [chance.choice((1, 1, 4, 20)) for _ in gates]
    while not all(gate.is_over for gate in gates):
        open_ones = [number for number, gate in enumerate(gates) if not gate.is_over]
        chosen = chance.choices(open_ones, [weights[number] for number in open_ones])[0]
        gates[chosen].step()
    for thread in threads:
        thread.join()
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return answers
