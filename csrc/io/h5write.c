/* HDF5 data sets: making them, and appending rows.  See h5.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/mem.h"
#include "core/tensor.h"
#include "io/h5priv.h"

enum { STRING_CHUNK = 1 << 18 /* bytes */ };

static vs_h5data *create(vs_h5 *h, const char *name, hid_t type, int ndim, const int64_t *dims,
                         int64_t chunk, int gzip) {
  vs_h5data *d = vs_h5_data_new(h, name);
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
  if (d->id < 0) vs_h5_data_fail(d, "cannot be written");
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
  hid_t half = dtype == VS_FLOAT16 ? vs_h5_half_type() : -1;
  hid_t type = half >= 0 ? half : vs_h5_native_type(dtype == VS_FLOAT64 ? VS_FLOAT32 : dtype);
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
  if (H5Dset_extent(d->id, dims) < 0) return vs_h5_data_fail(d, "cannot be written");
  hid_t mem, space = vs_h5_select_rows(d, d->rows, n, &mem);
  int rc = 0;
  if (H5Dwrite(d->id, type, mem, space, H5P_DEFAULT, rows) < 0)
    rc = vs_h5_data_fail(d, "cannot be written");
  else
    d->rows += n;
  H5Sclose(space);
  H5Sclose(mem);
  return rc;
}

int vs_h5_append(vs_h5data *d, vs_dtype dtype, int64_t n, const void *rows) {
  if (n == 0) return 0;
  vs_h5_lock();
  hid_t half = dtype == VS_FLOAT16 ? vs_h5_half_type() : -1;
  int rc = append_locked(d, half >= 0 ? half : vs_h5_native_type(dtype), n, rows);
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
    rc = vs_h5_read_rows(d, type, i, n, rows);
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
      rc = vs_h5_data_fail(d, "cannot be written");
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
