/* Fused cells of LSTM (Hochreiter & Schmidhuber 1997) and GRU (Cho et al. 2014), gates as PyTorch.
 * Contracts are in kernel/rnn.h; nothing here knows of batches, steps or packing. */
#include "kernel/rnn.h"

#include "kernel/math.h"

static void lstm_cell(int64_t h, const vs_real *restrict bias, vs_real *restrict gates,
                      const vs_real *restrict c_prev, vs_real *restrict c, vs_real *restrict y) {
  vs_real *restrict gi = gates, *restrict gf = gates + h, *restrict gg = gates + 2 * h,
                    *restrict go = gates + 3 * h;
  for (int64_t j = 0; j < h; j++) {
    vs_real i = vs_sigmoid(gi[j] + bias[j]), f = vs_sigmoid(gf[j] + bias[h + j]);
    vs_real g = vs_tanh(gg[j] + bias[2 * h + j]), o = vs_sigmoid(go[j] + bias[3 * h + j]);
    vs_real cell = i * g + (c_prev ? f * c_prev[j] : 0);
    gi[j] = i, gf[j] = f, gg[j] = g, go[j] = o;
    c[j] = cell;
    y[j] = o * vs_tanh(cell);
  }
}

/* forward: c = f * c_prev + i * g;  y = o * tanh(c) */
static void lstm_cell_back(int64_t h, const vs_real *restrict gates, const vs_real *restrict c_prev,
                           const vs_real *restrict c, const vs_real *restrict dh,
                           const vs_real *restrict dy, vs_real *restrict dc,
                           vs_real *restrict dgates) {
  const vs_real *gi = gates, *gf = gates + h, *gg = gates + 2 * h, *go = gates + 3 * h;
  vs_real *restrict di = dgates, *restrict df = dgates + h, *restrict dg = dgates + 2 * h,
                    *restrict dgo = dgates + 3 * h;
  for (int64_t j = 0; j < h; j++) {
    vs_real i = gi[j], f = gf[j], g = gg[j], o = go[j], tc = vs_tanh(c[j]);
    vs_real d = dh[j] + (dy ? dy[j] : 0);
    vs_real dcell = dc[j] + d * o * (1 - tc * tc);
    dgo[j] = d * tc * o * (1 - o);
    di[j] = dcell * g * i * (1 - i);
    dg[j] = dcell * i * (1 - g * g);
    df[j] = (c_prev ? dcell * c_prev[j] : 0) * f * (1 - f);
    dc[j] = dcell * f;
  }
}

static void gru_cell(int64_t h, const vs_real *restrict bx, const vs_real *restrict bh,
                     vs_real *restrict gates, const vs_real *restrict hidden,
                     const vs_real *restrict h_prev, vs_real *restrict hn, vs_real *restrict y) {
  vs_real *restrict gr = gates, *restrict gz = gates + h, *restrict gn = gates + 2 * h;
  const vs_real *hid_r = hidden, *hid_z = hidden ? hidden + h : NULL,
                *hid_n = hidden ? hidden + 2 * h : NULL;
  for (int64_t j = 0; j < h; j++) {
    vs_real r = vs_sigmoid(gr[j] + bx[j] + bh[j] + (hidden ? hid_r[j] : 0));
    vs_real z = vs_sigmoid(gz[j] + bx[h + j] + bh[h + j] + (hidden ? hid_z[j] : 0));
    vs_real q = bh[2 * h + j] + (hidden ? hid_n[j] : 0);
    vs_real n = vs_tanh(gn[j] + bx[2 * h + j] + r * q);
    gr[j] = r, gz[j] = z, gn[j] = n;
    hn[j] = q;
    y[j] = n - z * n + (hidden ? z * h_prev[j] : 0);
  }
}

/* forward: n = tanh(x_n + r * hn);  y = (1 - z) * n + z * h_prev */
static void gru_cell_back(int64_t h, const vs_real *restrict gates, const vs_real *restrict hn,
                          const vs_real *restrict h_prev, const vs_real *restrict dy,
                          vs_real *restrict dh, vs_real *restrict dgates) {
  const vs_real *gr = gates, *gz = gates + h, *gn = gates + 2 * h;
  vs_real *restrict xn = dgates, *restrict xr = dgates + h, *restrict xz = dgates + 2 * h,
                    *restrict xq = dgates + 3 * h;
  for (int64_t j = 0; j < h; j++) {
    vs_real r = gr[j], z = gz[j], n = gn[j], d = dh[j] + (dy ? dy[j] : 0);
    vs_real dn = d * (1 - z) * (1 - n * n);
    vs_real dz = d * ((h_prev ? h_prev[j] : 0) - n) * z * (1 - z);
    vs_real dr = dn * hn[j] * r * (1 - r);
    xn[j] = dn, xr[j] = dr, xz[j] = dz, xq[j] = dn * r;
    dh[j] = d * z;
  }
}

static void add(int64_t n, vs_real *restrict acc, const vs_real *restrict x) {
  for (int64_t i = 0; i < n; i++) acc[i] += x[i];
}

const vs_kernels_rnn VS_K(vs_kernels_rnn) = {lstm_cell, lstm_cell_back, gru_cell, gru_cell_back,
                                             add};
