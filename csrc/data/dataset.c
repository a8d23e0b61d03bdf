/* The registry of readers, the life of a data set, and batches.  See dataset.h. */
#include "data/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const vs_readerdef *const vs_readers[] = {
#define VS_READER(name) &vs_reader_##name,
#include "data/readers.def"
#undef VS_READER
};
const int vs_nreaders = VS_COUNT(vs_readers);

vs_dataset *vs_dataset_open(const vs_readerdef *def, vs_value *v, const vs_field *field,
                            int nfield) {
  const vs_argspec *spec = vs_reader_spec(def);
  if (!spec) return NULL;
  if (vs_args_check(spec, v)) {
    vs_fail_prefix(def->name);
    return NULL;
  }
  vs_dataset *d = vs_new0(sizeof *d);
  if (!d) return NULL;
  d->def = def;
  d->refs = 1;
  if (def->open(d, v, field, nfield)) {
    vs_dataset_unref(d);
    return NULL;
  }
  return d;
}

vs_dataset *vs_dataset_ref(vs_dataset *d) {
  if (d) __atomic_add_fetch(&d->refs, 1, __ATOMIC_RELAXED);
  return d;
}

void vs_dataset_unref(vs_dataset *d) {
  if (!d || __atomic_sub_fetch(&d->refs, 1, __ATOMIC_ACQ_REL) > 0) return;
  d->def->close(d);
  free(d->name);
  free(d->split);
  free(d->path);
  vs_strings_free(&d->classes);
  vs_strings_free(&d->tags);
  vs_strings_free(&d->vocab);
  vs_unref(d->vectors);
  vs_h5_attrs_free(d->attr, d->nattr);
  free(d);
}

int vs_dataset_fetch(const vs_dataset *d, int64_t epoch, const int64_t *index, int64_t n,
                     vs_batch *b) {
  vs_batch_clear(b);
  for (int64_t i = 0; i < n; i++) {
    if (index[i] < 0 || index[i] >= d->n)
      return vs_fail("sample %lld is not in 1..%lld", (long long)index[i] + 1, (long long)d->n);
  }
  b->n = n;
  int rc = d->def->fetch(d, epoch, index, n, b);
  if (rc) vs_batch_clear(b);
  return rc;
}

vs_tensor *vs_batch_add(vs_batch *b, const char *name, vs_dtype dtype, int ndim,
                        const int64_t *shape) {
  if (b->nfield == VS_MAX_FIELDS)
    return vs_fail_null("a batch has at most %d fields", VS_MAX_FIELDS);
  vs_tensor *t = vs_tensor_new(dtype, ndim, shape);
  if (!t) return NULL;
  vs_field *f = &b->field[b->nfield++];
  snprintf(f->name, sizeof f->name, "%s", name);
  f->t = t;
  return t;
}

void vs_batch_clear(vs_batch *b) {
  for (int i = 0; i < b->nfield; i++) vs_unref(b->field[i].t);
  vs_strings_free(&b->text);
  *b = (vs_batch){0};
}
