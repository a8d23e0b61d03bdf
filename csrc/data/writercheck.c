/* Whether an item fits what the writer has of its split.  See writerpriv.h.
 *
 * Nothing is written here; a mistake is VS_EUSER and names the image. */
#include <stdio.h>
#include <string.h>

#include "data/writerpriv.h"
#include "io/image.h"
#include "text/unicode.h"

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

int vs_writer_check_name(const char *name) {
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
  } field[] = {{"image", item->image, s->column[IMAGE].has},
               {"image_bytes", item->bytes, s->column[BYTES].has},
               {"label", item->label, s->column[LABEL].has},
               {"item", item->thing, s->column[ITEM].has},
               {"tags", item->tag, s->column[TAGS].has},
               {"id", item->id, s->has_list[ID]},
               {"regions", item->regions, s->column[FEATURE].has},
               {"feature", item->feature, s->column[VECTOR].has},
               {"boxes", item->boxes, s->column[BOX].has},
               {"landmark", item->landmark, s->column[LANDMARK].has}};
  for (int i = 0; i < VS_COUNT(field); i++) {
    if (field[i].has != field[i].had)
      return vs_fail("add: image %lld of %s has %s %s, unlike earlier images", (long long)s->n + 1,
                     s->name, field[i].has ? "a field" : "no field", field[i].name);
  }
  if (item->ncaption && !s->column[OFFSET].has)
    return bad(s, "has captions, unlike earlier images");
  return 0;
}

int vs_writer_check(vs_writer *w, const split *s, const vs_item *item) {
  if (item->id && strlen(item->id) >= VS_H5_MAX_STRING) return bad(s, "its id is too long");
  if (item->image && item->bytes) return bad(s, "expected one of image and image_bytes");
  if (s < &w->split[w->nsplit] && check_fields(s, item)) return -1; /* its columns are there */
  return check_label(w, s, item) || check_things(w, s, item) || check_captions(w, s, item) ||
                 check_extras(w, s, item) || check_image(w, s, item)
             ? -1
             : 0;
}
