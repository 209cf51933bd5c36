"""``firth serve`` as a person runs it, for tests that ask it over HTTP or look at its page."""

import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path


class Server:
    """``firth serve`` in a process of its own, on a free port."""

    def __init__(self, *folders: Path, arguments: tuple[str, ...] = ()) -> None:
        command = [sys.executable, "-m", "firth", "serve", *map(str, folders), "--port", "0", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert self.process.stdout is not None
        self.said: list[str] = []
        for line in self.process.stdout:
            self.said.append(line)
            if found := re.search(r"http://\S+", line):
                self.url = found.group().rstrip("/.")
                break
        else:
            raise AssertionError(f"the server did not start: {''.join(self.said)}")
        self._wait()

    def _wait(self) -> None:
        for _ in range(200):
            try:
                with urllib.request.urlopen(f"{self.url.split('?')[0]}/healthz", timeout=1):
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the server does not answer")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)
        assert self.process.stdout is not None
        self.process.stdout.close()
