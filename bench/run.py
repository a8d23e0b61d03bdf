"""vesper against PyTorch, workload by workload, on one machine in one run.

    make bench                            # everything, with whichever PYTHON finds torch
    python3 bench/run.py --only=W2,W3 --rounds=5 --threads=2 --precision=highest
    python3 bench/run.py --beside         # how much each side slows down beside one busy process

Each side runs in a process of its own on the same weights and inputs (ours.lua and workloads.lua;
peer.py and peer_models.py).  First both compute, and what they get has to agree; then they take turns,
round by round.  Printed are the median step of each side, the median of the rounds' ratios (peer time /
our time), the products' and convolutions' GFLOP/s and what part that is of the machine's ceiling, and
the largest memory of each process.  The same goes to bench/results.json.  Captions of W6 are also
computed by torch.compile, OpenVINO and ONNX Runtime, where they are installed (peer_engines.py).
"""
import argparse
import importlib.util
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LUA = os.environ.get("LUA", "lua5.4")
DROPPING = ["W3 CIM", "W4 COOT", "W5 DPM, 6 layers of 384", "W5 BERT-base"]
TRAINED = ["W1 VSE++ LSTM", "W1 VSE++ GRU", "W2 ResNet-18 + LSTM", "W2 small CNN + LSTM"] + DROPPING
INFERRED = [f"W6 {what}, batch {batch}"
            for what in ("images, ResNet-18", "images, small CNN", "captions, LSTM",
                         "captions, BERT of 6 layers") for batch in (1, 64)]
RETRIEVED = ["W7 top-10 of 1,000 x 100,000 x 512"]
AGREE = 1e-4  # of losses and outputs, at full precision
ENGINES = {"torch.compile": ["torch"], "OpenVINO": ["openvino"], "ONNX Runtime": ["onnxruntime", "onnx"]}


class Side:
    """A process that answers lines."""

    def __init__(self, command):
        environment = dict(os.environ, OMP_NUM_THREADS=str(args.threads))
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=environment)
        self.ready = self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"bench: {' '.join(self.process.args)} ended early, with {self.process.wait()}")
        return line.split()

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return [float(word) for word in self.answer()]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def ours(name, state, precision):
    return Side([LUA, f"{HERE}/ours.lua", name, state, str(args.threads), precision])


def peer(name, state, precision):
    return Side([sys.executable, f"{HERE}/peer.py", name, state, str(args.threads), precision])


def difference(a, b):
    """The largest, as a part of the largest figure."""
    return max(abs(x - y) for x, y in zip(a, b)) / max(max(map(abs, a)), 1e-30)


def measure(name, precision, peer_precision):
    """A row of the results."""
    with tempfile.TemporaryDirectory() as folder:
        a = ours(name, f"{folder}/state.safetensors", precision)
        b = peer(name, f"{folder}/state.safetensors", peer_precision)
        gap = difference(a.ask("check"), b.ask("check"))
        if precision == "highest" and peer_precision != "bfloat16" and gap > AGREE:
            sys.exit(f"bench: {name}: the sides differ by {gap:.1e}, allowed is {AGREE}")
        steps = {}
        for side in (a, b):
            warm = side.ask("time 2")[-1]
            steps[side] = max(1, min(2000, round(args.seconds / max(warm, 1e-6))))
        mine, theirs, ratios = [], [], []
        for _ in range(args.rounds):
            medians = []
            for side in (a, b):
                time.sleep(0.02)
                medians.append(statistics.median(side.ask(f"time {steps[side]}")))
            mine.append(medians[0])
            theirs.append(medians[1])
            ratios.append(medians[1] / medians[0])
        memory = [side.ask("memory")[0] / 2**20 for side in (a, b)]
        flops, version = float(a.ready[1]), b.ready[1]
        a.close()
        b.close()
    seconds = statistics.median(mine)
    kind = f"{peer_precision} {version}" if peer_precision in ENGINES else f"PyTorch {version} {peer_precision}"
    return {"workload": name, "precision": precision, "peer": kind,
            "ours_ms": seconds * 1e3, "peer_ms": statistics.median(theirs) * 1e3,
            "ratio": statistics.median(ratios), "gflops": flops / seconds / 1e9,
            "share_of_ceiling": flops / seconds / ceiling, "difference": gap,
            "ours_mb": memory[0], "peer_mb": memory[1], "threads": args.threads}


class Busy:
    """A process that takes all it gets of one processor, while it is let."""

    def __enter__(self):
        self.process = subprocess.Popen(["sh", "-c", "while :; do :; done"])
        self.run(False)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def run(self, on):
        self.process.send_signal(signal.SIGCONT if on else signal.SIGSTOP)
        time.sleep(0.05)


def measure_beside(name, precision):
    """Both sides' steps alone and beside a busy process, in short turns: mean of a turn, median of turns."""
    with tempfile.TemporaryDirectory() as folder, Busy() as busy:
        sides = [ours(name, f"{folder}/state.safetensors", precision),
                 peer(name, f"{folder}/state.safetensors", "float32")]
        steps, means = [], [([], []), ([], [])]
        for side in sides:
            warm = side.ask("time 3")[-1]
            steps.append(max(1, min(2000, round(args.seconds / max(warm, 1e-6)))))
        for _ in range(2 * args.rounds):
            for beside in (False, True):
                busy.run(beside)
                for side, n, mean in zip(sides, steps, means):
                    mean[beside].append(statistics.mean(side.ask(f"time {n}")))
        for side in sides:
            side.close()
    return [[statistics.median(turns) * 1e3 for turns in mean] for mean in means]


def all_beside(names):
    print(f"{args.threads} threads of {os.cpu_count()}, beside one busy process")
    print(f"{'workload':38s} {'ours ms':>9s} {'beside':>9s} {'times':>6s} {'peer ms':>9s} {'beside':>9s} {'times':>6s}")
    for name in names:
        mine, theirs = measure_beside(name, args.precision.split(",")[0])
        print(f"{name:38s} " + " ".join(f"{milliseconds(alone)} {milliseconds(beside)} {beside / alone:6.2f}"
                                        for alone, beside in (mine, theirs)), flush=True)
        results.append({"workload": name, "threads": args.threads, "ours_ms": mine[0], "ours_beside_ms": mine[1],
                        "ours_times": mine[1] / mine[0], "peer_ms": theirs[0], "peer_beside_ms": theirs[1],
                        "peer_times": theirs[1] / theirs[0]})


def milliseconds(x):
    return f"{x:9.6f}" if x < 0.1 else f"{x:9.2f}"


def show(row):
    print(f"{row['workload']:38s} {row['precision']:8s} {milliseconds(row['ours_ms'])} {milliseconds(row['peer_ms'])} "
          f"{row['ratio']:6.2f} {row.get('gflops', 0):7.0f} {row.get('share_of_ceiling', 0):6.0%} "
          f"{row.get('ours_mb', 0):6.0f} {row.get('peer_mb', 0):6.0f}  {row['peer']}", flush=True)
    results.append(row)


def run(command):
    return subprocess.run(command, capture_output=True, text=True, check=True,
                          env=dict(os.environ, OMP_NUM_THREADS=str(args.threads), PYTHON=sys.executable)).stdout


def pictures():
    """W8: JPEG and PNG files read, decoded, resized and gathered; HDF5 batches in shuffled order."""
    try:
        from PIL import Image  # noqa: F401
        import h5py  # noqa: F401
    except ImportError as error:
        print(f"W8 is left out: {error}")
        return
    with tempfile.TemporaryDirectory() as folder:
        run([LUA, f"{HERE}/pictures.lua", folder, "3000"])
        for ending in ("jpg", "png"):
            out = run([LUA, f"{HERE}/loader.lua", f"--rounds={args.rounds}", "--pictures=3000",
                       f"{folder}:.{ending}:64x64"])
            n, mine, theirs, ratio = re.search(r"64x64\s+(\d+)\s+(\d+)\s+(\d+)\s+([\d.]+)", out).groups()
            show({"workload": f"W8 {ending} 96x96 to 64x64, 1,000 pictures", "precision": "",
                  "peer": "PIL + DataLoader", "ours_ms": 1e6 / float(mine), "peer_ms": 1e6 / float(theirs),
                  "ratio": float(ratio)})
        out = run([LUA, f"{HERE}/chunks.lua", "12000", str(args.rounds)])
        seconds = re.findall(r"^(vesper|h5py)[^\d]*?(?:= 16)?\s+([\d.]+)", out, re.M)
        for i, what in ((0, "HDF5, shuffled"), (2, "HDF5, shuffled by chunks")):
            mine, theirs = float(seconds[i][1]), float(seconds[i + 1][1])
            show({"workload": f"W8 {what}, an epoch", "precision": "", "peer": "h5py",
                  "ours_ms": mine * 1e3, "peer_ms": theirs * 1e3, "ratio": theirs / mine})


def feel():
    """W9: a small op, the start, the memory of a process that has done nothing yet."""
    lua_add = ("local vs = require 'vesper'; vs.set_grad_enabled(false); local a, b = vs.ones(10), vs.ones(10); "
               "for i = 1, 2e5 do local c = a + b end; local best = 1 / 0; for r = 1, 7 do local t = vs.now(); "
               "for i = 1, 2e5 do local c = a + b end; best = math.min(best, vs.now() - t) end; print(best / 2e5)")
    torch_add = ("import torch, time\ntorch.set_grad_enabled(False)\na, b = torch.ones(10), torch.ones(10)\n"
                 "best = 9e9\nfor r in range(7):\n    t = time.perf_counter()\n    for i in range(100000):\n"
                 "        c = a + b\n    best = min(best, time.perf_counter() - t)\nprint(best / 1e5)")
    mine, theirs = float(run([LUA, "-e", lua_add])), float(run([sys.executable, "-c", torch_add]))
    show({"workload": "W9 add of ten elements", "precision": "", "peer": "PyTorch", "ours_ms": mine * 1e3,
          "peer_ms": theirs * 1e3, "ratio": theirs / mine})

    def start(command):
        times = []
        for _ in range(9):
            begin = time.perf_counter()
            run(command)
            times.append(time.perf_counter() - begin)
        return statistics.median(times)

    mine = start([LUA, "-e", "require 'vesper'"]) - start([LUA, "-e", ""])
    theirs = start([sys.executable, "-c", "import torch"]) - start([sys.executable, "-c", ""])
    show({"workload": "W9 start", "precision": "", "peer": "PyTorch", "ours_ms": mine * 1e3,
          "peer_ms": theirs * 1e3, "ratio": theirs / mine})
    memory = "for line in io.lines '/proc/self/status' do local kb = line:match '^VmRSS:%s*(%d+)' " \
             "if kb then print(kb) end end"
    mine = float(run([LUA, "-e", f"require 'vesper' {memory}"])) / 1024
    theirs = float(run([sys.executable, "-c", "import torch\nfor line in open('/proc/self/status'):\n"
                                              "    if line.startswith('VmRSS'): print(line.split()[1])"])) / 1024
    print(f"{'W9 resident after the start':38s} {mine:.1f} MB, PyTorch {theirs:.1f} MB")
    results.append({"workload": "W9 resident after the start", "precision": "", "peer": "PyTorch",
                    "ours_mb": mine, "peer_mb": theirs, "ratio": theirs / mine})


def engines():
    """Those that are installed; torch.compile needs a C++ compiler."""
    found = [name for name, modules in ENGINES.items() if all(map(importlib.util.find_spec, modules))]
    return [name for name in found if name != "torch.compile" or shutil.which(os.environ.get("CXX", "g++"))]


def all_of(name, precision):
    """The rows of a workload."""
    show(measure(name, precision, "float32"))
    if precision == "autocast":
        show(measure(name, precision, "bfloat16"))
    if precision == "highest" and name in DROPPING:
        show(measure(f"{name}, dropout 0.1", precision, "float32"))
    if precision == "highest" and name.startswith("W6 captions"):
        for engine in engines():
            show(measure(name, precision, engine))


def geometric(rows):
    return statistics.geometric_mean(row["ratio"] for row in rows)


def main():
    wanted = [word for word in args.only.split(",") if word]

    def chosen(name):
        return not wanted or any(name.startswith(word) for word in wanted)

    if args.beside:
        all_beside(filter(chosen, TRAINED + INFERRED + RETRIEVED))
        write_results(f"{HERE}/beside.json" if args.json is None else args.json)
        return
    print(f"{args.threads} threads; ceiling {ceiling / 1e9:.0f} GFLOP/s (float32 multiply-adds in registers)")
    print(f"{'workload':38s} {'precision':8s} {'ours ms':>9s} {'peer ms':>9s} {'ratio':>6s} {'GFLOP/s':>7s} "
          f"{'share':>6s} {'MB':>6s} {'peer':>6s}  peer")
    for precision in args.precision.split(","):
        names = TRAINED + INFERRED + RETRIEVED if precision == "highest" else TRAINED
        for name in filter(chosen, names):
            all_of(name, precision)
        rows = [row for row in results if row["precision"] == precision and "share_of_ceiling" in row
                and "dropout" not in row["workload"]]
        for kind in sorted({row["peer"] for row in rows}):
            print(f"geometric mean of {precision}: {geometric([r for r in rows if r['peer'] == kind]):.2f} "
                  f"times {kind}")
    if chosen("W8"):
        pictures()
    if chosen("W9"):
        feel()
    write_results(f"{HERE}/results.json" if args.json is None else args.json)


def write_results(path):
    with open(path, "w") as file:
        json.dump(results, file, indent=1)
        file.write("\n")


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--only", default="", help="workloads whose names begin so, separated by commas")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--threads", type=int, default=os.cpu_count())
parser.add_argument("--seconds", type=float, default=0.5, help="of a side's turn, about")
parser.add_argument("--precision", default="highest,autocast", help="highest, high, medium, autocast")
parser.add_argument("--beside", action="store_true", help="alone and beside one busy process; beside.json")
parser.add_argument("--json", help="bench/results.json unless given")
args = parser.parse_args()
results = []
ceiling = 0 if args.beside else float(run([LUA, "-e", "print(require('vesper.core')._peak_flops(0.3))"]))
main()
