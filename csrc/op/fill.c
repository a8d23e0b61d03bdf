/* Tensors of random numbers.  See fill.h. */
#include "op/fill.h"

#include "core/thread.h"
#include "kernel/random.h"

enum { CHUNK = 1 << 12 }; /* numbers of an item */

typedef struct filling {
  void (*fill)(vs_rng r, uint64_t first, int64_t n, vs_real *out, double a, double b);
  vs_rng rng;
  int64_t n;
  vs_real *out;
  double a, b;
} filling;

static void fill_range(void *arg, int64_t first, int64_t last, int slot) {
  const filling *f = arg;
  (void)slot;
  int64_t from = first * CHUNK, to = VS_MIN(last * CHUNK, f->n);
  f->fill(f->rng, (uint64_t)from, to - from, f->out + from, f->a, f->b);
}

static void run(filling f) { vs_parallel((f.n + CHUNK - 1) / CHUNK, 2, fill_range, &f); }

void vs_fill_uniform(vs_rng r, int64_t n, vs_real *out, double low, double high) {
  run((filling){vs_k_random()->uniform, r, n, out, low, high});
}

void vs_fill_normal(vs_rng r, int64_t n, vs_real *out, double mean, double std) {
  run((filling){vs_k_random()->normal, r, n, out, mean, std});
}
