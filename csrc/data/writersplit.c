/* The columns of a split, and putting items into them.  See writerpriv.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/writerpriv.h"

enum {
  BUFFER = 1 << 20,
  MAX_CHUNK = 1 << 26, /* bytes */
  CHUNK = 2048,        /* rows of a column of numbers */
  PENDING = 1024       /* strings that are written together */
};

static const char *const column_name[] = {
    "image",        "image_bytes/data", "image_bytes/offset", "label",         "item",
    "tags",         "caption/tokens",   "caption/offset",     "caption/image", "region/feature",
    "region/count", "region/box",       "landmark",           "feature"};
static const char *const list_name[] = {"image_id", "caption/text"};

/* --- columns --- */

static const char *full_name(const split *s, const char *name, char *out, size_t n) {
  snprintf(out, n, "%s/%s", s->name, name);
  return out;
}

/* Column c is [N, dims[1..]] of the split; chunk: rows. */
static int add_column(split *s, int c, vs_dtype dtype, int ndim, const int64_t *dims,
                      int64_t chunk) {
  column *k = &s->column[c];
  *k = (column){.has = true, .dtype = dtype, .ndim = ndim, .chunk = chunk};
  k->row = vs_dtype_size(dtype);
  for (int i = 1; i < ndim; i++) k->row *= (size_t)(k->dims[i] = dims[i]);
  if (chunk > 1 && k->row > MAX_CHUNK / (size_t)chunk)
    return vs_fail("%s: %lld rows of %zu bytes are too large for a chunk, the limit is %d bytes",
                   column_name[c], (long long)chunk, k->row, MAX_CHUNK);
  /* whole chunks: a chunk written in two parts may be compressed twice */
  k->room = VS_MAX(1, (int64_t)(BUFFER / k->row) / chunk) * chunk;
  k->buffer = vs_new((size_t)k->room * k->row);
  return k->buffer ? 0 : -1;
}

static int open_column(vs_writer *w, split *s, int c) {
  char name[VS_H5_MAX_NAME];
  column *k = &s->column[c];
  k->data = vs_h5_new(w->h, full_name(s, column_name[c], name, sizeof name), k->dtype, k->ndim,
                      k->dims, k->chunk, w->opt.compress);
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
  k->total += n;
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

static int open_list(vs_writer *w, split *s, int i) {
  char name[VS_H5_MAX_NAME];
  if (!s->has_list[i]) return 0;
  s->list[i] = vs_h5_new_strings(w->h, full_name(s, list_name[i], name, sizeof name));
  return s->list[i] ? 0 : -1;
}

static int flush_list(split *s, int i) {
  if (!s->list[i]) return 0;
  int rc = vs_h5_append_strings(s->list[i], &s->pending[i]);
  vs_strings_clear(&s->pending[i]);
  return rc;
}

/* --- which columns --- */

/* A column of single numbers. */
static int add_plain(split *s, int c, vs_dtype dtype) {
  return add_column(s, c, dtype, 1, (int64_t[]){0}, CHUNK);
}

static int add_images(const vs_writer *w, split *s, const vs_item *item) {
  int64_t dims[4] = {0, 3, w->opt.height, w->opt.width};
  if (item->image) return add_column(s, IMAGE, VS_UINT8, 4, dims, w->opt.chunk);
  if (!item->bytes) return 0;
  return add_plain(s, BYTES, VS_UINT8) || add_plain(s, BYTE_OFFSET, VS_INT64) ? -1 : 0;
}

static int add_captions(split *s) {
  s->has_list[TEXT] = true;
  return add_plain(s, TOKENS, VS_INT32) || add_plain(s, OFFSET, VS_INT64) ||
                 add_plain(s, OF_IMAGE, VS_INT64)
             ? -1
             : 0;
}

static vs_dtype feature_dtype(const vs_writer *w) { return w->opt.half ? VS_FLOAT16 : VS_REAL; }

static int add_regions(const vs_writer *w, split *s, const vs_item *item) {
  const vs_tensor *t = item->regions ? item->regions : item->boxes;
  s->regions = w->opt.regions ? w->opt.regions : t->shape[0];
  if (add_plain(s, COUNT, VS_INT32)) return -1;
  if (item->regions) {
    s->width = item->regions->shape[1];
    if (add_column(s, FEATURE, feature_dtype(w), 3, (int64_t[]){0, s->regions, s->width},
                   w->opt.chunk))
      return -1;
  }
  return item->boxes ? add_column(s, BOX, VS_REAL, 3, (int64_t[]){0, s->regions, 4}, 64) : 0;
}

int vs_split_make(vs_writer *w, split *s, const vs_item *item) {
  if (add_images(w, s, item)) return -1;
  if (item->label && add_plain(s, LABEL, VS_INT32)) return -1;
  if (item->thing && add_plain(s, ITEM, VS_INT32)) return -1;
  if (item->tag && add_column(s, TAGS, VS_UINT8, 2, (int64_t[]){0, w->ntag}, CHUNK)) return -1;
  s->has_list[ID] = item->id;
  bool captions = item->ncaption || vs_strings_find(&w->captions, s->name) >= 0;
  if (captions && add_captions(s)) return -1;
  if ((item->regions || item->boxes) && add_regions(w, s, item)) return -1;
  if (item->feature) {
    s->vector = item->feature->shape[0];
    if (add_column(s, VECTOR, feature_dtype(w), 2, (int64_t[]){0, s->vector}, 16)) return -1;
  }
  if (!item->landmark) return 0;
  s->landmarks = item->landmark->shape[0];
  return add_column(s, LANDMARK, VS_REAL, 3, (int64_t[]){0, s->landmarks, 3}, 256);
}

/* --- the columns in a file --- */

static int open_group(vs_writer *w, const split *s, const char *name) {
  char full[VS_H5_MAX_NAME];
  return vs_h5_group(w->h, full_name(s, name, full, sizeof full));
}

/* Encoded images are resized to the size of the set where they are read. */
static int open_bytes(vs_writer *w, split *s) {
  if (open_group(w, s, "image_bytes") || open_column(w, s, BYTES) || open_column(w, s, BYTE_OFFSET))
    return -1;
  if (vs_h5_set_int(w->h, s->name, "height", w->opt.height) ||
      vs_h5_set_int(w->h, s->name, "width", w->opt.width))
    return -1;
  return put_int(&s->column[BYTE_OFFSET], 0);
}

static int open_captions(vs_writer *w, split *s) {
  if (open_group(w, s, "caption")) return -1;
  for (int c = TOKENS; c <= OF_IMAGE; c++)
    if (open_column(w, s, c)) return -1;
  return open_list(w, s, TEXT) ? -1 : put_int(&s->column[OFFSET], 0);
}

/* Those of n columns that the split has. */
static int open_columns(vs_writer *w, split *s, const int *list, int n) {
  for (int i = 0; i < n; i++)
    if (s->column[list[i]].has && open_column(w, s, list[i])) return -1;
  return 0;
}

/* The same data give the same bytes, in every version: the order matters. */
int vs_split_open(vs_writer *w, split *s) {
  static const int things[] = {LABEL, ITEM, TAGS};
  static const int regions[] = {COUNT, FEATURE, BOX, VECTOR, LANDMARK};
  s->open = true;
  if (vs_h5_group(w->h, s->name)) return -1;
  if (s->column[IMAGE].has && open_column(w, s, IMAGE)) return -1;
  if (s->column[BYTES].has && open_bytes(w, s)) return -1;
  if (open_columns(w, s, things, VS_COUNT(things)) || open_list(w, s, ID)) return -1;
  if (s->column[TOKENS].has && open_captions(w, s)) return -1;
  if (s->column[COUNT].has && open_group(w, s, "region")) return -1;
  return open_columns(w, s, regions, VS_COUNT(regions));
}

size_t vs_split_bytes(const split *s) {
  size_t bytes = s->text;
  for (int c = 0; c < NCOLUMN; c++) bytes += (size_t)s->column[c].total * s->column[c].row;
  return bytes;
}

int vs_split_flush(split *s) {
  int rc = 0;
  for (int i = 0; i < NCOLUMN; i++) rc |= s->column[i].data ? flush_column(&s->column[i]) : 0;
  for (int i = 0; i < NLIST; i++) rc |= flush_list(s, i);
  return rc;
}

void vs_split_close(split *s) {
  for (int i = 0; i < NCOLUMN; i++) {
    vs_h5_data_close(s->column[i].data);
    s->column[i].data = NULL;
    s->column[i].n = s->column[i].total = 0;
  }
  for (int i = 0; i < NLIST; i++) {
    vs_h5_data_close(s->list[i]);
    s->list[i] = NULL;
    vs_strings_clear(&s->pending[i]);
  }
  s->open = false;
  s->here = s->bytes = s->tokens = 0;
  s->text = 0;
}

void vs_split_free(split *s) {
  vs_split_close(s);
  for (int i = 0; i < NCOLUMN; i++) free(s->column[i].buffer);
  for (int i = 0; i < NLIST; i++) vs_strings_free(&s->pending[i]);
  *s = (split){0};
}

/* --- adding --- */

/* The place in the buffer of the column's next row. */
static char *next_row(const column *k) { return k->buffer + (size_t)k->n * k->row; }

/* After the next row was filled. */
static int end_row(column *k) {
  k->total++;
  return ++k->n == k->room ? flush_column(k) : 0;
}

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
    if (put_int(&s->column[OFFSET], s->tokens) || put_int(&s->column[OF_IMAGE], s->here)) return -1;
  }
  return 0;
}

/* One byte per name: whether the image has that tag. */
static int put_tags(column *k, const vs_item *item) {
  memset(next_row(k), 0, k->row);
  for (int64_t i = 0; i < item->ntag; i++) next_row(k)[item->tag[i] - 1] = 1;
  return end_row(k);
}

int vs_split_add_texts(split *s, const vs_item *item) {
  int64_t id = s->pending[ID].n, text = s->pending[TEXT].n;
  int rc = item->id ? vs_strings_add(&s->pending[ID], item->id, strlen(item->id)) : 0;
  for (int64_t i = 0; rc == 0 && i < item->ncaption; i++)
    rc = vs_strings_add(&s->pending[TEXT], item->caption[i].text, item->caption[i].n);
  if (rc == 0) {
    if (item->id) s->text += strlen(item->id);
    for (int64_t i = 0; i < item->ncaption; i++) s->text += item->caption[i].n;
    return 0;
  }
  s->pending[ID].n = id;
  s->pending[TEXT].n = text;
  return -1;
}

int vs_split_add(vs_writer *w, split *s, const vs_item *item) {
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
  s->here++;
  s->n++;
  return 0;
}
