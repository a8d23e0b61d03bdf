/* safetensors reading and writing.  See safetensors.h. */
#include "io/safetensors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/mem.h"
#include "io/file.h"
#include "io/json.h"
#include "io/mapping.h"

static const char *const dtype_names[VS_NDTYPE] = {
    [VS_FLOAT32] = "F32", [VS_FLOAT64] = "F64", [VS_FLOAT16] = "F16", [VS_BFLOAT16] = "BF16",
    [VS_INT64] = "I64",   [VS_INT32] = "I32",   [VS_UINT8] = "U8",    [VS_BOOL] = "BOOL"};

/* --- writing --- */

static int by_size_then_name(const void *a, const void *b) {
  const vs_named *x = a, *y = b;
  size_t sx = vs_dtype_size(x->t->dtype), sy = vs_dtype_size(y->t->dtype);
  return sx != sy ? (sx < sy) - (sx > sy) : strcmp(x->name, y->name);
}

static int by_key(const void *a, const void *b) {
  return strcmp(((const vs_pair *)a)->key, ((const vs_pair *)b)->key);
}

static size_t bytes_of(const vs_tensor *t) { return (size_t)t->numel * vs_dtype_size(t->dtype); }

static int put_metadata(vs_buffer *b, const vs_tensorfile *f) {
  vs_buffer_puts(b, "\"__metadata__\":{");
  for (int64_t i = 0; i < f->nmeta; i++) {
    const vs_pair *p = &f->meta[i];
    if (i > 0) vs_buffer_puts(b, ",");
    if (vs_json_put_string(b, p->key, strlen(p->key)) != 0) return -1;
    vs_buffer_puts(b, ":");
    if (vs_json_put_string(b, p->value, strlen(p->value)) != 0) return -1;
  }
  vs_buffer_puts(b, "}");
  return 0;
}

static int put_entry(vs_buffer *b, const vs_named *e, uint64_t first) {
  const vs_tensor *t = e->t;
  if (vs_json_put_string(b, e->name, strlen(e->name)) != 0) return vs_fail_prefix(e->name);
  vs_buffer_puts(b, ":{\"dtype\":\"");
  vs_buffer_puts(b, dtype_names[t->dtype]);
  vs_buffer_puts(b, "\",\"shape\":[");
  for (int d = 0; d < t->ndim; d++) {
    if (d > 0) vs_buffer_puts(b, ",");
    vs_json_put_int(b, t->shape[d]);
  }
  vs_buffer_puts(b, "],\"data_offsets\":[");
  vs_json_put_int(b, (int64_t)first);
  vs_buffer_puts(b, ",");
  vs_json_put_int(b, (int64_t)(first + bytes_of(t)));
  vs_buffer_puts(b, "]}");
  return 0;
}

static int put_header(vs_buffer *b, const vs_tensorfile *f) {
  uint64_t at = 0;
  vs_buffer_puts(b, "{");
  if (f->nmeta > 0 && put_metadata(b, f) != 0) return -1;
  for (int64_t i = 0; i < f->n; i++) {
    if (i > 0 || f->nmeta > 0) vs_buffer_puts(b, ",");
    if (put_entry(b, &f->tensor[i], at) != 0) return -1;
    at += bytes_of(f->tensor[i].t);
  }
  vs_buffer_puts(b, "}");
  while (!b->failed && b->n % 8 != 0) vs_buffer_puts(b, " ");
  return b->failed ? -1 : 0;
}

static int write_tensor(vs_outfile *o, vs_tensor *t) {
  vs_tensor *whole = vs_contiguous(t);
  if (!whole) return -1;
  int rc = vs_outfile_write(o, vs_data(whole), bytes_of(whole));
  vs_unref(whole);
  return rc;
}

int vs_safetensors_save(const char *path, vs_tensorfile *f) {
  vs_buffer header = {0};
  vs_outfile o = {0};
  unsigned char length[8];
  int rc = -1;
  if (f->n > 0) qsort(f->tensor, (size_t)f->n, sizeof *f->tensor, by_size_then_name);
  if (f->nmeta > 0) qsort(f->meta, (size_t)f->nmeta, sizeof *f->meta, by_key);
  if (put_header(&header, f) != 0) goto done;
  if (header.n > VS_SAFETENSORS_MAX_HEADER) {
    vs_fail_file(path, "the names and metadata take more than 100 MiB");
    goto done;
  }
  for (int i = 0; i < 8; i++) length[i] = (unsigned char)((uint64_t)header.n >> 8 * i);
  if (vs_outfile_open(&o, path) != 0) goto done;
  if (vs_outfile_write(&o, length, 8) != 0) goto done;
  if (vs_outfile_write(&o, header.data, header.n) != 0) goto done;
  for (int64_t i = 0; i < f->n; i++) {
    if (write_tensor(&o, f->tensor[i].t) != 0) goto done;
  }
  rc = vs_outfile_commit(&o);
done:
  vs_outfile_abandon(&o);
  free(header.data);
  return rc;
}

/* --- reading --- */

/* One header entry, checked on its own. */
typedef struct entry {
  const char *name;
  vs_dtype dtype;
  int ndim;
  int64_t shape[VS_MAX_DIM];
  uint64_t first, last; /* bytes from the start of the data */
} entry;

static int by_offset(const void *a, const void *b) {
  const entry *x = a, *y = b;
  if (x->first != y->first) return x->first < y->first ? -1 : 1;
  if (x->last != y->last) return x->last < y->last ? -1 : 1;
  return strcmp(x->name, y->name);
}

static int read_dtype(const vs_json *v, entry *e, const char *path) {
  const char *name = v && vs_json_kind(v) == VS_JSON_STRING ? vs_json_string(v, NULL) : NULL;
  if (!name) return vs_fail_file(path, "tensor '%.100s': no dtype", e->name);
  for (int d = 0; d < VS_NDTYPE; d++) {
    if (strcmp(dtype_names[d], name) == 0) {
      e->dtype = (vs_dtype)d;
      return 0;
    }
  }
  return vs_fail_file(path,
                      "tensor '%.100s': dtype %.20s is not supported "
                      "(F32 F64 F16 BF16 I64 I32 U8 BOOL are)",
                      e->name, name);
}

static int read_shape(const vs_json *v, entry *e, const char *path) {
  if (!v || vs_json_kind(v) != VS_JSON_ARRAY) {
    return vs_fail_file(path, "tensor '%.100s': no shape", e->name);
  }
  if (vs_json_count(v) > VS_MAX_DIM) {
    return vs_fail_file(path, "tensor '%.100s': %zu dimensions, at most %d are supported", e->name,
                        vs_json_count(v), VS_MAX_DIM);
  }
  e->ndim = (int)vs_json_count(v);
  for (int d = 0; d < e->ndim; d++) {
    const vs_json *s = vs_json_at(v, (size_t)d);
    if (vs_json_kind(s) != VS_JSON_INT || vs_json_int(s) < 0) {
      return vs_fail_file(path, "tensor '%.100s': a size in its shape is not a whole number",
                          e->name);
    }
    e->shape[d] = vs_json_int(s);
  }
  return 0;
}

static int read_offsets(const vs_json *v, entry *e, uint64_t room, const char *path) {
  if (!v || vs_json_kind(v) != VS_JSON_ARRAY || vs_json_count(v) != 2 ||
      vs_json_kind(vs_json_at(v, 0)) != VS_JSON_INT ||
      vs_json_kind(vs_json_at(v, 1)) != VS_JSON_INT) {
    return vs_fail_file(path, "tensor '%.100s': data_offsets are not two whole numbers", e->name);
  }
  int64_t first = vs_json_int(vs_json_at(v, 0)), last = vs_json_int(vs_json_at(v, 1));
  if (first < 0 || last < first) {
    return vs_fail_file(path,
                        "tensor '%.100s': data_offsets [%" PRId64 ",%" PRId64 "] run backwards",
                        e->name, first, last);
  }
  if ((uint64_t)last > room) {
    return vs_fail_file(path,
                        "tensor '%.100s': its data ends at byte %" PRId64 ", the file has %" PRIu64
                        " bytes of data (truncated?)",
                        e->name, last, room);
  }
  int64_t n = vs_numel(e->ndim, e->shape);
  uint64_t bytes;
  if (n < 0 || __builtin_mul_overflow((uint64_t)n, (uint64_t)vs_dtype_size(e->dtype), &bytes) ||
      bytes != (uint64_t)(last - first)) {
    return vs_fail_file(path, "tensor '%.100s': %s %s does not have %" PRId64 " bytes", e->name,
                        dtype_names[e->dtype], vs_dims_str(e->ndim, e->shape), last - first);
  }
  e->first = (uint64_t)first;
  e->last = (uint64_t)last;
  return 0;
}

static int read_entry(void *member, entry *e, uint64_t room, const char *path) {
  size_t n;
  e->name = vs_json_key(member, &n);
  const vs_json *v = vs_json_value(member);
  if (strlen(e->name) != n) return vs_fail_file(path, "a name contains a zero byte");
  if (vs_json_kind(v) != VS_JSON_OBJECT) {
    return vs_fail_file(path, "header entry '%.100s' is not an object", e->name);
  }
  if (read_dtype(vs_json_get(v, "dtype"), e, path) != 0) return -1;
  if (read_shape(vs_json_get(v, "shape"), e, path) != 0) return -1;
  return read_offsets(vs_json_get(v, "data_offsets"), e, room, path);
}

/* Sorted by offset, the entries must follow one another from 0 to room. */
static int check_tiling(const entry *e, int64_t n, uint64_t room, const char *path) {
  uint64_t at = 0;
  for (int64_t i = 0; i < n; i++) {
    if (e[i].first != at) {
      return vs_fail_file(path,
                          "tensor '%.100s' starts at byte %" PRIu64
                          " of the data, the one before it ends at byte %" PRIu64,
                          e[i].name, e[i].first, at);
    }
    at = e[i].last;
  }
  if (at == room) return 0;
  return vs_fail_file(path, "%" PRIu64 " bytes after the last tensor", room - at);
}

static int check_bools(const unsigned char *p, const entry *e, const char *path) {
  for (uint64_t i = 0; i < e->last - e->first; i++) {
    if (p[i] > 1)
      return vs_fail_file(path, "tensor '%.100s': a BOOL is %d, expected 0 or 1", e->name, p[i]);
  }
  return 0;
}

static vs_tensor *make_tensor(vs_mapping *m, unsigned char *data, const entry *e,
                              const char *path) {
  unsigned char *p = data + e->first;
  if (e->dtype == VS_BOOL && check_bools(p, e, path) != 0) return NULL;
  return vs_mapping_tensor(m, p, e->dtype, e->ndim, e->shape);
}

static char *copy_text(const char *s) {
  size_t n = strlen(s) + 1;
  char *copy = vs_new(n);
  if (copy) memcpy(copy, s, n);
  return copy;
}

static int read_metadata(const vs_json *v, vs_tensorfile *f, const char *path) {
  if (vs_json_kind(v) != VS_JSON_OBJECT) return vs_fail_file(path, "__metadata__ is not an object");
  f->meta = vs_new0((vs_json_count(v) + 1) * sizeof *f->meta);
  if (!f->meta) return -1;
  for (void *it = vs_json_first(v); it; it = vs_json_next(v, it)) {
    const char *key = vs_json_key(it, NULL);
    if (vs_json_kind(vs_json_value(it)) != VS_JSON_STRING) {
      return vs_fail_file(path, "__metadata__ '%.100s' is not a string", key);
    }
    vs_pair *p = &f->meta[f->nmeta++];
    p->key = copy_text(key);
    p->value = copy_text(vs_json_string(vs_json_value(it), NULL));
    if (!p->key || !p->value) return -1;
  }
  return 0;
}

/* Fills e from the header and f->meta; returns how many entries there are. */
static int64_t read_entries(const vs_json *header, entry *e, vs_tensorfile *f, uint64_t room,
                            const char *path) {
  int64_t n = 0;
  for (void *it = vs_json_first(header); it; it = vs_json_next(header, it)) {
    if (strcmp(vs_json_key(it, NULL), "__metadata__") == 0) {
      if (read_metadata(vs_json_value(it), f, path) != 0) return -1;
    } else if (read_entry(it, &e[n++], room, path) != 0) {
      return -1;
    }
  }
  return n;
}

static vs_json *read_header(const vs_mapping *m, uint64_t *length, const char *path) {
  *length = 0;
  for (int i = 0; i < 8; i++) *length |= (uint64_t)m->base[i] << 8 * i;
  if (*length > VS_SAFETENSORS_MAX_HEADER) {
    vs_fail_file(path, "not a safetensors file (a header of %" PRIu64 " bytes)", *length);
    return NULL;
  }
  if (*length > m->size - 8) {
    vs_fail_file(path, "truncated: the header takes %" PRIu64 " bytes, the file has %zu for it",
                 *length, m->size - 8);
    return NULL;
  }
  vs_json *header = vs_json_parse((const char *)m->base + 8, (size_t)*length, path);
  if (header && vs_json_kind(header) != VS_JSON_OBJECT) {
    vs_fail_file(path, "the header is not an object");
    vs_json_free(header);
    return NULL;
  }
  return header;
}

/* Replaces the tensor by a copy that does not depend on the file. */
static int detach_from_file(vs_tensor **t) {
  vs_tensor *copy = vs_clone(*t);
  if (!copy) return -1;
  vs_unref(*t);
  *t = copy;
  return 0;
}

vs_tensorfile *vs_safetensors_load(const char *path, bool mapped) {
  vs_tensorfile *f = NULL;
  entry *e = NULL;
  uint64_t length;
  bool good = false;
  vs_mapping *m = vs_mapping_open(path, 8, "a safetensors file");
  vs_json *header = m ? read_header(m, &length, path) : NULL;
  if (!header) goto done;
  f = vs_new0(sizeof *f);
  e = vs_new0((vs_json_count(header) + 1) * sizeof *e);
  if (!f || !e) goto done;
  uint64_t room = m->size - 8 - length;
  int64_t n = read_entries(header, e, f, room, path);
  if (n < 0) goto done;
  qsort(e, (size_t)n, sizeof *e, by_offset);
  if (check_tiling(e, n, room, path) != 0) goto done;
  f->tensor = vs_new0(((size_t)n + 1) * sizeof *f->tensor);
  if (!f->tensor) goto done;
  for (; f->n < n; f->n++) {
    vs_named *out = &f->tensor[f->n];
    out->name = copy_text(e[f->n].name);
    out->t = out->name ? make_tensor(m, m->base + 8 + length, &e[f->n], path) : NULL;
    if (!out->t || (!mapped && detach_from_file(&out->t) != 0)) {
      vs_unref(out->t);
      free(out->name);
      goto done;
    }
  }
  good = true;
done:
  free(e);
  vs_json_free(header);
  vs_mapping_unref(m);
  if (good) return f;
  vs_tensorfile_free(f);
  return NULL;
}

void vs_tensorfile_free(vs_tensorfile *f) {
  if (!f) return;
  for (int64_t i = 0; i < f->n; i++) {
    free(f->tensor[i].name);
    vs_unref(f->tensor[i].t);
  }
  for (int64_t i = 0; i < f->nmeta; i++) {
    free(f->meta[i].key);
    free(f->meta[i].value);
  }
  free(f->tensor);
  free(f->meta);
  free(f);
}
