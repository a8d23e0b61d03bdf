"""Single ops of vesper and of PyTorch, on one machine in one run.

    make bench-ops PYTHON=...             # the table
    python3 bench/ops.py --only=sum,cat --threads=1 --turns=15

Each side runs in a process of its own on the same inputs (ops.lua, ops_torch.py).  First both
compute, and the mean and the mean square of what they get have to agree.  Then they take short
turns, because the clock of a shared machine drifts within minutes, each after a rest, because the
other side's threads wait for more work for a while and take time from whoever is next.  Printed for each op: the median
of the turns' ratios (PyTorch's time / ours; above 1 vesper is faster), their range, and the median
time of each side; then the geometric mean, and what is below 1.
"""
import argparse
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
AGREE = 1e-3  # PyTorch adds up in float32
REST = 0.02  # seconds


class Side:
    """A process that answers lines."""

    def __init__(self, threads, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=dict(os.environ, OMP_NUM_THREADS=str(threads)))
        self.names = self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"bench: {' '.join(self.process.args)} ended early, with {self.process.wait()}")
        return line.rstrip("\n").split("\t")

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.answer()

    def seconds(self, count):
        time.sleep(REST)
        return float(self.ask(f"time {count}")[0])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def compare(name, ours, peer):
    """Ends the program where the outputs differ."""
    figures = [[float(word) for word in side.ask("check")] for side in (ours, peer)]
    for a, b in zip(*figures) if len(figures[0]) > 1 else ():
        if not math.isclose(a, b, rel_tol=AGREE, abs_tol=AGREE):
            sys.exit(f"bench: {name}: mean or mean square differ, {a} and {b}")


def measure(name, ours, peer):
    """The turns' ratios and each side's seconds."""
    for side in (ours, peer):
        side.ask(f"take {name}")
    compare(name, ours, peer)
    for side in (ours, peer):
        side.seconds(2)  # a warm-up
    count = max(1, int(args.turn / max(peer.seconds(1), ours.seconds(1), 1e-7)))
    times = [(ours.seconds(count), peer.seconds(count)) for _ in range(args.turns)]
    return [b / a for a, b in times], [a for a, _ in times], [b for _, b in times]


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--only", default="", help="parts of names, separated by commas")
parser.add_argument("--threads", type=int, default=os.cpu_count())
parser.add_argument("--turns", type=int, default=9, help="of each side for each op")
parser.add_argument("--turn", type=float, default=0.02, help="seconds of a turn")
args = parser.parse_args()

with tempfile.TemporaryDirectory() as folder:
    state = f"{folder}/state.safetensors"
    ours = Side(args.threads, os.environ.get("LUA", "lua5.4"), f"{HERE}/ops.lua", state, str(args.threads))
    peer = Side(args.threads, sys.executable, f"{HERE}/ops_torch.py", state, str(args.threads))
if set(ours.names) != set(peer.names):
    sys.exit(f"bench: only one side has {', '.join(sorted(set(ours.names) ^ set(peer.names)))}")
medians = {}
print(f"{'op':30s} {'ratio':>6s} {'range':>13s} {'vesper ms':>10s} {'torch ms':>10s}")
for op in ours.names:
    if args.only and not any(part in op for part in args.only.split(",")):
        continue
    ratios, mine, theirs = measure(op, ours, peer)
    medians[op] = statistics.median(ratios)
    spread = f"{min(ratios):.2f}-{max(ratios):.2f}"
    print(f"{op:30s} {medians[op]:6.2f} {spread:>13s} {statistics.median(mine) * 1e3:10.3f}"
          f" {statistics.median(theirs) * 1e3:10.3f}", flush=True)
ours.close()
peer.close()
if not medians:
    sys.exit(f"bench: no op has {args.only} in its name")
below = [f"{op} {ratio:.2f}" for op, ratio in sorted(medians.items(), key=lambda pair: pair[1]) if ratio < 1]
print(f"{args.threads} threads, {len(medians)} ops, geometric mean {statistics.geometric_mean(medians.values()):.2f};"
      f" below 1: {', '.join(below) or 'none'}")
