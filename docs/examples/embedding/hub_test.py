#!/usr/bin/env python3
"""A registry beside a test: the first manifest it is asked for meets a 503.

usage: hub_test.py DRYDOCK-PROGRAM
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

FAULTS = {"faults": [{"name": "busy", "when": {"operation": "manifest.get"}, "times": 1,
                      "do": {"reply": {"status": 503}}}]}
SEED = {"repositories": {"team/app": {"tags": {"v1": {}}}}}


class Hub:
    """drydock serve on a free port, for the time of a with statement."""

    def __init__(self, program, faults, seed):
        self.program, self.faults, self.seed = program, faults, seed

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self.folder.name)
        (folder / "faults.json").write_text(json.dumps(self.faults))
        (folder / "seed.json").write_text(json.dumps(self.seed))
        ready = folder / "ready"
        self.server = subprocess.Popen(
            [self.program, "serve", "--port", "0", "--ready-file", ready,
             "--faults", folder / "faults.json", "--preload", folder / "seed.json"])
        while not ready.exists():  # it appears whole, once the server answers
            if self.server.poll() is not None:
                raise RuntimeError("drydock serve ended: its output says why")
            time.sleep(0.01)
        self.url = ready.read_text().strip()
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()
        self.folder.cleanup()


def get(url):
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


with Hub(sys.argv[1], FAULTS, SEED) as hub:
    statuses = [get(hub.url + "/v2/team/app/manifests/v1") for _ in range(2)]
print(f"{statuses[0]}, then {statuses[1]}")
sys.exit(statuses != [503, 200])
