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
#include "io/safeheader.h"

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
  vs_buffer_puts(b, vs_safe_dtype(t->dtype));
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

static int check_bools(const unsigned char *p, uint64_t n, const char *name, const char *path) {
  for (uint64_t i = 0; i < n; i++)
    if (p[i] > 1)
      return vs_fail_file(path, "tensor '%.100s': a BOOL is %d, expected 0 or 1", name, p[i]);
  return 0;
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

static int read_header(vs_safeheader *h, const vs_mapping *m, uint64_t *length, const char *path) {
  *length = 0;
  for (int i = 0; i < 8; i++) *length |= (uint64_t)m->base[i] << 8 * i;
  if (*length > VS_SAFETENSORS_MAX_HEADER) {
    return vs_fail_file(path, "not a safetensors file (a header of %" PRIu64 " bytes)", *length);
  }
  if (*length > m->size - 8) {
    return vs_fail_file(path,
                        "truncated: the header takes %" PRIu64 " bytes, the file has %zu for it",
                        *length, m->size - 8);
  }
  return vs_safeheader_read(h, (const char *)m->base + 8, (size_t)*length, m->size - 8 - *length,
                            path);
}

/* The tensor at p; a copy that does not depend on the file unless mapped. */
static vs_tensor *make_tensor(vs_mapping *m, unsigned char *p, const vs_safeentry *e,
                              const char *name, bool mapped, const char *path) {
  if (e->element.dtype == VS_BOOL && check_bools(p, e->last - e->first, name, path)) return NULL;
  vs_tensor *t = vs_mapping_elements(m, p, e->element, e->ndim, e->shape, path);
  if (!t || mapped) return t;
  vs_tensor *copy = vs_clone(t);
  vs_unref(t);
  return copy;
}

/* Moves the names of h to f and makes the tensors, whose data begins at `data`. */
static int read_tensors(vs_tensorfile *f, vs_safeheader *h, vs_mapping *m, unsigned char *data,
                        bool mapped, const char *path) {
  f->tensor = vs_new0(((size_t)h->n + 1) * sizeof *f->tensor);
  if (!f->tensor) return -1;
  f->names = h->names.pool;
  h->names.pool = NULL;
  for (; f->n < h->n; f->n++) {
    const vs_safeentry *e = &h->entry[f->n];
    vs_named *out = &f->tensor[f->n];
    out->name = f->names + h->names.item[e->name].at;
    out->t = make_tensor(m, data + e->first, e, out->name, mapped, path);
    if (!out->t) return -1;
  }
  return 0;
}

vs_tensorfile *vs_safetensors_load(const char *path, bool mapped) {
  vs_safeheader h = {0};
  uint64_t length;
  bool good = false;
  vs_mapping *m = vs_mapping_open(path, 8, "a safetensors file");
  vs_tensorfile *f = m ? vs_new0(sizeof *f) : NULL;
  if (!f || read_header(&h, m, &length, path) != 0) goto done;
  if (h.meta && read_metadata(h.meta, f, path) != 0) goto done;
  good = read_tensors(f, &h, m, m->base + 8 + length, mapped, path) == 0;
done:
  vs_safeheader_free(&h);
  vs_mapping_unref(m);
  if (good) return f;
  vs_tensorfile_free(f);
  return NULL;
}

void vs_tensorfile_free(vs_tensorfile *f) {
  if (!f) return;
  for (int64_t i = 0; i < f->n; i++) vs_unref(f->tensor[i].t);
  for (int64_t i = 0; i < f->nmeta; i++) {
    free(f->meta[i].key);
    free(f->meta[i].value);
  }
  free(f->names);
  free(f->tensor);
  free(f->meta);
  free(f);
}
