/* Writes a vesper HDF5 data set.  See writer.h.
 *
 * A split is a set of columns, each a growing HDF5 data set with a buffer before it.  An item is
 * checked against all of them first and appended afterwards, so that columns never differ in length
 * unless the disk is full. */
#include "data/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "core/mem.h"
#include "data/dataset.h"
#include "io/h5.h"
#include "io/image.h"
#include "text/unicode.h"
#include "text/vocab.h"

enum {
  MAX_SPLITS = 16,
  BUFFER = 1 << 20,
  MAX_CHUNK = 1 << 26, /* bytes */
  CHUNK = 2048,        /* rows of a column of numbers */
  PENDING = 1024       /* strings that are written together */
};

/* What a split may hold; each is one data set. */
enum {
  IMAGE,
  BYTES,
  BYTE_OFFSET,
  LABEL,
  ITEM,
  TAGS,
  TOKENS,
  OFFSET,
  OF_IMAGE,
  FEATURE,
  COUNT,
  BOX,
  LANDMARK,
  VECTOR,
  NCOLUMN
};
enum { ID, TEXT, NLIST };
static const char *const column_name[] = {
    "image",        "image_bytes/data", "image_bytes/offset", "label",         "item",
    "tags",         "caption/tokens",   "caption/offset",     "caption/image", "region/feature",
    "region/count", "region/box",       "landmark",           "feature"};
static const char *const list_name[] = {"image_id", "caption/text"};

typedef struct column {
  vs_h5data *data; /* NULL: the split does not have it */
  vs_dtype dtype;
  size_t row;      /* bytes */
  int64_t n, room; /* rows in the buffer */
  char *buffer;
} column;

typedef struct split {
  char name[48];
  int64_t n, bytes, tokens, captions; /* written */
  column column[NCOLUMN];
  vs_h5data *list[NLIST];
  vs_strings pending[NLIST];
  int64_t regions, width, landmarks; /* R, D, K */
  int64_t vector;                    /* size of a feature */
} split;

struct vs_writer {
  char *path, *temp;
  vs_h5 *file;
  bool failed, closed;
  pid_t owner;          /* a copy in a forked child must not remove the file */
  vs_writeropt opt;     /* its pointers are not used after vs_writer_new */
  int64_t nclass, ntag; /* names that labels and tags point to */
  int64_t paired;       /* the last landmark that is in a pair; 0: none is */
  vs_vocab *vocab;
  vs_ids ids; /* of the item being added: a row a caption */
  int nsplit;
  split split[MAX_SPLITS];
};

/* --- columns --- */

static const char *full_name(const split *s, const char *name, char *out, size_t n) {
  snprintf(out, n, "%s/%s", s->name, name);
  return out;
}

/* Makes column c [0, dims[1..]] of the split; chunk: rows. */
static int make_column(vs_writer *w, split *s, int c, vs_dtype dtype, int ndim, const int64_t *dims,
                       int64_t chunk) {
  char name[VS_H5_MAX_NAME];
  column *k = &s->column[c];
  k->dtype = dtype;
  k->row = vs_dtype_size(dtype);
  for (int i = 1; i < ndim; i++) k->row *= (size_t)dims[i];
  if (chunk > 1 && k->row > MAX_CHUNK / (size_t)chunk)
    return vs_fail("%s: %lld rows of %zu bytes are too large for a chunk, the limit is %d bytes",
                   column_name[c], (long long)chunk, k->row, MAX_CHUNK);
  /* whole chunks: a chunk written in two parts may be compressed twice */
  k->room = VS_MAX(1, (int64_t)(BUFFER / k->row) / chunk) * chunk;
  k->buffer = vs_new((size_t)k->room * k->row);
  if (!k->buffer) return -1;
  k->data = vs_h5_new(w->file, full_name(s, column_name[c], name, sizeof name), dtype, ndim, dims,
                      chunk, w->opt.compress);
  return k->data ? 0 : -1;
}

static int flush_column(column *k) {
  if (k->n == 0) return 0;
  int rc = vs_h5_append(k->data, k->dtype, k->n, k->buffer);
  k->n = 0;
  return rc;
}

static int put(column *k, const void *rows, int64_t n) {
  const char *from = rows;
  while (n > 0) {
    int64_t some = VS_MIN(n, k->room - k->n);
    memcpy(k->buffer + (size_t)k->n * k->row, from, (size_t)some * k->row);
    k->n += some;
    from += (size_t)some * k->row;
    n -= some;
    if (k->n == k->room && flush_column(k)) return -1;
  }
  return 0;
}

static int put_int(column *k, int64_t value) {
  int32_t small = (int32_t)value;
  return put(k, k->dtype == VS_INT32 ? (void *)&small : (void *)&value, 1);
}

static int flush_list(split *s, int i) {
  if (!s->list[i]) return 0;
  int rc = vs_h5_append_strings(s->list[i], &s->pending[i]);
  vs_strings_clear(&s->pending[i]);
  return rc;
}

/* --- splits --- */

static split *find_split(const vs_writer *w, const char *name) {
  for (int i = 0; i < w->nsplit; i++) {
    if (!strcmp(w->split[i].name, name)) return (split *)&w->split[i];
  }
  return NULL;
}

static int make_group(vs_writer *w, const split *s, const char *name) {
  char full[VS_H5_MAX_NAME];
  return vs_h5_group(w->file, full_name(s, name, full, sizeof full));
}

static int make_list(vs_writer *w, split *s, int i) {
  char name[VS_H5_MAX_NAME];
  s->list[i] = vs_h5_new_strings(w->file, full_name(s, list_name[i], name, sizeof name));
  return s->list[i] ? 0 : -1;
}

/* A column of single numbers. */
static int make_plain(vs_writer *w, split *s, int c, vs_dtype dtype) {
  return make_column(w, s, c, dtype, 1, (int64_t[]){0}, CHUNK);
}

static int make_images(vs_writer *w, split *s, const vs_item *item) {
  int64_t dims[4] = {0, 3, w->opt.height, w->opt.width};
  if (item->image) return make_column(w, s, IMAGE, VS_UINT8, 4, dims, w->opt.chunk);
  if (!item->bytes) return 0;
  if (make_group(w, s, "image_bytes") || make_plain(w, s, BYTES, VS_UINT8) ||
      make_plain(w, s, BYTE_OFFSET, VS_INT64))
    return -1;
  if (vs_h5_set_int(w->file, s->name, "height", w->opt.height) ||
      vs_h5_set_int(w->file, s->name, "width", w->opt.width))
    return -1;
  return put_int(&s->column[BYTE_OFFSET], 0);
}

static int make_captions(vs_writer *w, split *s) {
  if (make_group(w, s, "caption") || make_plain(w, s, TOKENS, VS_INT32) ||
      make_plain(w, s, OFFSET, VS_INT64) || make_plain(w, s, OF_IMAGE, VS_INT64) ||
      make_list(w, s, TEXT))
    return -1;
  return put_int(&s->column[OFFSET], 0);
}

static vs_dtype feature_dtype(const vs_writer *w) { return w->opt.half ? VS_FLOAT16 : VS_REAL; }

static int make_regions(vs_writer *w, split *s, const vs_item *item) {
  const vs_tensor *t = item->regions ? item->regions : item->boxes;
  s->regions = w->opt.regions ? w->opt.regions : t->shape[0];
  if (make_group(w, s, "region") || make_plain(w, s, COUNT, VS_INT32)) return -1;
  if (item->regions) {
    s->width = item->regions->shape[1];
    if (make_column(w, s, FEATURE, feature_dtype(w), 3, (int64_t[]){0, s->regions, s->width},
                    w->opt.chunk))
      return -1;
  }
  return item->boxes ? make_column(w, s, BOX, VS_REAL, 3, (int64_t[]){0, s->regions, 4}, 64) : 0;
}

/* The split with the columns that its first item asks for. */
static int make_split(vs_writer *w, split *s, const vs_item *item) {
  if (vs_h5_group(w->file, s->name) || make_images(w, s, item)) return -1;
  if (item->label && make_plain(w, s, LABEL, VS_INT32)) return -1;
  if (item->thing && make_plain(w, s, ITEM, VS_INT32)) return -1;
  if (item->tag && make_column(w, s, TAGS, VS_UINT8, 2, (int64_t[]){0, w->ntag}, CHUNK)) return -1;
  if (item->id && make_list(w, s, ID)) return -1;
  if (item->ncaption && make_captions(w, s)) return -1;
  if ((item->regions || item->boxes) && make_regions(w, s, item)) return -1;
  if (item->feature) {
    s->vector = item->feature->shape[0];
    if (make_column(w, s, VECTOR, feature_dtype(w), 2, (int64_t[]){0, s->vector}, 16)) return -1;
  }
  if (!item->landmark) return 0;
  s->landmarks = item->landmark->shape[0];
  return make_column(w, s, LANDMARK, VS_REAL, 3, (int64_t[]){0, s->landmarks, 3}, 256);
}

/* --- checks --- */

static int bad(const split *s, const char *what) {
  return vs_fail("add: image %lld of %s: %s", (long long)s->n + 1, s->name, what);
}

/* The error that is set becomes "add: image 3 of train: ...", a mistake of the caller. */
static int as_mistake(const split *s) {
  char why[512];
  if (vs_error_kind() == VS_ENOMEM) return -1;
  snprintf(why, sizeof why, "%s", vs_error());
  return bad(s, why);
}

static int check_name(const char *name) {
  size_t n = strlen(name);
  bool fine =
      n > 0 && n < 48 && strcmp(name, "vocab") && strcmp(name, "classes") && strcmp(name, "tags");
  for (size_t i = 0; fine && i < n; i++) {
    char c = name[i];
    fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }
  return fine ? 0 : vs_fail("add: \"%.48s\" cannot be the name of a split", name);
}

static int check_size(vs_writer *w, const split *s, int64_t height, int64_t width) {
  if (w->opt.height == 0) {
    w->opt.height = height;
    w->opt.width = width;
  }
  if (height == w->opt.height && width == w->opt.width) return 0;
  return vs_fail("add: image %lld of %s is [3,%lld,%lld], expected [3,%lld,%lld]",
                 (long long)s->n + 1, s->name, (long long)height, (long long)width,
                 (long long)w->opt.height, (long long)w->opt.width);
}

static int check_image(vs_writer *w, const split *s, const vs_item *item) {
  if (!item->image && !item->bytes) {
    if (item->feature || item->regions) return 0;
    return bad(s, "expected one of image and image_bytes, or features");
  }
  if (item->bytes) {
    vs_imageinfo info;
    if (vs_image_info(item->bytes, item->nbytes, "image_bytes", &info)) return as_mistake(s);
    if (w->opt.height == 0) return check_size(w, s, info.height, info.width);
    return 0; /* readers resize to the size of the set */
  }
  const vs_tensor *t = item->image;
  if (t->dtype != VS_UINT8 || t->ndim != 3 || t->shape[0] != 3 || t->numel == 0)
    return vs_fail("add: image %lld of %s is %s %s, expected uint8 [3,H,W]", (long long)s->n + 1,
                   s->name, vs_dtype_name(t->dtype), vs_shape_str(t));
  return check_size(w, s, t->shape[1], t->shape[2]);
}

static int check_label(const vs_writer *w, const split *s, const vs_item *item) {
  int64_t most = w->nclass ? w->nclass : INT32_MAX;
  if (item->label >= 0 && item->label <= most) return 0;
  return vs_fail("add: image %lld of %s: label %lld is not in 1..%lld", (long long)s->n + 1,
                 s->name, (long long)item->label, (long long)most);
}

static int check_things(const vs_writer *w, const split *s, const vs_item *item) {
  if (item->thing < 0 || item->thing > INT32_MAX)
    return vs_fail("add: image %lld of %s: item %lld is not in 1..%d", (long long)s->n + 1, s->name,
                   (long long)item->thing, INT32_MAX);
  if (item->tag && w->ntag == 0)
    return bad(s, "has tags, but the Writer was given no list of tags");
  for (int64_t i = 0; i < item->ntag; i++) {
    if (item->tag[i] < 1 || item->tag[i] > w->ntag)
      return vs_fail("add: image %lld of %s: tag %lld is not in 1..%lld", (long long)s->n + 1,
                     s->name, (long long)item->tag[i], (long long)w->ntag);
  }
  return 0;
}

/* Readers pass texts to functions that need UTF-8: the whole text is checked, not only the words
 * that become tokens. */
static int check_text(const char *text, size_t n) {
  if (n >= VS_H5_MAX_STRING || memchr(text, 0, n))
    return vs_fail("a caption contains a zero byte or is longer than 65,535 bytes");
  for (size_t at = 0; at < n;)
    if (vs_utf8_next(text, n, &at, false) < 0) {
      vs_fail_prefix("a caption");
      return -1;
    }
  return 0;
}

/* Every caption's tokens into w->ids, as rows, counted from 1. */
static int check_captions(vs_writer *w, const split *s, const vs_item *item) {
  w->ids.n = w->ids.rows = w->ids.longest = 0;
  int64_t most = w->vocab ? vs_vocab_size(w->vocab) : INT32_MAX;
  for (int64_t i = 0; i < item->ncaption; i++) {
    const vs_caption *c = &item->caption[i];
    if (check_text(c->text, c->n)) return as_mistake(s);
    if (!c->token && w->vocab) {
      if (vs_vocab_encode(w->vocab, c->text, c->n, w->opt.max_words, false, &w->ids))
        return as_mistake(s);
      continue;
    }
    for (int64_t j = 0; j < c->ntoken; j++) {
      if (c->token[j] < 1 || c->token[j] > most)
        return vs_fail("add: image %lld of %s, caption %lld: token %lld is not in 1..%lld",
                       (long long)s->n + 1, s->name, (long long)i + 1, (long long)c->token[j],
                       (long long)most);
      if (vs_ids_push(&w->ids, c->token[j])) return -1;
    }
    if (vs_ids_end_row(&w->ids)) return -1;
  }
  return 0;
}

static int check_matrix(const split *s, const char *name, const vs_tensor *t, int64_t rows,
                        int64_t cols) {
  if (t->ndim == 2 && vs_is_real(t) && t->numel > 0 && t->shape[0] <= (rows ? rows : INT32_MAX) &&
      (cols == 0 || t->shape[1] == cols))
    return 0;
  return vs_fail("add: image %lld of %s: %s is %s %s, expected %s [%lld,%lld] (0: any)",
                 (long long)s->n + 1, s->name, name, vs_dtype_name(t->dtype), vs_shape_str(t),
                 vs_dtype_name(VS_REAL), (long long)rows, (long long)cols);
}

static int check_extras(const vs_writer *w, const split *s, const vs_item *item) {
  if (item->landmark) {
    if (check_matrix(s, "landmark", item->landmark, s->landmarks, 3)) return -1;
    if (s->landmarks && item->landmark->shape[0] != s->landmarks)
      return bad(s, "landmark has fewer points than in earlier images");
    if (item->landmark->shape[0] < w->paired)
      return vs_fail("add: image %lld of %s: landmark has %lld points, landmark_pairs names point "
                     "%lld",
                     (long long)s->n + 1, s->name, (long long)item->landmark->shape[0],
                     (long long)w->paired);
  }
  const vs_tensor *f = item->feature;
  if (f &&
      (f->ndim != 1 || !vs_is_real(f) || f->numel == 0 || (s->vector && f->numel != s->vector)))
    return vs_fail("add: image %lld of %s: feature is %s %s, expected %s [%lld] (0: any)",
                   (long long)s->n + 1, s->name, vs_dtype_name(f->dtype), vs_shape_str(f),
                   vs_dtype_name(VS_REAL), (long long)s->vector);
  int64_t most = s->regions ? s->regions : w->opt.regions;
  if (item->regions && check_matrix(s, "regions", item->regions, most, s->width)) return -1;
  if (!item->boxes) return 0;
  if (!item->regions) return check_matrix(s, "boxes", item->boxes, most, 4);
  if (check_matrix(s, "boxes", item->boxes, item->regions->shape[0], 4)) return -1;
  return item->boxes->shape[0] == item->regions->shape[0] ? 0 : bad(s, "fewer boxes than regions");
}

/* All images of a split have the same fields; captions may be none. */
static int check_fields(const split *s, const vs_item *item) {
  const struct {
    const char *name;
    bool has, had;
  } field[] = {{"image", item->image, s->column[IMAGE].data},
               {"image_bytes", item->bytes, s->column[BYTES].data},
               {"label", item->label, s->column[LABEL].data},
               {"item", item->thing, s->column[ITEM].data},
               {"tags", item->tag, s->column[TAGS].data},
               {"id", item->id, s->list[ID]},
               {"regions", item->regions, s->column[FEATURE].data},
               {"feature", item->feature, s->column[VECTOR].data},
               {"boxes", item->boxes, s->column[BOX].data},
               {"landmark", item->landmark, s->column[LANDMARK].data}};
  for (int i = 0; i < VS_COUNT(field); i++) {
    if (field[i].has != field[i].had)
      return vs_fail("add: image %lld of %s has %s %s, unlike earlier images", (long long)s->n + 1,
                     s->name, field[i].has ? "a field" : "no field", field[i].name);
  }
  if (item->ncaption && !s->column[OFFSET].data)
    return bad(s, "has captions, unlike earlier images");
  return 0;
}

static int check_item(vs_writer *w, const split *s, const vs_item *item) {
  if (item->id && strlen(item->id) >= VS_H5_MAX_STRING) return bad(s, "its id is too long");
  if (item->image && item->bytes) return bad(s, "expected one of image and image_bytes");
  if (s < &w->split[w->nsplit] && check_fields(s, item)) return -1; /* its columns are there */
  return check_label(w, s, item) || check_things(w, s, item) || check_captions(w, s, item) ||
                 check_extras(w, s, item) || check_image(w, s, item)
             ? -1
             : 0;
}

/* --- adding --- */

/* The place in the buffer of the column's next row. */
static char *next_row(const column *k) { return k->buffer + (size_t)k->n * k->row; }

/* After the next row was filled. */
static int end_row(column *k) { return ++k->n == k->room ? flush_column(k) : 0; }

/* t as one row of the column and of its type, zeros after it.  Allocates nothing. */
static int put_row(column *k, vs_tensor *t) {
  vs_storage storage = {.refs = 2, .data = next_row(k)};
  vs_tensor row = {
      .refs = 1, .dtype = k->dtype, .ndim = t->ndim, .numel = t->numel, .storage = &storage};
  int64_t step = 1;
  for (int d = t->ndim - 1; d >= 0; d--) {
    row.shape[d] = t->shape[d];
    row.stride[d] = step;
    step *= t->shape[d];
  }
  memset(storage.data, 0, k->row);
  return vs_copy(&row, t) ? -1 : end_row(k);
}

static int put_image(split *s, const vs_item *item) {
  if (item->image) return put_row(&s->column[IMAGE], item->image);
  if (!item->bytes) return 0;
  s->bytes += (int64_t)item->nbytes;
  return put(&s->column[BYTES], item->bytes, (int64_t)item->nbytes) ||
                 put_int(&s->column[BYTE_OFFSET], s->bytes)
             ? -1
             : 0;
}

static int put_captions(vs_writer *w, split *s, const vs_item *item) {
  size_t at = 0;
  for (int64_t i = 0; i < item->ncaption; i++) {
    for (; at < w->ids.end[i]; at++, s->tokens++) {
      if (put_int(&s->column[TOKENS], w->ids.id[at] - 1)) return -1;
    }
    if (put_int(&s->column[OFFSET], s->tokens) || put_int(&s->column[OF_IMAGE], s->n)) return -1;
  }
  return 0;
}

/* One byte per name: whether the image has that tag. */
static int put_tags(column *k, const vs_item *item) {
  memset(next_row(k), 0, k->row);
  for (int64_t i = 0; i < item->ntag; i++) next_row(k)[item->tag[i] - 1] = 1;
  return end_row(k);
}

/* All texts of the item into the lists' buffers, or none of them. */
static int put_texts(split *s, const vs_item *item) {
  int64_t id = s->pending[ID].n, text = s->pending[TEXT].n;
  int rc = item->id ? vs_strings_add(&s->pending[ID], item->id, strlen(item->id)) : 0;
  for (int64_t i = 0; rc == 0 && i < item->ncaption; i++)
    rc = vs_strings_add(&s->pending[TEXT], item->caption[i].text, item->caption[i].n);
  if (rc == 0) return 0;
  s->pending[ID].n = id;
  s->pending[TEXT].n = text;
  return -1;
}

/* The rest of the item: fails only where a full buffer cannot be written. */
static int put_item(vs_writer *w, split *s, const vs_item *item) {
  if (put_image(s, item) || put_captions(w, s, item)) return -1;
  if (item->label && put_int(&s->column[LABEL], item->label - 1)) return -1;
  if (item->thing && put_int(&s->column[ITEM], item->thing - 1)) return -1;
  if (item->tag && put_tags(&s->column[TAGS], item)) return -1;
  const vs_tensor *counted = item->regions ? item->regions : item->boxes;
  if (item->regions && put_row(&s->column[FEATURE], item->regions)) return -1;
  if (counted && put_int(&s->column[COUNT], counted->shape[0])) return -1;
  if (item->boxes && put_row(&s->column[BOX], item->boxes)) return -1;
  if (item->feature && put_row(&s->column[VECTOR], item->feature)) return -1;
  if (item->landmark && put_row(&s->column[LANDMARK], item->landmark)) return -1;
  for (int i = 0; i < NLIST; i++)
    if (s->pending[i].n >= PENDING && flush_list(s, i)) return -1;
  return 0;
}

int vs_writer_add(vs_writer *w, const char *name, const vs_item *item) {
  if (w->closed) return vs_fail("add: the writer is closed");
  if (w->failed) return vs_fail_file(w->path, "an earlier write failed");
  split *s = find_split(w, name);
  if (!s) {
    if (check_name(name)) return -1;
    if (w->nsplit == MAX_SPLITS) return vs_fail("add: more than %d splits", MAX_SPLITS);
    s = &w->split[w->nsplit]; /* counted once its first item fits */
    *s = (split){0};
    snprintf(s->name, sizeof s->name, "%s", name);
  }
  if (check_item(w, s, item)) return -1;
  if (s == &w->split[w->nsplit]) {
    w->nsplit++;
    if (make_split(w, s, item)) {
      w->failed = true;
      return -1;
    }
  }
  if (put_texts(s, item)) return -1; /* before anything is written: add may be called again */
  if (put_item(w, s, item)) {
    w->failed = true;
    return -1;
  }
  s->n++;
  return 0;
}

bool vs_writer_failed(const vs_writer *w) { return w->failed; }

int64_t vs_writer_count(const vs_writer *w, const char *name) {
  const split *s = find_split(w, name);
  return s ? s->n : 0;
}

const char *vs_writer_path(const vs_writer *w) { return w->path; }

const char *vs_writer_split(const vs_writer *w, int i) {
  return i < w->nsplit ? w->split[i].name : NULL;
}

/* --- opening and closing --- */

static int write_list(vs_writer *w, const char *name, const vs_strings *list) {
  vs_h5data *d = vs_h5_new_strings(w->file, name);
  int rc = d ? vs_h5_append_strings(d, list) : -1;
  vs_h5_data_close(d);
  return rc;
}

static int write_vectors(vs_writer *w, vs_tensor *t) {
  if (t->ndim != 2 || !vs_is_real(t) || !w->vocab || t->shape[0] != vs_vocab_size(w->vocab) ||
      !t->shape[1])
    return vs_fail("Writer: vectors are %s %s, expected %s [%lld,D], a row for each word",
                   vs_dtype_name(t->dtype), vs_shape_str(t), vs_dtype_name(VS_REAL),
                   w->vocab ? (long long)vs_vocab_size(w->vocab) : 0);
  vs_tensor *c = vs_contiguous(t);
  vs_h5data *d =
      c ? vs_h5_new(w->file, "vocab/vectors", VS_REAL, 2, c->shape, VS_MIN(c->shape[0], 256), 0)
        : NULL;
  int rc = d ? vs_h5_append(d, VS_REAL, c->shape[0], vs_data(c)) : -1;
  vs_h5_data_close(d);
  vs_unref(c);
  return rc;
}

static int check_strings(const vs_strings *list, const char *what) {
  for (int64_t i = 0; i < list->n; i++) {
    if (vs_strings_len(list, i) >= VS_H5_MAX_STRING ||
        strlen(vs_strings_get(list, i)) != vs_strings_len(list, i))
      return vs_fail("Writer: entry %lld of %s contains a zero byte or is too long",
                     (long long)i + 1, what);
  }
  return 0;
}

static int make_vocab(vs_writer *w, const vs_strings *words) {
  if (!(w->vocab = vs_vocab_new())) return -1;
  for (int64_t i = 0; i < words->n; i++) {
    if (vs_vocab_add_word(w->vocab, vs_strings_get(words, i), vs_strings_len(words, i))) return -1;
  }
  return 0;
}

/* The pairs as text, counted from 0. */
static int write_pairs(vs_writer *w, const vs_writeropt *o) {
  char text[16 * VS_MAX_PAIRS] = "";
  for (int64_t i = 0; i < 2 * o->npair; i++) {
    w->paired = VS_MAX(w->paired, o->pair[i]);
    size_t n = strlen(text);
    const char *before = i == 0 ? "" : i % 2 ? "," : " ";
    snprintf(text + n, sizeof text - n, "%s%lld", before, (long long)o->pair[i] - 1);
  }
  return o->npair ? vs_h5_set_text(w->file, "/", "landmark_pairs", text) : 0;
}

static int write_head(vs_writer *w, const vs_writeropt *o) {
  if (vs_h5_set_text(w->file, "/", "format", "vesper-dataset") ||
      vs_h5_set_int(w->file, "/", "version", 1) || vs_h5_set_int(w->file, "/", "index_base", 0) ||
      vs_h5_set_text(w->file, "/", "name", o->name ? o->name : "") ||
      vs_h5_set_text(w->file, "/", "source", o->source ? o->source : "") ||
      vs_h5_set_int(w->file, "/", "split_seed", o->split_seed) || write_pairs(w, o))
    return -1;
  if (o->classes && write_list(w, "classes", o->classes)) return -1;
  if (o->tags && write_list(w, "tags", o->tags)) return -1;
  if (o->words && (vs_h5_group(w->file, "vocab") || write_list(w, "vocab/words", o->words)))
    return -1;
  return o->vectors ? write_vectors(w, o->vectors) : 0;
}

static char *temp_name(const char *path) {
  static int counter;
  size_t n = strlen(path) + 48;
  char *temp = vs_new(n);
  int k = __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED);
  if (temp) snprintf(temp, n, "%s.%ld-%d.tmp", path, (long)getpid(), k);
  return temp;
}

vs_writer *vs_writer_new(const char *path, const vs_writeropt *o) {
  vs_writer *w = vs_new0(sizeof *w);
  if (!w) return NULL;
  w->opt = *o;
  w->owner = getpid();
  w->nclass = o->classes ? o->classes->n : 0;
  w->ntag = o->tags ? o->tags->n : 0;
  w->path = strdup(path);
  w->temp = temp_name(path);
  if (!w->path || !w->temp) {
    vs_fail_memory(strlen(path));
    goto failed;
  }
  if (o->classes && check_strings(o->classes, "classes")) goto failed;
  if (o->tags && check_strings(o->tags, "tags")) goto failed;
  if (o->words && (check_strings(o->words, "vocab") || make_vocab(w, o->words))) goto failed;
  if (!(w->file = vs_h5_create(w->temp)) || write_head(w, o)) goto failed;
  return w;
failed:
  vs_writer_free(w);
  return NULL;
}

static int flush_split(split *s) {
  int rc = 0;
  for (int i = 0; i < NCOLUMN; i++) rc |= s->column[i].data ? flush_column(&s->column[i]) : 0;
  for (int i = 0; i < NLIST; i++) rc |= flush_list(s, i);
  return rc;
}

static void close_split(split *s) {
  for (int i = 0; i < NCOLUMN; i++) {
    vs_h5_data_close(s->column[i].data);
    free(s->column[i].buffer);
  }
  for (int i = 0; i < NLIST; i++) {
    vs_h5_data_close(s->list[i]);
    vs_strings_free(&s->pending[i]);
  }
  *s = (split){0};
}

/* Everything open is closed; the file is left as it is. */
static int close_file(vs_writer *w) {
  for (int i = 0; i < w->nsplit; i++) close_split(&w->split[i]);
  w->nsplit = 0;
  int rc = vs_h5_close(w->file);
  w->file = NULL;
  return rc;
}

static int sync_path(const char *path, int flags) {
  int fd = open(path, flags | O_CLOEXEC);
  if (fd < 0) return -1;
  int rc = fsync(fd);
  close(fd);
  return rc;
}

/* Syncs the folder, so that the name reaches the disk too; some file systems cannot, which is not
 * an error. */
static void sync_folder(const char *path) {
  char *copy = strdup(path);
  if (copy) sync_path(dirname(copy), O_RDONLY | O_DIRECTORY);
  free(copy);
}

int vs_writer_close(vs_writer *w) {
  if (w->closed) return 0;
  int rc = w->failed ? vs_fail_file(w->path, "an earlier write failed") : 0;
  for (int i = 0; rc == 0 && i < w->nsplit; i++) rc = flush_split(&w->split[i]);
  if (rc == 0) rc = vs_h5_flush(w->file);
  if (close_file(w) && rc == 0) rc = -1;
  w->closed = true;
  if (rc == 0 && (sync_path(w->temp, O_RDONLY) || rename(w->temp, w->path)))
    rc = vs_fail_file(w->path, "cannot be written: %s", strerror(errno));
  if (rc)
    unlink(w->temp);
  else
    sync_folder(w->path);
  return rc ? -1 : 0;
}

void vs_writer_free(vs_writer *w) {
  if (!w || w->owner != getpid()) return;
  if (!w->closed && w->file) {
    close_file(w);
    unlink(w->temp);
  }
  vs_vocab_free(w->vocab);
  vs_ids_free(&w->ids);
  free(w->path);
  free(w->temp);
  free(w);
}
