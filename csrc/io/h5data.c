/* HDF5 data sets: opening with checks, and how many chunks are kept in memory.  See h5.h; h5read.c
 * reads them, h5write.c makes them. */
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
  CACHE_MOST = 256 << 20,
  FILL_MOST = 64 << 20, /* bytes of fill values that are read at once */
  SLOTS_MOST = 1 << 20
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

int vs_h5_data_fail(const vs_h5data *d, const char *what) {
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
  if (type < 0) return vs_h5_data_fail(d, "broken type");
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
  if (f->size < 1) return vs_h5_bad(d, "damaged (elements of 0 bytes)");
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
  if (nd < 0) return vs_h5_data_fail(d, "broken shape");
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
  int rc = H5Dget_num_chunks(d->id, space, &there) < 0 ? vs_h5_data_fail(d, "broken chunks") : 0;
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

vs_h5data *vs_h5_data_new(vs_h5 *h, const char *name) {
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
  vs_h5data *d = vs_h5_data_new(h, name);
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
    vs_h5_data_fail(d, "cannot be opened");
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
