"""A flow that was killed goes on where it was, and comes to the same bytes."""

import os
import re
import signal

import pytest
from flow_runs import MODEL, Flows

READ = (
    "import hashlib; from metaflow import Flow; data = Flow('ModelingFlow').latest_successful_run.data\n"
    "print(hashlib.sha256(data.final_vectors.vectors.tobytes()).hexdigest(), data.test_metric)"
)


@pytest.mark.parametrize("step", ["generate_embeddings", "model_testing"])
def test_a_flow_that_was_killed_in_a_step_resumes_to_the_same_bytes(flows, tmp_path, step):
    killed = Flows(tmp_path)
    process = killed.start("modeling", "run", *MODEL, "--max-workers", "1")
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(rf"/{step}/\d+ \(pid (\d+)\)\] Task is starting", line):
            os.kill(int(found.group(1)), signal.SIGKILL)
    process.stdout.close()
    assert process.wait(timeout=60) != 0
    killed.run("modeling", "resume")
    assert killed.ask(READ) == flows.ask(READ)
