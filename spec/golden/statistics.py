"""Golden values of the statistics of tables, computed by scipy.
Run: python3 spec/golden/statistics.py (scipy 1.17).  It writes statistics.json."""
import json
import os

import numpy as np
from scipy import stats

rng = np.random.default_rng(16)
out = {"paired": [], "critical": [], "intervals": [], "bootstrap": []}


def sign_flip(a, b):
    found = stats.permutation_test((np.array(a), np.array(b)), lambda x, y, axis: np.mean(x - y, axis),
                                   permutation_type="samples", n_resamples=np.inf, vectorized=True)
    return found.pvalue


for n in (2, 3, 4, 5, 8, 12):
    for shift in (0.0, 0.7, 3.0, 40.0):
        a, b = rng.normal(80 + shift, 1, n).round(3).tolist(), rng.normal(80, 1, n).round(3).tolist()
        t = stats.ttest_rel(a, b)
        out["paired"].append({"a": a, "b": b, "t": float(t.statistic), "p": float(t.pvalue),
                              "sign_flip": float(sign_flip(a, b))})

for df in (1, 2, 3, 4, 9, 30, 200):
    for level in (0.05, 0.01, 0.001):
        out["critical"].append({"df": df, "level": level, "t": float(stats.t.ppf(1 - level / 2, df))})

for n in (1, 2, 7, 40):
    x = rng.normal(0, 1, n).round(4).tolist()
    low, high = np.quantile(x, [0.025, 0.975])
    ends = np.quantile(x, [0.05, 0.95])
    out["intervals"].append({"x": x, "low": float(low), "high": float(high),
                             "low90": float(ends[0]), "high90": float(ends[1])})

# Means of right answers: scipy's own percentile bootstrap, of very many samples.
for n, share in ((50, 0.5), (200, 0.9), (1000, 0.3)):
    x = (rng.random(n) < share).astype(int)
    found = stats.bootstrap((x,), np.mean, method="percentile", n_resamples=100_000, rng=3, batch=2000)
    out["bootstrap"].append({"x": x.tolist(), "low": float(found.confidence_interval.low),
                             "high": float(found.confidence_interval.high)})

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "statistics.json"), "w") as f:
    json.dump(out, f)
    f.write("\n")
