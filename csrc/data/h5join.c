/* One split of several files as one set.
 *
 * The files are opened one after the other.  What is in memory is appended, with the numbers of
 * images, captions, tokens and bytes counted on; what is read batch by batch becomes parts of
 * columns.  Names, words, fields, shapes and dtypes have to be those of the files before; a file
 * may lack the split. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/interrupt.h"
#include "data/h5set.h"
#include "io/pattern.h"

/* A set that is being put together. */
typedef struct job {
  vs_dataset *all;
  h5set *s;          /* of all */
  vs_dataset *one;   /* the file that is being added */
  h5file *f;         /* of one */
  const char *first; /* path of the first file */
  const char *like;  /* path of the first file with the split; NULL: none so far */
  vs_strings splits; /* of all files */
  bool whole;        /* a pattern has to find all files of a writer: */
  int64_t part;      /* the last one's number, 0: none is under way */
} job;

/* --- what has to be the same --- */

/* "b.h5: ..., unlike a.h5" */
static int unlike(const job *j, const char *other, const char *fmt, ...) VS_PRINTF(3, 4);
static int unlike(const job *j, const char *other, const char *fmt, ...) {
  char what[512];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(what, sizeof what, fmt, ap);
  va_end(ap);
  return vs_fail_file(j->one->path, "%s, unlike %s", what, other);
}

static int same_strings(const job *j, const char *name, const vs_strings *want,
                        const vs_strings *got) {
  if (got->n != want->n)
    return unlike(j, j->first, "%s has %lld entries, expected %lld", name, (long long)got->n,
                  (long long)want->n);
  for (int64_t i = 0; i < got->n; i++) {
    size_t n = vs_strings_len(got, i);
    if (n == vs_strings_len(want, i) && !memcmp(vs_strings_get(got, i), vs_strings_get(want, i), n))
      continue;
    return unlike(j, j->first, "entry %lld of %s is '%.64s', expected '%.64s'", (long long)i + 1,
                  name, vs_strings_get(got, i), vs_strings_get(want, i));
  }
  return 0;
}

static int same_vectors(const job *j) {
  const vs_tensor *want = j->all->vectors, *got = j->one->vectors;
  static const char name[] = "vocab/vectors";
  if (!want && !got) return 0;
  if (!want || !got) return unlike(j, j->first, got ? "has %s" : "has no %s", name);
  if (got->numel != want->numel)
    return unlike(j, j->first, "%s is %s, expected %s", name, vs_shape_str(got),
                  vs_shape_str(want));
  bool same = !memcmp(vs_data(got), vs_data(want), (size_t)got->numel * sizeof(vs_real));
  return same ? 0 : unlike(j, j->first, "%s has other numbers", name);
}

static int same_pairs(const job *j) {
  const vs_dataset *want = j->all, *got = j->one;
  size_t bytes = (size_t)got->npair * 2 * sizeof *got->pair;
  if (got->npair == want->npair && (bytes == 0 || !memcmp(got->pair, want->pair, bytes))) return 0;
  return unlike(j, j->first, "attribute landmark_pairs has other pairs");
}

/* Those of a single file do not describe the set. */
static void drop_numbers(vs_dataset *d) {
  int n = 0;
  for (int i = 0; i < d->nattr; i++) {
    const vs_h5attr *a = &d->attr[i];
    bool number = !strcmp(a->name, VS_ATTR_SHARD) || !strcmp(a->name, VS_ATTR_SHARDS);
    if (!number || a->kind != VS_H5_INT) d->attr[n++] = *a;
  }
  d->nattr = n;
}

/* What belongs to the whole file: the first file decides. */
static int join_names(const job *j) {
  vs_dataset *all = j->all, *one = j->one;
  if (one->path != j->first) {
    if (same_strings(j, "classes", &all->classes, &one->classes) ||
        same_strings(j, "tags", &all->tags, &one->tags) ||
        same_strings(j, "vocab/words", &all->vocab, &one->vocab))
      return -1;
    return same_vectors(j) || same_pairs(j) ? -1 : 0;
  }
  all->name = one->name;
  all->classes = one->classes;
  all->tags = one->tags;
  all->vocab = one->vocab;
  all->vectors = one->vectors;
  all->pair = one->pair;
  all->npair = one->npair;
  all->attr = one->attr;
  all->nattr = one->nattr;
  one->name = NULL;
  one->classes = one->tags = one->vocab = (vs_strings){0};
  one->vectors = NULL;
  one->pair = NULL;
  one->attr = NULL;
  one->nattr = 0;
  if (all->files.n > 1) drop_numbers(all);
  return 0;
}

/* --- files of a writer --- */

static int64_t attr_int(const vs_dataset *d, const char *name) {
  for (int i = 0; i < d->nattr; i++)
    if (!strcmp(d->attr[i].name, name) && d->attr[i].kind == VS_H5_INT) return d->attr[i].i;
  return 0;
}

/* The writer numbers its files, and the last one has how many there are.  A pattern finds them in
 * this order. */
static int check_part(job *j) {
  int64_t part = VS_MAX(attr_int(j->one, VS_ATTR_SHARD), 0), next = j->part + 1;
  if (!j->whole) return 0;
  if (part != next && (part > 0 || j->part > 0))
    return vs_fail_file(j->all->path, "part %lld of the data set is missing before %s",
                        (long long)next, j->one->path);
  j->part = part == attr_int(j->one, VS_ATTR_SHARDS) ? 0 : part;
  return 0;
}

static int add_splits(job *j) {
  const vs_strings *more = &j->f->splits;
  for (int64_t i = 0; i < more->n; i++) {
    const char *name = vs_strings_get(more, i);
    if (vs_strings_find(&j->splits, name) < 0 && vs_strings_add(&j->splits, name, strlen(name)))
      return -1;
  }
  return 0;
}

/* --- fields --- */

static int same_field(const job *j, const char *name, bool want, bool got) {
  if (want == got) return 0;
  return unlike(j, j->like, got ? "has %s/%s" : "has no %s/%s", j->all->split, name);
}

/* What is in memory. */
static int same_fields(const job *j) {
  const h5rows *a = &j->s->rows, *b = &j->f->rows;
  const struct {
    const char *name;
    bool want, got;
  } field[] = {{"label", a->label, b->label},         {"item", a->thing, b->thing},
               {"caption", a->of_image, b->of_image}, {"caption/text", a->has_text, b->has_text},
               {"image_id", a->has_id, b->has_id},    {"region/count", a->count, b->count}};
  for (int i = 0; i < VS_COUNT(field); i++)
    if (same_field(j, field[i].name, field[i].want, field[i].got)) return -1;
  if (!b->byte_at || (a->height == b->height && a->width == b->width)) return 0;
  return unlike(j, j->like, "%s/image_bytes gives images of %lld x %lld, expected %lld x %lld",
                j->all->split, (long long)b->height, (long long)b->width, (long long)a->height,
                (long long)a->width);
}

/* "float16 [N,36,2048]" */
static const char *kind_text(const vs_h5info *i, char *out, size_t n) {
  const char *kind = i->kind == VS_H5_REALS ? "float" : i->is_signed ? "int" : "uint";
  const char *shape = strchr(vs_dims_str(i->ndim, i->dims), ',');
  snprintf(out, n, "%s%d [N%s", kind, 8 * i->size, shape ? shape : "]");
  return out;
}

static int same_kind(const job *j, const char *name, const vs_h5info *want, const vs_h5info *got) {
  char a[96], b[96];
  size_t row = (size_t)(got->ndim - 1) * sizeof *got->dims;
  if (got->kind == want->kind && got->size == want->size && got->is_signed == want->is_signed &&
      got->ndim == want->ndim && (row == 0 || !memcmp(got->dims + 1, want->dims + 1, row)))
    return 0;
  return unlike(j, j->like, "%s is %s, expected %s", name, kind_text(got, a, sizeof a),
                kind_text(want, b, sizeof b));
}

/* What is read batch by batch. */
static int join_columns(const job *j, int64_t file) {
  static const char *const name[] = {
      "image", "image_bytes/data", "region/feature", "region/box", "landmark", "feature", "tags"};
  bool first = !j->like;
  for (int i = 0; i < SET_COLUMNS; i++) {
    vs_h5column *c = &j->s->column[i];
    vs_h5data *d = j->f->data[i];
    if (!first && same_field(j, name[i], c->pool, d)) return -1;
    if (!d) continue;
    if (!first && same_kind(j, vs_h5_name(d), &c->info, vs_h5_info(d))) return -1;
    j->f->data[i] = NULL;
    if (vs_h5column_add(j->s->pool, c, i, file, d)) return -1;
  }
  return 0;
}

/* --- appending --- */

/* Writes more[0..m), each plus `plus`, behind the first n of *all. */
static int append_ints(int64_t **all, int64_t n, const int64_t *more, int64_t m, int64_t plus) {
  if (!more) return 0;
  size_t bytes = (size_t)VS_MAX(n + m, 1) * sizeof **all;
  int64_t *grown = realloc(*all, bytes);
  if (!grown) return vs_fail_memory(bytes);
  *all = grown;
  for (int64_t i = 0; i < m; i++) grown[n + i] = more[i] + plus;
  return 0;
}

static int append_tokens(h5rows *a, const h5rows *b) {
  if (!b->token) return 0;
  size_t bytes = (size_t)VS_MAX(a->ntoken + b->ntoken, 1) * sizeof *a->token;
  int32_t *grown = realloc(a->token, bytes);
  if (!grown) return vs_fail_memory(bytes);
  a->token = grown;
  memcpy(grown + a->ntoken, b->token, (size_t)b->ntoken * sizeof *grown);
  return 0;
}

static int append_strings(vs_strings *all, const vs_strings *more) {
  for (int64_t i = 0; i < more->n; i++)
    if (vs_strings_add(all, vs_strings_get(more, i), vs_strings_len(more, i))) return -1;
  return 0;
}

static int append_rows(h5rows *a, const h5rows *b) {
  int64_t n = a->nimage, more = b->nimage;
  /* lists of N+1 begin with the last entry of the list before */
  if ((b->byte_at && append_ints(&a->byte_at, n, b->byte_at, more + 1, a->byte_at[n])) ||
      append_ints(&a->label, n, b->label, more, 0) ||
      append_ints(&a->thing, n, b->thing, more, 0) || append_ints(&a->count, n, b->count, more, 0))
    return -1;
  if (append_ints(&a->offset, a->ncaption, b->offset, b->ncaption + 1, a->ntoken) ||
      append_ints(&a->of_image, a->ncaption, b->of_image, b->ncaption, n) || append_tokens(a, b))
    return -1;
  if (append_strings(&a->id, &b->id) || append_strings(&a->text, &b->text)) return -1;
  a->nimage += more;
  a->ncaption += b->ncaption;
  a->ntoken += b->ntoken;
  return 0;
}

/* --- all files --- */

static int add_split(job *j, int64_t file) {
  if (j->like && same_fields(j)) return -1;
  if (join_columns(j, file)) return -1;
  if (j->like) return append_rows(&j->s->rows, &j->f->rows);
  j->like = vs_h5pool_path(j->s->pool, file);
  j->s->rows = j->f->rows;
  j->f->rows = (h5rows){0};
  return 0;
}

static int add_file(job *j, const char *path) {
  if (vs_interrupt_pending()) return vs_fail_interrupted();
  int64_t at = vs_h5pool_open(j->s->pool, path);
  if (at < 0) return -1;
  h5file f = {.file = vs_h5pool_file(j->s->pool, at)};
  vs_dataset one = {.split = j->all->split, .path = (char *)vs_h5pool_path(j->s->pool, at)};
  one.state = j->f = &f;
  j->one = &one;
  if (!j->first) j->first = one.path;
  int rc = vs_h5file_open(&one);
  if (rc == 0) rc = check_part(j) || join_names(j) || add_splits(j) ? -1 : 0;
  if (rc == 0 && !f.absent) rc = add_split(j, at);
  one.split = one.path = NULL; /* borrowed */
  vs_h5file_close(&f);
  vs_dataset_empty(&one);
  return rc;
}

static int no_split(const job *j) {
  char list[256] = "";
  for (int64_t i = 0; i < j->splits.n; i++) {
    size_t used = strlen(list);
    snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "",
             vs_strings_get(&j->splits, i));
  }
  return vs_fail_file(j->all->path, "no split \"%.64s\"; it has %s", j->all->split,
                      *list ? list : "none");
}

/* From each caption's image to each image's captions. */
static int index_captions(h5set *s) {
  const h5rows *r = &s->rows;
  if (!r->of_image) return 0;
  s->first = vs_new0((size_t)(r->nimage + 1) * sizeof *s->first);
  s->caption = vs_new((size_t)VS_MAX(r->ncaption, 1) * sizeof *s->caption);
  if (!s->first || !s->caption) return -1;
  for (int64_t c = 0; c < r->ncaption; c++) s->first[r->of_image[c] + 1]++;
  for (int64_t i = 0; i < r->nimage; i++) s->first[i + 1] += s->first[i];
  for (int64_t c = r->ncaption - 1; c >= 0; c--) {
    int64_t i = r->of_image[c];
    s->caption[--s->first[i + 1]] = c; /* first[i+1] walks down to where image i starts */
  }
  for (int64_t i = 0; i < r->nimage; i++) s->first[i] = s->first[i + 1];
  s->first[r->nimage] = r->ncaption;
  return 0;
}

int vs_h5set_open(vs_dataset *d, const char *const *name, int n) {
  job j = {.all = d, .s = d->state};
  j.whole = n == 1 && vs_is_pattern(name[0]) && !strchr(name[0], '[');
  const vs_strings *files = &d->files;
  if (vs_files_of(name, n, &d->files) || !(d->path = vs_files_title(name, n))) return -1;
  if (vs_h5_check(files) || !(j.s->pool = vs_h5pool_new(files->n))) return -1;
  int rc = 0;
  for (int64_t i = 0; rc == 0 && i < files->n; i++) rc = add_file(&j, vs_strings_get(files, i));
  if (rc == 0 && j.part > 0)
    rc = vs_fail_file(d->path, "the parts of the data set behind %s are missing",
                      vs_strings_get(files, files->n - 1));
  if (rc == 0 && !j.like) rc = no_split(&j);
  if (rc == 0) rc = index_captions(j.s);
  vs_strings_free(&j.splits);
  return rc;
}
