"""Run every benchmark, one after another; what they print goes into RESULTS.md by hand, with what it means.

python benchmarks/run_all.py [--torch-python PATH]

The peers of words, playlists and maps have options of their own: run those scripts with them.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

ITEMS = ("items", "blend", "tags", "confidence", "alignment", "duplicates")
EXPLORER = ("explorer", "offline_page", "service")
SCRIPTS = ("pipeline", "bands_quality", "pairs_per_second", "arithmetic", "import_time", *EXPLORER, *ITEMS)
WORDS = [("words", what) for what in ("speed", "quality", "lanes", "sizes")]
LARGE = [("precision", what) for what in ("words", "playlists", "speed")]
LARGE += [("large", what) for what in ("tokens", "items", "disk")]  # 20 GB in the folder of temporary files

for script, *arguments in [*((each,) for each in SCRIPTS), *WORDS, *LARGE]:
    print(f"\n## {' '.join([script, *arguments])}", flush=True)
    options = sys.argv[1:] if script == "pairs_per_second" else arguments
    subprocess.run([sys.executable, HERE / f"{script}.py", *options], check=True)
