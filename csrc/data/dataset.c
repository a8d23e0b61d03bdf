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
  d->captions = VS_CAPTIONS_NONE;
  d->ncaption = -1;
  if (def->open(d, v, field, nfield)) {
    vs_dataset_unref(d);
    return NULL;
  }
  return d;
}

vs_dataset *vs_dataset_view(vs_dataset *d, int captions, uint64_t seed) {
  if (d->captions == VS_CAPTIONS_NONE)
    return vs_fail_null("a %s has no captions to choose from", d->def->name);
  vs_dataset *v = vs_new(sizeof *v);
  if (!v) return NULL;
  *v = *d;
  v->refs = 1;
  v->source = vs_dataset_ref(d->source ? d->source : d);
  v->captions = captions;
  v->seed = seed;
  v->n = vs_dataset_samples(v);
  return v;
}

vs_dataset *vs_dataset_ref(vs_dataset *d) {
  if (d) __atomic_add_fetch(&d->refs, 1, __ATOMIC_RELAXED);
  return d;
}

void vs_dataset_unref(vs_dataset *d) {
  if (!d || __atomic_sub_fetch(&d->refs, 1, __ATOMIC_ACQ_REL) > 0) return;
  if (d->source) {
    vs_dataset_unref(d->source);
    free(d);
    return;
  }
  d->def->close(d);
  vs_dataset_empty(d);
  free(d);
}

void vs_dataset_empty(vs_dataset *d) {
  free(d->pair);
  free(d->name);
  free(d->split);
  free(d->path);
  vs_strings_free(&d->files);
  vs_strings_free(&d->classes);
  vs_strings_free(&d->tags);
  vs_strings_free(&d->vocab);
  vs_unref(d->vectors);
  vs_h5_attrs_free(d->attr, d->nattr);
}

/* Frees what a reader made without being asked for it. */
static void drop_unwanted(vs_batch *b) {
  int kept = 0;
  for (int i = 0; i < b->nfield; i++) {
    if (vs_batch_wants(b, b->field[i].name))
      b->field[kept++] = b->field[i];
    else
      vs_unref(b->field[i].t);
  }
  b->nfield = kept;
  if (vs_batch_wants(b, "text")) return;
  vs_strings_free(&b->text);
  b->has_text = false;
}

int vs_dataset_fetch(const vs_dataset *d, int64_t epoch, const int64_t *index, int64_t n,
                     const vs_fieldnames *wanted, vs_batch *b) {
  vs_batch_clear(b);
  for (int64_t i = 0; i < n; i++) {
    if (index[i] < 0 || index[i] >= d->n)
      return vs_fail("sample %lld is not in 1..%lld", (long long)index[i] + 1, (long long)d->n);
  }
  b->n = n;
  b->wanted = wanted;
  int rc = d->def->fetch(d, epoch, index, n, b);
  if (rc)
    vs_batch_clear(b);
  else
    drop_unwanted(b);
  b->wanted = NULL;
  return rc;
}

int vs_dataset_fields(const vs_dataset *d, vs_batch *b, vs_fieldnames *out) {
  out->n = 0;
  if (vs_dataset_fetch(d, 0, NULL, 0, NULL, b)) return -1;
  for (int i = 0; i < b->nfield; i++) strcpy(out->name[out->n++], b->field[i].name);
  if (b->has_text) strcpy(out->name[out->n++], "text");
  return 0;
}

const char *vs_captions_name(int captions) {
  static const char *const name[] = {"all", "first", "random"};
  return captions == VS_CAPTIONS_NONE ? "none" : name[captions];
}

bool vs_fieldnames_has(const vs_fieldnames *names, const char *name) {
  for (int i = 0; i < names->n; i++) {
    if (!strcmp(names->name[i], name)) return true;
  }
  return false;
}

bool vs_batch_wants(const vs_batch *b, const char *name) {
  static const char *const with[][2] = {
      {"lengths", "tokens"}, {"region_count", "regions"}, {"region_count", "boxes"}};
  if (!b->wanted || vs_fieldnames_has(b->wanted, name)) return true;
  if (!strcmp(name, "index") || !strcmp(name, "image_index")) return true;
  for (int i = 0; i < VS_COUNT(with); i++) {
    if (!strcmp(name, with[i][0]) && vs_fieldnames_has(b->wanted, with[i][1])) return true;
  }
  return false;
}

vs_tensor *vs_batch_get(const vs_batch *b, const char *name) {
  for (int i = 0; i < b->nfield; i++) {
    if (!strcmp(b->field[i].name, name)) return b->field[i].t;
  }
  return NULL;
}

int vs_batch_give(vs_batch *b, const char *name, vs_tensor *t) {
  if (!t) return -1;
  if (b->nfield == VS_MAX_FIELDS) {
    vs_unref(t);
    return vs_fail("a batch has at most %d fields", VS_MAX_FIELDS);
  }
  vs_field *f = &b->field[b->nfield++];
  snprintf(f->name, sizeof f->name, "%s", name);
  f->t = t;
  return 0;
}

vs_tensor *vs_batch_add(vs_batch *b, const char *name, vs_dtype dtype, int ndim,
                        const int64_t *shape) {
  vs_tensor *t = vs_tensor_new(dtype, ndim, shape);
  return vs_batch_give(b, name, t) ? NULL : t;
}

void vs_batch_clear(vs_batch *b) {
  for (int i = 0; i < b->nfield; i++) vs_unref(b->field[i].t);
  vs_strings_free(&b->text);
  *b = (vs_batch){0};
}
