"""Ctrl-C in the midst of steps: held back until one is whole, so that the state that is kept is one to go on from."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def between_steps() -> Iterator[Callable[[], None]]:
    """Return a context that gives a function which raises KeyboardInterrupt if Ctrl-C was pressed within the context.

    Notes
    -----
    Only Python's own handler is replaced, and only in the main thread, where alone that can be done; it is back in its
    place afterwards. Elsewhere the function does nothing, and Ctrl-C is whatever the program made it.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield lambda: None
        return
    pressed = threading.Event()

    def check() -> None:
        if pressed.is_set():
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, lambda *_: pressed.set())
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
