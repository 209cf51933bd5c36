"""Run every benchmark, one after another; what they print goes into RESULTS.md by hand, with what it means.

python benchmarks/run_all.py [--torch-python PATH]
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

for script in ("pipeline", "bands_quality", "pairs_per_second", "arithmetic", "map_engines", "import_time"):
    print(f"\n## {script}", flush=True)
    options = sys.argv[1:] if script == "pairs_per_second" else []
    subprocess.run([sys.executable, HERE / f"{script}.py", *options], check=True)
