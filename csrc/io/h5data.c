/* HDF5 data sets: opening with checks, reading rows, growing.  See h5.h. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/mem.h"
#include "core/tensor.h"
#include "io/h5priv.h"

enum {
  STRING_BLOCK = 4096,
  STRING_CHUNK = 1 << 18 /* bytes */,
  CACHE_MOST = 256 << 20,
  FILL_MOST = 64 << 20, /* bytes of fill values that are read at once */
  SLOTS_MOST = 1 << 20
};

struct vs_h5data {
  vs_h5 *file; /* borrowed: lives longer */
  hid_t id;
  int64_t rows;  /* written so far */
  int64_t kept;  /* chunks of rows that the library's cache has room for */
  int64_t most;  /* bytes that the file can hold */
  double places; /* slots that the library numbers its chunks by */
  vs_h5info info;
  char name[VS_H5_MAX_NAME], at[VS_H5_MAX_NAME]; /* as asked for; without soft links */
};

const vs_h5info *vs_h5_info(const vs_h5data *d) { return &d->info; }
const char *vs_h5_name(const vs_h5data *d) { return d->name; }

int vs_h5_bad(const vs_h5data *d, const char *fmt, ...) {
  char text[512];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  return vs_fail_file(d->file->path, "%s: %s", d->name, text);
}

static int lib_fail(const vs_h5data *d, const char *what) {
  return vs_h5_fail(d->file->path, d->name, what);
}

/* --- opening --- */

/* Whether a type is what h5py stores numpy's bool as: bytes named FALSE and TRUE. */
static bool is_bool(hid_t type) {
  static const char *const names[2] = {"FALSE", "TRUE"};
  bool good = H5Tget_size(type) == 1 && H5Tget_nmembers(type) == 2;
  for (unsigned i = 0; good && i < 2; i++) {
    char *name = H5Tget_member_name(type, i);
    unsigned char value = 2;
    good = name && H5Tget_member_value(type, i, &value) >= 0 && value < 2 &&
           !strcmp(name, names[value]);
    if (name) H5free_memory(name);
  }
  return good;
}

static int read_type(vs_h5data *d) {
  vs_h5info *f = &d->info;
  hid_t type = H5Dget_type(d->id);
  if (type < 0) return lib_fail(d, "broken type");
  H5T_class_t c = H5Tget_class(type);
  f->kind = c == H5T_INTEGER  ? VS_H5_INTS
            : c == H5T_FLOAT  ? VS_H5_REALS
            : c == H5T_STRING ? VS_H5_STRINGS
                              : VS_H5_OTHER;
  f->is_bool = c == H5T_ENUM && is_bool(type);
  if (f->is_bool) f->kind = VS_H5_INTS;
  f->size = (int)VS_MIN(H5Tget_size(type), VS_H5_MAX_STRING + 1);
  f->is_signed = c == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_2;
  f->varying = c == H5T_STRING && H5Tis_variable_str(type) > 0;
  H5Tclose(type);
  if (f->size > VS_H5_MAX_STRING)
    return vs_h5_bad(d, "elements of more than %d bytes", VS_H5_MAX_STRING);
  return 0;
}

static int read_shape(vs_h5data *d) {
  vs_h5info *f = &d->info;
  hsize_t dims[H5S_MAX_RANK];
  hid_t space = H5Dget_space(d->id);
  int nd = H5Sget_simple_extent_ndims(space);
  if (nd >= 0) H5Sget_simple_extent_dims(space, dims, NULL);
  hssize_t npoints = H5Sget_simple_extent_npoints(space);
  H5Sclose(space);
  if (nd < 0) return lib_fail(d, "broken shape");
  if (nd > VS_MAX_DIM) return vs_h5_bad(d, "%d dimensions, expected at most %d", nd, VS_MAX_DIM);
  f->row = 1;
  if (nd == 0) {
    if (npoints != 1) return vs_h5_bad(d, "has no elements");
    f->scalar = true;
    f->ndim = 1;
    f->dims[0] = 1;
    return 0;
  }
  f->ndim = nd;
  for (int i = 0; i < nd; i++) {
    if (dims[i] > (hsize_t)INT64_MAX / 2) return vs_h5_bad(d, "broken shape");
    f->dims[i] = (int64_t)dims[i];
    if (i == 0) continue;
    if (f->dims[i] == 0) return vs_h5_bad(d, "dimension %d has size 0", i + 1);
    if (__builtin_mul_overflow(f->row, f->dims[i], &f->row)) return vs_h5_bad(d, "broken shape");
  }
  return 0;
}

/* Whether chunks of the data set are missing in the file; -1 on failure. */
static int lacks_chunks(const vs_h5data *d, const hsize_t *chunk) {
  double expected = 1;
  hsize_t there = 0;
  hid_t space = H5Dget_space(d->id);
  for (int i = 0; i < d->info.ndim; i++)
    expected *= ceil((double)d->info.dims[i] / (double)chunk[i]);
  int rc = H5Dget_num_chunks(d->id, space, &there) < 0 ? lib_fail(d, "broken chunks") : 0;
  H5Sclose(space);
  return rc ? -1 : (double)there < expected;
}

/* Checks that the file has as many bytes as the shape needs; only then may such sizes be
 * allocated. */
static int check_storage(vs_h5data *d) {
  vs_h5info *f = &d->info;
  int missing = 0;
  int64_t together = f->size; /* bytes of a chunk, which the library reads whole */
  hid_t plist = H5Dget_create_plist(d->id);
  H5D_layout_t layout = H5Pget_layout(plist);
  int filters = H5Pget_nfilters(plist), outside = H5Pget_external_count(plist);
  hsize_t chunk[H5S_MAX_RANK];
  if (layout == H5D_CHUNKED && H5Pget_chunk(plist, H5S_MAX_RANK, chunk) == f->ndim) {
    f->chunk = (int64_t)VS_MIN(chunk[0], (hsize_t)INT64_MAX / 2);
    f->band = (double)chunk[0] * f->size;
    d->places = ceil((double)f->dims[0] / (double)chunk[0]);
    for (int i = 1; i < f->ndim; i++) {
      double across = ceil((double)f->dims[i] / (double)chunk[i]);
      f->band *= across * (double)chunk[i];
      d->places *= exp2(ceil(log2(across)));
    }
    for (int i = 0; i < f->ndim; i++)
      if (__builtin_mul_overflow(together, chunk[i], &together)) together = INT64_MAX;
    missing = lacks_chunks(d, chunk);
  }
  H5Pclose(plist);
  f->filtered = filters > 0;
  if (missing < 0) return -1;
  if (outside > 0 || (layout != H5D_CHUNKED && layout != H5D_CONTIGUOUS && layout != H5D_COMPACT))
    return vs_h5_bad(d, "its data lie in another file, which is not supported");
  int64_t promised, stored = (int64_t)VS_MIN(H5Dget_storage_size(d->id), (hsize_t)INT64_MAX / 2048);
  if (__builtin_mul_overflow(f->row, f->dims[0], &promised) ||
      __builtin_mul_overflow(promised, (int64_t)f->size, &promised))
    return vs_h5_bad(d, "shape %s is too large", vs_dims_str(f->ndim, f->dims));
  if (layout != H5D_COMPACT && stored > d->file->bytes)
    return vs_h5_bad(d, "has %lld bytes by its header, the file has %lld", (long long)stored,
                     (long long)d->file->bytes);
  int64_t most = d->most = stored * (filters > 0 ? VS_H5_MAX_RATIO : 1);
  f->partial = missing || (promised > 0 && stored == 0 && layout == H5D_CONTIGUOUS);
  if (promised > most && !f->partial)
    return vs_h5_bad(d, "shape %s needs %lld bytes, the file holds %lld",
                     vs_dims_str(f->ndim, f->dims), (long long)promised, (long long)stored);
  if (promised > 0 && layout == H5D_CHUNKED &&
      together > (f->partial ? VS_MAX(most, FILL_MOST) : most))
    return vs_h5_bad(d, "chunks of %lld bytes, the file holds %lld", (long long)together,
                     (long long)stored);
  return 0;
}

/* Opens the data set again with a cache for so many chunks of rows; first closed, since the library
 * gives every handle of a data set the cache of the first one (so does a second opening of the same
 * file: its cache stays what the other made it).  The cache's table has a slot for every chunk: two
 * chunks that share a slot would evict each other. */
static void set_cache(vs_h5data *d, int64_t chunks) {
  const vs_h5info *f = &d->info;
  size_t slots = (size_t)VS_MIN(VS_MAX(d->places + 1, 521), SLOTS_MOST);
  hid_t dapl = H5Pcreate(H5P_DATASET_ACCESS);
  H5Pset_chunk_cache(dapl, slots, (size_t)(f->band * (double)chunks), 0);
  H5Dclose(d->id);
  d->id = H5Dopen2(d->file->id, d->at, dapl);
  if (d->id < 0) d->id = H5Dopen2(d->file->id, d->at, H5P_DEFAULT);
  d->kept = chunks;
  H5Pclose(dapl);
}

/* Room for some chunks where they are compressed and hold several rows: otherwise each row of a
 * large chunk would decompress the whole chunk again.  None where they lie in the file as they are:
 * the library then reads only the rows that are asked for. */
static void widen_cache(vs_h5data *d) {
  const vs_h5info *f = &d->info;
  if (f->chunk >= 1 && !f->filtered) {
    set_cache(d, 0);
    return;
  }
  if (f->chunk < 2 || 4 * f->band > CACHE_MOST) return;
  double all = ceil((double)f->dims[0] / (double)f->chunk);
  set_cache(d, (int64_t)VS_MIN(VS_MAX((double)d->file->cache / f->band, 4), VS_MAX(all, 1)));
}

int vs_h5_keep(vs_h5data *d, int64_t chunks) {
  const vs_h5info *f = &d->info;
  if (f->chunk < 1 || !f->filtered) return 0;
  chunks = VS_MIN(chunks, (f->dims[0] + f->chunk - 1) / f->chunk);
  if (f->band * (double)chunks > VS_H5_MAX_KEPT)
    return vs_fail("%lld chunks of %s in %s take %.0f MB of memory, the limit is %d",
                   (long long)chunks, d->name, d->file->path, f->band * (double)chunks / 1e6,
                   VS_H5_MAX_KEPT / 1000000);
  vs_h5_lock();
  if (chunks > d->kept) set_cache(d, chunks);
  vs_h5_unlock();
  return 0;
}

static vs_h5data *new_data(vs_h5 *h, const char *name) {
  vs_h5data *d = vs_new0(sizeof *d);
  if (!d) return NULL;
  d->file = h;
  d->id = -1;
  snprintf(d->name, sizeof d->name, "%s", name);
  return d;
}

static int64_t stored_bytes(const vs_h5data *d) {
  vs_h5_lock();
  int64_t n = (int64_t)VS_MIN(H5Dget_storage_size(d->id), (hsize_t)INT64_MAX);
  vs_h5_unlock();
  return n;
}

int vs_h5_rows_fit(const vs_h5data *d, int64_t n) {
  const vs_h5info *f = &d->info;
  int64_t bytes;
  if (!f->partial) return 0;
  if (!__builtin_mul_overflow(n, f->row, &bytes) &&
      !__builtin_mul_overflow(bytes, (int64_t)f->size, &bytes) &&
      bytes <= VS_MAX(d->most, FILL_MOST))
    return 0;
  return vs_h5_bad(d, "is written in part: %lld rows are more than the file holds, read fewer",
                   (long long)n);
}

vs_h5data *vs_h5_data(vs_h5 *h, const char *name) {
  vs_h5data *d = vs_h5_data_partial(h, name);
  if (!d || !d->info.partial) return d;
  vs_h5_bad(d, "is written in part: of the shape %s the file holds %lld bytes",
            vs_dims_str(d->info.ndim, d->info.dims), (long long)stored_bytes(d));
  vs_h5_data_close(d);
  return NULL;
}

vs_h5data *vs_h5_data_partial(vs_h5 *h, const char *name) {
  vs_h5data *d = new_data(h, name);
  if (!d) return NULL;
  int rc = -1;
  vs_h5_lock();
  int found = vs_h5_resolve(h, name, d->at);
  if (found <= 0 || !vs_h5_is(h, d->at, H5I_DATASET)) {
    H5Eclear2(H5E_DEFAULT);
    if (found >= 0) vs_h5_bad(d, "no such data set");
    goto done;
  }
  d->id = H5Dopen2(h->id, d->at, H5P_DEFAULT);
  if (d->id < 0) {
    lib_fail(d, "cannot be opened");
    goto done;
  }
  if (read_type(d) || read_shape(d) || check_storage(d)) goto done;
  d->rows = d->info.dims[0];
  widen_cache(d);
  rc = 0;
done:
  vs_h5_unlock();
  if (rc) {
    vs_h5_data_close(d);
    return NULL;
  }
  return d;
}

void vs_h5_data_close(vs_h5data *d) {
  if (!d) return;
  vs_h5_lock();
  if (d->id >= 0) H5Dclose(d->id);
  vs_h5_unlock();
  free(d);
}

/* --- reading --- */

static hid_t native_type(vs_dtype dtype) {
  switch (dtype) {
    case VS_BOOL:
    case VS_UINT8: return H5T_NATIVE_UINT8;
    case VS_INT32: return H5T_NATIVE_INT32;
    case VS_INT64: return H5T_NATIVE_INT64;
    case VS_FLOAT64: return H5T_NATIVE_DOUBLE;
    default: return H5T_NATIVE_FLOAT;
  }
}

/* IEEE binary16, which the library does not define before 1.14.4. */
static hid_t half_type(void) {
  hid_t t = H5Tcopy(H5T_NATIVE_FLOAT);
  H5Tset_fields(t, 15, 10, 5, 0, 10);
  H5Tset_size(t, 2);
  H5Tset_ebias(t, 15);
  return t;
}

/* Selects rows [first, first+n) of the file; *mem is the matching memory space. */
static hid_t select_rows(vs_h5data *d, int64_t first, int64_t n, hid_t *mem) {
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

static int read_rows(vs_h5data *d, hid_t type, int64_t first, int64_t n, void *out) {
  hid_t mem, space = select_rows(d, first, n, &mem), dxpl = H5Pcreate(H5P_DATASET_XFER);
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
             : lib_fail(d, what);
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
  hid_t type = half_type();
  int rc = read_rows(d, type, first, n, half);
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
  if (read_rows(d, native_type(dtype), first, n, out)) return -1;
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
  hid_t mem, space = select_rows(d, first, n, &mem), dxpl = H5Pcreate(H5P_DATASET_XFER);
  H5Pset_vlen_mem_manager(dxpl, alloc_string, NULL, free_string, NULL);
  int rc = H5Dread(d->id, type, mem, space, dxpl, p) < 0 ? lib_fail(d, "cannot be read") : 0;
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
  int rc = p ? read_rows(d, type, first, n, p) : -1;
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

/* --- writing --- */

static vs_h5data *create(vs_h5 *h, const char *name, hid_t type, int ndim, const int64_t *dims,
                         int64_t chunk, int gzip) {
  vs_h5data *d = new_data(h, name);
  if (!d) return NULL;
  hsize_t now[VS_MAX_DIM], most[VS_MAX_DIM], chunks[VS_MAX_DIM];
  d->info.ndim = ndim;
  d->info.row = 1;
  for (int i = 0; i < ndim; i++) {
    now[i] = most[i] = chunks[i] = i ? (hsize_t)dims[i] : 0;
    d->info.dims[i] = i ? dims[i] : 0;
    if (i) d->info.row *= dims[i];
  }
  most[0] = H5S_UNLIMITED;
  chunks[0] = (hsize_t)chunk;
  hid_t space = H5Screate_simple(ndim, now, most), plist = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_obj_track_times(plist, false); /* the same data give the same bytes */
  H5Pset_chunk(plist, ndim, chunks);
  if (gzip > 0 && H5Zfilter_avail(H5Z_FILTER_DEFLATE) > 0) {
    H5Pset_shuffle(plist);
    H5Pset_deflate(plist, (unsigned)gzip);
  }
  d->id = H5Dcreate2(h->id, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
  if (d->id < 0) lib_fail(d, "cannot be written");
  H5Pclose(plist);
  H5Sclose(space);
  return d;
}

/* Closes a data set that could not be made. */
static vs_h5data *made(vs_h5data *d) {
  if (!d || d->id >= 0) return d;
  vs_h5_data_close(d);
  return NULL;
}

vs_h5data *vs_h5_new(vs_h5 *h, const char *name, vs_dtype dtype, int ndim, const int64_t *dims,
                     int64_t chunk, int gzip) {
  vs_h5_lock();
  hid_t half = dtype == VS_FLOAT16 ? half_type() : -1;
  hid_t type = half >= 0 ? half : native_type(dtype == VS_FLOAT64 ? VS_FLOAT32 : dtype);
  vs_h5data *d = create(h, name, type, ndim, dims, chunk, gzip);
  if (half >= 0) H5Tclose(half);
  vs_h5_unlock();
  return made(d);
}

static vs_h5data *create_strings(vs_h5 *h, const char *name, size_t size) {
  int64_t chunk = VS_MAX(1, (int64_t)(STRING_CHUNK / size));
  hid_t type = vs_h5_text_type(size);
  vs_h5data *d = create(h, name, type, 1, &chunk, chunk, 6);
  H5Tclose(type);
  if (d) d->info.size = (int)size;
  return d;
}

vs_h5data *vs_h5_new_strings(vs_h5 *h, const char *name) {
  vs_h5_lock();
  vs_h5data *d = create_strings(h, name, 1);
  vs_h5_unlock();
  return made(d);
}

static int append_locked(vs_h5data *d, hid_t type, int64_t n, const void *rows) {
  hsize_t dims[VS_MAX_DIM];
  d->info.dims[0] = d->rows + n;
  for (int i = 0; i < d->info.ndim; i++) dims[i] = (hsize_t)d->info.dims[i];
  if (H5Dset_extent(d->id, dims) < 0) return lib_fail(d, "cannot be written");
  hid_t mem, space = select_rows(d, d->rows, n, &mem);
  int rc = 0;
  if (H5Dwrite(d->id, type, mem, space, H5P_DEFAULT, rows) < 0)
    rc = lib_fail(d, "cannot be written");
  else
    d->rows += n;
  H5Sclose(space);
  H5Sclose(mem);
  return rc;
}

int vs_h5_append(vs_h5data *d, vs_dtype dtype, int64_t n, const void *rows) {
  if (n == 0) return 0;
  vs_h5_lock();
  hid_t half = dtype == VS_FLOAT16 ? half_type() : -1;
  int rc = append_locked(d, half >= 0 ? half : native_type(dtype), n, rows);
  if (half >= 0) H5Tclose(half);
  vs_h5_unlock();
  return rc;
}

/* Copies all strings of d to a new data set for longer ones, which takes its name. */
static int copy_wider(vs_h5data *d, vs_h5data *wide, hid_t type) {
  int64_t block = VS_MAX(1, STRING_CHUNK / wide->info.size);
  char *rows = vs_new((size_t)block * (size_t)wide->info.size);
  int rc = rows ? 0 : -1;
  for (int64_t i = 0, n; rc == 0 && i < d->rows; i += n) {
    n = VS_MIN(block, d->rows - i);
    rc = read_rows(d, type, i, n, rows);
    if (rc == 0) rc = append_locked(wide, type, n, rows);
  }
  free(rows);
  return rc;
}

static int widen(vs_h5data *d, size_t size) {
  char name[VS_H5_MAX_NAME + 1];
  snprintf(name, sizeof name, "%s~", d->name);
  vs_h5data *wide = create_strings(d->file, name, size);
  if (!wide || wide->id < 0) {
    free(wide);
    return -1;
  }
  hid_t type = vs_h5_text_type(size);
  int rc = copy_wider(d, wide, type);
  H5Tclose(type);
  if (rc == 0) {
    hid_t old = d->id;
    d->id = wide->id;
    d->info = wide->info;
    wide->id = old;
    if (H5Ldelete(d->file->id, d->name, H5P_DEFAULT) < 0 ||
        H5Lmove(d->file->id, name, H5L_SAME_LOC, d->name, H5P_DEFAULT, H5P_DEFAULT) < 0)
      rc = lib_fail(d, "cannot be written");
  }
  H5Dclose(wide->id);
  free(wide);
  return rc;
}

static int append_strings(vs_h5data *d, const vs_strings *s) {
  size_t longest = 1;
  for (int64_t i = 0; i < s->n; i++) longest = VS_MAX(longest, vs_strings_len(s, i));
  if (longest > VS_H5_MAX_STRING)
    return vs_h5_bad(d, "a string of %zu bytes, at most %d", longest, VS_H5_MAX_STRING);
  size_t size = (size_t)d->info.size;
  if (longest > size) {
    size = VS_MAX((longest + 7) / 8 * 8, d->rows ? size + size / 2 : 0);
    if (widen(d, VS_MIN(size, VS_H5_MAX_STRING))) return -1;
    size = (size_t)d->info.size;
  }
  int64_t block = VS_MAX(1, (int64_t)(STRING_CHUNK / size));
  char *rows = vs_new((size_t)block * size);
  if (!rows) return -1;
  hid_t type = vs_h5_text_type(size);
  int rc = 0;
  for (int64_t i = 0, n; rc == 0 && i < s->n; i += n) {
    n = VS_MIN(block, s->n - i);
    memset(rows, 0, (size_t)n * size);
    for (int64_t k = 0; k < n; k++)
      memcpy(rows + (size_t)k * size, vs_strings_get(s, i + k), vs_strings_len(s, i + k));
    rc = append_locked(d, type, n, rows);
  }
  H5Tclose(type);
  free(rows);
  return rc;
}

int vs_h5_append_strings(vs_h5data *d, const vs_strings *s) {
  if (s->n == 0) return 0;
  vs_h5_lock();
  int rc = append_strings(d, s);
  vs_h5_unlock();
  return rc;
}
