/* Opening a split of one of vesper's own HDF5 files (docs/data.md gives the layout).
 *
 * Everything small is read and checked: labels, captions, counts, names.  No number of the file is
 * trusted before that.  On disk labels, tokens and image numbers count from 0. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/h5set.h"
#include "io/image.h"

enum { FIRST_WORD = 2 /* on disk: pad 0, unknown 1 */, MAX_SIDE = VS_IMAGE_MAX_SIDE };

/* --- helpers --- */

/* "train/image", in a ring of two. */
static const char *in_split(const vs_dataset *d, const char *name) {
  static _Thread_local char text[2][VS_H5_MAX_NAME];
  static _Thread_local int at;
  at = !at;
  snprintf(text[at], sizeof text[at], "%s/%s", d->split, name);
  return text[at];
}

/* Opens a data set of the split where there is one.  rows < 0: any number. */
static int open_data(const vs_dataset *d, const char *name, vs_h5kind kind, int ndim, int64_t rows,
                     vs_h5data **out) {
  static const char *const kinds[] = {"integers", "numbers", "strings", "?"};
  const h5file *s = d->state;
  const char *full = in_split(d, name);
  int there = vs_h5_has(s->file, full);
  if (there <= 0) return there;
  vs_h5data *f = *out = vs_h5_data(s->file, full);
  if (!f) return -1;
  const vs_h5info *i = vs_h5_info(f);
  if (i->kind != kind) return vs_h5_bad(f, "expected %s", kinds[kind]);
  if (i->ndim != ndim)
    return vs_h5_bad(f, "shape is %s, expected %d dimensions", vs_dims_str(i->ndim, i->dims), ndim);
  if (rows >= 0 && i->dims[0] != rows)
    return vs_h5_bad(f, "%lld rows, expected %lld", (long long)i->dims[0], (long long)rows);
  return 0;
}

/* A list of integers of the split, each in low..high; *out stays NULL when there is none. */
static int read_ints(const vs_dataset *d, const char *name, int64_t rows, int64_t low, int64_t high,
                     int64_t **out) {
  vs_h5data *f = NULL;
  int rc = open_data(d, name, VS_H5_INTS, 1, rows, &f);
  if (rc == 0 && f) {
    *out = vs_h5_read_ints(f);
    rc = *out ? 0 : -1;
    for (int64_t i = 0; rc == 0 && i < vs_h5_info(f)->dims[0]; i++) {
      if ((*out)[i] < low || (*out)[i] > high)
        rc = vs_h5_bad(f, "row %lld is %lld, not in %lld..%lld", (long long)i + 1,
                       (long long)(*out)[i], (long long)low, (long long)high);
    }
  }
  vs_h5_data_close(f);
  return rc;
}

/* Offsets [n+1] that rise from 0 to total. */
static int read_offsets(const vs_dataset *d, const char *name, int64_t rows, int64_t total,
                        int64_t **out) {
  const char *path = d->path;
  if (read_ints(d, name, rows, 0, total, out)) return -1;
  if (!*out) return vs_fail_file(path, "%s: no such data set", in_split(d, name));
  for (int64_t i = 1; i < rows; i++) {
    if ((*out)[i] < (*out)[i - 1])
      return vs_fail_file(path, "%s: row %lld is less than the row before it", in_split(d, name),
                          (long long)i + 1);
  }
  if ((*out)[0] != 0 || (*out)[rows - 1] != total)
    return vs_fail_file(path, "%s: does not go from 0 to %lld", in_split(d, name),
                        (long long)total);
  return 0;
}

/* A list of strings; *has (NULL: not asked): whether there is one. */
static int read_strings(const vs_dataset *d, const char *full, int64_t rows, vs_strings *out,
                        bool *has) {
  const h5file *s = d->state;
  int there = vs_h5_has(s->file, full);
  if (has) *has = there > 0;
  if (there <= 0) return there;
  vs_h5data *f = vs_h5_data(s->file, full);
  if (!f) return -1;
  int rc = vs_h5_read_strings(f, out);
  if (rc == 0 && rows >= 0 && out->n != rows)
    rc = vs_h5_bad(f, "%lld rows, expected %lld", (long long)out->n, (long long)rows);
  vs_h5_data_close(f);
  return rc;
}

/* --- the file --- */

static const vs_h5attr *find_attr(const vs_h5attr *a, int n, const char *name) {
  for (int i = 0; i < n; i++) {
    if (!strcmp(a[i].name, name)) return &a[i];
  }
  return NULL;
}

static int check_format(vs_dataset *d) {
  const vs_h5attr *format = find_attr(d->attr, d->nattr, "format");
  const vs_h5attr *version = find_attr(d->attr, d->nattr, "version");
  const vs_h5attr *base = find_attr(d->attr, d->nattr, "index_base");
  const vs_h5attr *name = find_attr(d->attr, d->nattr, "name");
  if (name && name->kind == VS_H5_TEXT && strlen(name->text) != (size_t)name->i)
    return vs_fail_file(d->path, "attribute name: has a zero byte");
  if (!format || format->kind != VS_H5_TEXT || strcmp(format->text, "vesper-dataset") ||
      strlen(format->text) != (size_t)format->i)
    return vs_fail_file(d->path,
                        "not a vesper data set: its attribute format is %s, not "
                        "\"vesper-dataset\"",
                        !format        ? "missing"
                        : format->text ? format->text
                                       : "a number");
  if (!version || version->kind != VS_H5_INT || version->i != 1)
    return vs_fail_file(d->path, "attribute version: only version 1 is supported");
  if (base && (base->kind != VS_H5_INT || base->i != 0))
    return vs_fail_file(d->path, "attribute index_base: expected 0");
  if (name && name->kind == VS_H5_TEXT && !(d->name = strdup(name->text)))
    return vs_fail_memory(64);
  return 0;
}

static int find_split(vs_dataset *d) {
  h5file *s = d->state;
  vs_strings names = {0};
  int rc = vs_h5_groups(s->file, &names);
  s->absent = true;
  for (int64_t i = 0; rc == 0 && i < names.n; i++) {
    const char *name = vs_strings_get(&names, i);
    if (!strcmp(name, d->split)) s->absent = false;
    if (strcmp(name, "vocab")) rc = vs_strings_add(&s->splits, name, strlen(name));
  }
  vs_strings_free(&names);
  if (rc || !s->absent) return rc;
  return vs_h5_has(s->file, d->split) < 0 ? -1 : 0; /* a link that leads nowhere */
}

static int read_vectors(vs_dataset *d) {
  const h5file *s = d->state;
  int there = vs_h5_has(s->file, "vocab/vectors");
  if (there <= 0) return there;
  vs_h5data *f = vs_h5_data(s->file, "vocab/vectors");
  if (!f) return -1;
  const vs_h5info *i = vs_h5_info(f);
  int rc = 0;
  if (i->kind != VS_H5_REALS || i->ndim != 2 || i->dims[0] != d->vocab.n)
    rc = vs_h5_bad(f, "shape is %s, expected [%lld,D] for the %lld words",
                   vs_dims_str(i->ndim, i->dims), (long long)d->vocab.n, (long long)d->vocab.n);
  if (rc == 0 && !(d->vectors = vs_tensor_new(VS_REAL, 2, i->dims))) rc = -1;
  if (rc == 0) rc = vs_h5_read(f, VS_REAL, 0, i->dims[0], vs_data(d->vectors));
  vs_h5_data_close(f);
  return rc;
}

/* --- images --- */

/* A split of features alone has as many images as rows of these. */
static int count_features(vs_dataset *d) {
  h5file *s = d->state;
  vs_h5data *f = NULL;
  int rc = open_data(d, "feature", VS_H5_REALS, 2, -1, &f);
  if (rc == 0 && !f) rc = open_data(d, "region/feature", VS_H5_REALS, 3, -1, &f);
  if (rc == 0 && !f) rc = vs_fail_file(d->path, "%s: no such data set", in_split(d, "image"));
  if (rc == 0) s->rows.nimage = vs_h5_info(f)->dims[0];
  vs_h5_data_close(f);
  return rc;
}

static int open_image_bytes(vs_dataset *d) {
  h5file *s = d->state;
  vs_h5attr *a;
  int na;
  if (open_data(d, "image_bytes/data", VS_H5_INTS, 1, -1, &s->data[SET_BYTES])) return -1;
  if (!s->data[SET_BYTES]) return count_features(d);
  vs_h5data *f = NULL;
  int rc = open_data(d, "image_bytes/offset", VS_H5_INTS, 1, -1, &f);
  if (rc == 0 && !f) rc = vs_h5_bad(s->data[SET_BYTES], "there is no image_bytes/offset");
  if (rc == 0 && (s->rows.nimage = vs_h5_info(f)->dims[0] - 1) < 0) rc = vs_h5_bad(f, "is empty");
  vs_h5_data_close(f);
  if (rc || read_offsets(d, "image_bytes/offset", s->rows.nimage + 1,
                         vs_h5_info(s->data[SET_BYTES])->dims[0], &s->rows.byte_at))
    return -1;
  if (vs_h5_attrs(s->file, d->split, &a, &na)) return -1;
  const vs_h5attr *h = find_attr(a, na, "height"), *w = find_attr(a, na, "width");
  if (h && w && h->kind == VS_H5_INT && w->kind == VS_H5_INT) {
    s->rows.height = h->i;
    s->rows.width = w->i;
  }
  vs_h5_attrs_free(a, na);
  if (s->rows.height < 1 || s->rows.width < 1 || s->rows.height > MAX_SIDE ||
      s->rows.width > MAX_SIDE)
    return vs_fail_file(d->path,
                        "%s: attributes height and width must give the size of the images, "
                        "1 to %d",
                        d->split, MAX_SIDE);
  return 0;
}

/* The attribute landmark_pairs, "0,1 2,3": each point is in one pair at most. */
static int read_pairs(vs_dataset *d) {
  const vs_h5attr *a = find_attr(d->attr, d->nattr, "landmark_pairs");
  if (!a) return 0;
  const char *at = a->kind == VS_H5_TEXT ? a->text : "";
  int64_t n = 0;
  d->pair = vs_new(VS_MAX_PAIRS * 2 * sizeof *d->pair);
  if (!d->pair) return -1;
  while (*at) {
    unsigned left, right;
    int used = 0;
    if (sscanf(at, "%6u,%6u%n", &left, &right, &used) != 2 || left == right) break;
    bool again = false;
    for (int64_t i = 0; i < 2 * n; i++) again |= d->pair[i] == left || d->pair[i] == right;
    if (again || n == VS_MAX_PAIRS) break;
    d->pair[2 * n] = left;
    d->pair[2 * n + 1] = right;
    n++;
    at += used;
    while (*at == ' ') at++;
  }
  d->npair = n;
  if (n > 0 && !*at) return 0;
  return vs_fail_file(d->path,
                      "attribute landmark_pairs: expected pairs of positions, \"0,1 2,3\"");
}

static int open_images(vs_dataset *d) {
  h5file *s = d->state;
  if (open_data(d, "image", VS_H5_INTS, 4, -1, &s->data[SET_IMAGE])) return -1;
  if (!s->data[SET_IMAGE]) return open_image_bytes(d);
  const vs_h5info *i = vs_h5_info(s->data[SET_IMAGE]);
  if (i->size != 1 || i->is_signed || i->dims[1] != 3)
    return vs_h5_bad(s->data[SET_IMAGE], "is %s of %d-byte integers, expected uint8 [N,3,H,W]",
                     vs_dims_str(4, i->dims), i->size);
  s->rows.nimage = i->dims[0];
  s->rows.height = i->dims[2];
  s->rows.width = i->dims[3];
  return 0;
}

static int open_regions(vs_dataset *d) {
  h5file *s = d->state;
  if (open_data(d, "region/feature", VS_H5_REALS, 3, s->rows.nimage, &s->data[SET_FEATURE]))
    return -1;
  if (open_data(d, "region/box", VS_H5_REALS, 3, s->rows.nimage, &s->data[SET_BOX])) return -1;
  if (open_data(d, "landmark", VS_H5_REALS, 3, s->rows.nimage, &s->data[SET_LANDMARK])) return -1;
  if (open_data(d, "feature", VS_H5_REALS, 2, s->rows.nimage, &s->data[SET_VECTOR])) return -1;
  if (s->data[SET_LANDMARK] && vs_h5_info(s->data[SET_LANDMARK])->dims[2] != 3)
    return vs_h5_bad(s->data[SET_LANDMARK], "expected [N,K,3]: x, y, visibility");
  for (int64_t i = 0; s->data[SET_LANDMARK] && i < 2 * d->npair; i++) {
    if (d->pair[i] >= vs_h5_info(s->data[SET_LANDMARK])->dims[1])
      return vs_h5_bad(
          s->data[SET_LANDMARK], "has %lld points, attribute landmark_pairs names point %lld",
          (long long)vs_h5_info(s->data[SET_LANDMARK])->dims[1], (long long)d->pair[i]);
  }
  if (!s->data[SET_FEATURE] && !s->data[SET_BOX]) return 0;
  int64_t most =
      vs_h5_info(s->data[SET_FEATURE] ? s->data[SET_FEATURE] : s->data[SET_BOX])->dims[1];
  if (read_ints(d, "region/count", s->rows.nimage, 0, most, &s->rows.count)) return -1;
  if (!s->data[SET_BOX]) return 0;
  const int64_t *dims = vs_h5_info(s->data[SET_BOX])->dims;
  if (dims[1] == most && dims[2] == 4) return 0;
  return vs_h5_bad(s->data[SET_BOX], "is %s, expected [N,%lld,4]", vs_dims_str(3, dims),
                   (long long)most);
}

/* Labels, items and tags. */
static int open_things(vs_dataset *d) {
  h5file *s = d->state;
  int64_t most = d->classes.n ? d->classes.n - 1 : INT32_MAX;
  if (read_ints(d, "label", s->rows.nimage, 0, most, &s->rows.label)) return -1;
  if (read_ints(d, "item", s->rows.nimage, 0, INT32_MAX - 1, &s->rows.thing)) return -1;
  if (open_data(d, "tags", VS_H5_INTS, 2, s->rows.nimage, &s->data[SET_TAGS])) return -1;
  if (!s->data[SET_TAGS] || vs_h5_info(s->data[SET_TAGS])->dims[1] == d->tags.n) return 0;
  return vs_h5_bad(s->data[SET_TAGS], "is %s, expected [N,%lld] for the %lld names in tags",
                   vs_dims_str(2, vs_h5_info(s->data[SET_TAGS])->dims), (long long)d->tags.n,
                   (long long)d->tags.n);
}

/* --- captions --- */

static int read_tokens(vs_dataset *d, vs_h5data *f) {
  h5file *s = d->state;
  s->rows.ntoken = vs_h5_info(f)->dims[0];
  s->rows.token = vs_new((size_t)VS_MAX(s->rows.ntoken, 1) * sizeof *s->rows.token);
  if (!s->rows.token || vs_h5_read(f, VS_INT32, 0, s->rows.ntoken, s->rows.token)) return -1;
  int64_t words = d->vocab.n ? d->vocab.n : INT32_MAX;
  for (int64_t i = 0; i < s->rows.ntoken; i++) {
    if (s->rows.token[i] < 0 || s->rows.token[i] >= words)
      return vs_h5_bad(f, "token %lld is %d, not in 0..%lld", (long long)i + 1, s->rows.token[i],
                       (long long)words - 1);
  }
  return 0;
}

static int open_captions(vs_dataset *d) {
  h5file *s = d->state;
  vs_h5data *f = NULL;
  int rc = open_data(d, "caption/tokens", VS_H5_INTS, 1, -1, &f);
  if (rc == 0 && f) rc = read_tokens(d, f);
  bool any = f != NULL;
  vs_h5_data_close(f);
  f = NULL;
  if (rc || !any) return rc;
  rc = open_data(d, "caption/image", VS_H5_INTS, 1, -1, &f);
  if (rc == 0 && !f)
    rc = vs_fail_file(d->path, "%s: no such data set", in_split(d, "caption/image"));
  if (rc == 0) s->rows.ncaption = vs_h5_info(f)->dims[0];
  vs_h5_data_close(f);
  if (rc || read_ints(d, "caption/image", -1, 0, s->rows.nimage - 1, &s->rows.of_image)) return -1;
  if (read_offsets(d, "caption/offset", s->rows.ncaption + 1, s->rows.ntoken, &s->rows.offset))
    return -1;
  return read_strings(d, in_split(d, "caption/text"), s->rows.ncaption, &s->rows.text,
                      &s->rows.has_text);
}

/* --- all of it --- */

int vs_h5file_open(vs_dataset *d) {
  h5file *s = d->state;
  if (vs_h5_attrs(s->file, "/", &d->attr, &d->nattr)) return -1;
  if (check_format(d) || find_split(d)) return -1;
  if (read_strings(d, "classes", -1, &d->classes, NULL)) return -1;
  if (read_strings(d, "tags", -1, &d->tags, NULL)) return -1;
  if (read_strings(d, "vocab/words", -1, &d->vocab, NULL) || read_vectors(d)) return -1;
  if (d->vocab.n > 0 && d->vocab.n < FIRST_WORD)
    return vs_fail_file(d->path, "vocab/words: expected at least the padding and the unknown word");
  if (read_pairs(d)) return -1;
  if (s->absent) return 0;
  if (open_images(d) || open_regions(d) || open_captions(d) || open_things(d)) return -1;
  return read_strings(d, in_split(d, "image_id"), s->rows.nimage, &s->rows.id, &s->rows.has_id);
}

void vs_h5rows_free(h5rows *r) {
  void *block[] = {r->byte_at, r->label, r->thing, r->count, r->offset, r->of_image, r->token};
  for (int i = 0; i < VS_COUNT(block); i++) free(block[i]);
  vs_strings_free(&r->id);
  vs_strings_free(&r->text);
  *r = (h5rows){0};
}

void vs_h5file_close(h5file *s) {
  for (int i = 0; i < SET_COLUMNS; i++) vs_h5_data_close(s->data[i]);
  vs_strings_free(&s->splits);
  vs_h5rows_free(&s->rows);
  *s = (h5file){0};
}
