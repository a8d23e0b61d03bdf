/* HDF5 data sets: reading rows of numbers and strings.  See h5.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/mem.h"
#include "core/tensor.h"
#include "io/h5priv.h"

enum { STRING_BLOCK = 4096 };

/* --- numbers --- */

hid_t vs_h5_native_type(vs_dtype dtype) {
  switch (dtype) {
    case VS_BOOL:
    case VS_UINT8: return H5T_NATIVE_UINT8;
    case VS_INT32: return H5T_NATIVE_INT32;
    case VS_INT64: return H5T_NATIVE_INT64;
    case VS_FLOAT64: return H5T_NATIVE_DOUBLE;
    default: return H5T_NATIVE_FLOAT;
  }
}

hid_t vs_h5_half_type(void) {
  hid_t t = H5Tcopy(H5T_NATIVE_FLOAT);
  H5Tset_fields(t, 15, 10, 5, 0, 10);
  H5Tset_size(t, 2);
  H5Tset_ebias(t, 15);
  return t;
}

hid_t vs_h5_select_rows(vs_h5data *d, int64_t first, int64_t n, hid_t *mem) {
  if (d->info.scalar) {
    *mem = H5Screate(H5S_SCALAR);
    return H5Dget_space(d->id);
  }
  hsize_t start[VS_MAX_DIM] = {0}, count[VS_MAX_DIM];
  for (int i = 0; i < d->info.ndim; i++) count[i] = (hsize_t)d->info.dims[i];
  start[0] = (hsize_t)first;
  count[0] = (hsize_t)n;
  hid_t space = H5Dget_space(d->id);
  H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
  *mem = H5Screate_simple(d->info.ndim, count, NULL);
  return space;
}

/* The library's own answer to a number that does not fit is the nearest one that does. */
static H5T_conv_ret_t on_misfit(H5T_conv_except_t what, hid_t from, hid_t to, void *source,
                                void *out, void *misfit) {
  (void)from, (void)to, (void)source, (void)out;
  if (what != H5T_CONV_EXCEPT_RANGE_HI && what != H5T_CONV_EXCEPT_RANGE_LOW)
    return H5T_CONV_UNHANDLED;
  *(bool *)misfit = true;
  return H5T_CONV_ABORT;
}

int vs_h5_read_rows(vs_h5data *d, hid_t type, int64_t first, int64_t n, void *out) {
  hid_t mem, space = vs_h5_select_rows(d, first, n, &mem), dxpl = H5Pcreate(H5P_DATASET_XFER);
  bool misfit = false;
  int rc = 0;
  if (d->info.kind == VS_H5_INTS) H5Pset_type_conv_cb(dxpl, on_misfit, &misfit);
  if (H5Dread(d->id, type, mem, space, dxpl, out) < 0) { /* before a call clears the reason */
    char what[96];
    snprintf(what, sizeof what, "rows %lld to %lld cannot be read", (long long)first + 1,
             (long long)(first + n));
    rc = misfit
             ? vs_h5_bad(d,
                         "rows %lld to %lld have a number that %s integers of %zu bytes cannot "
                         "hold",
                         (long long)first + 1, (long long)(first + n),
                         H5Tget_sign(type) == H5T_SGN_2 ? "signed" : "unsigned", H5Tget_size(type))
             : vs_h5_data_fail(d, what);
  }
  H5Pclose(dxpl);
  H5Eclear2(H5E_DEFAULT);
  H5Sclose(space);
  H5Sclose(mem);
  return rc;
}

/* The library converts float16 bit field by bit field; this is a hundred times faster. */
static int read_halves(vs_h5data *d, vs_dtype dtype, int64_t first, int64_t n, void *out) {
  int64_t count = n * d->info.row;
  uint16_t *half = vs_new((size_t)count * sizeof *half);
  if (!half) return -1;
  hid_t type = vs_h5_half_type();
  int rc = vs_h5_read_rows(d, type, first, n, half);
  H5Tclose(type);
  for (int64_t i = 0; rc == 0 && i < count; i++) {
    float f = vs_half_to_float(half[i]);
    if (dtype == VS_FLOAT64)
      ((double *)out)[i] = f;
    else
      ((float *)out)[i] = f;
  }
  free(half);
  return rc;
}

static int read_locked(vs_h5data *d, vs_dtype dtype, int64_t first, int64_t n, void *out) {
  if (n == 0) return 0;
  if (first < 0 || n < 0 || first > d->info.dims[0] - n)
    return vs_h5_bad(d, "rows %lld to %lld of %lld", (long long)first + 1, (long long)(first + n),
                     (long long)d->info.dims[0]);
  bool real = dtype == VS_FLOAT32 || dtype == VS_FLOAT64;
  if (d->info.kind != VS_H5_INTS && !(real && d->info.kind == VS_H5_REALS))
    return vs_h5_bad(d, "expected %s", real ? "numbers" : "integers");
  if (d->info.kind == VS_H5_REALS && d->info.size == 2) return read_halves(d, dtype, first, n, out);
  if (vs_h5_read_rows(d, vs_h5_native_type(dtype), first, n, out)) return -1;
  for (int64_t i = 0; dtype == VS_BOOL && i < n * d->info.row; i++) {
    if (((unsigned char *)out)[i] > 1)
      return vs_h5_bad(d, "row %lld is neither FALSE nor TRUE",
                       (long long)(first + i / d->info.row) + 1);
  }
  return 0;
}

int vs_h5_read(vs_h5data *d, vs_dtype dtype, int64_t first, int64_t n, void *out) {
  vs_h5_lock();
  int rc = read_locked(d, dtype, first, n, out);
  vs_h5_unlock();
  return rc;
}

/* Reads the run r[0..n), whose rows are adjacent or equal, to their places in out. */
static int read_run(vs_h5data *d, vs_dtype dtype, const vs_h5place *r, int64_t n, char *out,
                    size_t bytes) {
  int64_t first = r[0].row, rows = r[n - 1].row - first + 1;
  bool in_order = rows == n;
  for (int64_t i = 1; in_order && i < n; i++) in_order = r[i].to == r[i - 1].to + 1;
  if (in_order) return read_locked(d, dtype, first, rows, out + (size_t)r[0].to * bytes);
  char *block = rows > 1 ? vs_new((size_t)rows * bytes) : out + (size_t)r[0].to * bytes;
  if (!block) return -1;
  int rc = read_locked(d, dtype, first, rows, block);
  for (int64_t i = 0; rc == 0 && i < n; i++) {
    char *to = out + (size_t)r[i].to * bytes, *from = block + (size_t)(r[i].row - first) * bytes;
    if (to != from) memcpy(to, from, bytes);
  }
  if (rows > 1) free(block);
  return rc;
}

int vs_h5_gather(vs_h5data *d, vs_dtype dtype, const vs_h5place *r, int64_t n, void *out) {
  size_t bytes = (size_t)d->info.row * vs_dtype_size(dtype);
  int rc = 0;
  vs_h5_lock();
  for (int64_t i = 0, j; rc == 0 && i < n; i = j) {
    for (j = i + 1; j < n && r[j].row - r[j - 1].row <= 1; j++) {
    }
    rc = read_run(d, dtype, r + i, j - i, out, bytes);
  }
  vs_h5_unlock();
  return rc;
}

int64_t *vs_h5_read_ints(vs_h5data *d) {
  int64_t n = d->info.dims[0] * d->info.row;
  if (n > (int64_t)(SIZE_MAX / 16)) return vs_h5_bad(d, "too large"), NULL;
  int64_t *v = vs_new((size_t)VS_MAX(n, 1) * sizeof *v);
  if (v && vs_h5_read(d, VS_INT64, 0, d->info.dims[0], v)) {
    free(v);
    return NULL;
  }
  return v;
}

/* --- strings --- */

static void *alloc_string(size_t n, void *arg) {
  (void)arg;
  return n > VS_H5_MAX_STRING ? NULL : malloc(n);
}
static void free_string(void *p, void *arg) {
  (void)arg;
  free(p);
}

/* Strings of varying length.  Rows of a hostile file may share bytes: hence the limit. */
static int read_varying(vs_h5data *d, hid_t type, int64_t first, int64_t n, vs_strings *out) {
  char **p = vs_new0((size_t)n * sizeof *p);
  if (!p) return -1;
  hid_t mem, space = vs_h5_select_rows(d, first, n, &mem), dxpl = H5Pcreate(H5P_DATASET_XFER);
  H5Pset_vlen_mem_manager(dxpl, alloc_string, NULL, free_string, NULL);
  int rc = H5Dread(d->id, type, mem, space, dxpl, p) < 0 ? vs_h5_data_fail(d, "cannot be read") : 0;
  for (int64_t i = 0; rc == 0 && i < n; i++) {
    const char *s = p[i] ? p[i] : "";
    rc = vs_strings_add(out, s, strlen(s));
    if (rc == 0 && out->at[out->n] - out->n > d->file->bytes)
      rc = vs_h5_bad(d, "its strings have more bytes than the file");
  }
  for (int64_t i = 0; i < n; i++) free(p[i]);
  free(p);
  H5Pclose(dxpl);
  H5Sclose(space);
  H5Sclose(mem);
  return rc;
}

static int read_fixed(vs_h5data *d, hid_t type, int64_t first, int64_t n, vs_strings *out) {
  size_t size = (size_t)d->info.size;
  char *p = vs_new0((size_t)n * size);
  int rc = p ? vs_h5_read_rows(d, type, first, n, p) : -1;
  for (int64_t i = 0; rc == 0 && i < n; i++) {
    const char *s = p + (size_t)i * size;
    rc = vs_strings_add(out, s, vs_h5_text_length(s, size, type));
  }
  free(p);
  return rc;
}

int vs_h5_read_string(vs_h5data *d, int64_t row, vs_strings *out) {
  vs_h5_lock();
  hid_t type = H5Dget_type(d->id);
  int rc = read_fixed(d, type, row, 1, out);
  H5Tclose(type);
  vs_h5_unlock();
  return rc;
}

/* Strings of varying length, read by a child process: all are read, [first, first+count) are kept.
 * 1: no child could be started. */
static int read_apart(vs_h5data *d, int64_t first, int64_t count, vs_strings *out) {
  vs_strings all = {0};
  int rc = vs_h5_strings_apart(d->file, d->name, &all);
  if (rc == 0 && all.n != d->info.dims[0]) rc = vs_h5_bad(d, "damaged (libhdf5 fails on it)");
  for (int64_t i = first; rc == 0 && i < first + count; i++)
    rc = vs_strings_add(out, vs_strings_get(&all, i), vs_strings_len(&all, i));
  vs_strings_free(&all);
  return rc;
}

int vs_h5_read_some_strings(vs_h5data *d, int64_t first, int64_t count, vs_strings *out) {
  if (d->info.kind != VS_H5_STRINGS || d->info.row != 1)
    return vs_h5_bad(d, "expected a list of strings");
  if (first < 0 || count < 0 || first > d->info.dims[0] - count)
    return vs_h5_bad(d, "rows %lld to %lld of %lld", (long long)first + 1,
                     (long long)(first + count), (long long)d->info.dims[0]);
  bool varying = d->info.varying;
  int rc = varying && !d->file->in_child ? read_apart(d, first, count, out) : 1;
  if (rc <= 0) return rc;
  rc = 0;
  vs_h5_lock();
  hid_t type = H5Dget_type(d->id);
  for (int64_t i = 0, n; rc == 0 && i < count; i += n) {
    n = VS_MIN(varying ? STRING_BLOCK : VS_MAX(1, (4 << 20) / d->info.size), count - i);
    rc = (varying ? read_varying : read_fixed)(d, type, first + i, n, out);
  }
  H5Tclose(type);
  vs_h5_unlock();
  return rc;
}

int vs_h5_read_strings(vs_h5data *d, vs_strings *out) {
  return vs_h5_read_some_strings(d, 0, d->info.dims[0], out);
}
