/* BERT's tokenizer.  See wordpiece.h. */
#include "text/wordpiece.h"

#include <string.h>

#include "core/grow.h"
#include "core/mem.h"
#include "io/file.h"
#include "io/mapping.h"
#include "text/unicode.h"
#include "text/wordpiece_json.h"

enum { MAX_WORD = VS_WORDPIECE_MAX_WORD };

/* --- the vocabulary --- */

static int add_line(vs_wordpiece *w, const char *path, const char *s, size_t len) {
  bool fresh;
  while (len && (s[len - 1] == '\r' || s[len - 1] == ' ')) len--;
  int64_t line = w->map.n + 1;
  if (len == 0) return vs_fail_file(path, "line %lld is empty", (long long)line);
  int64_t id = vs_strmap_add(&w->map, s, len, &fresh);
  if (id < 0) return -1;
  if (!fresh)
    return vs_fail_file(path, "line %lld: \"%.*s\" is already on line %lld", (long long)line,
                        (int)VS_MIN(len, (size_t)60), s, (long long)id + 1);
  return 0;
}

static int find_special(vs_wordpiece *w, const char *path, const char *name, int64_t *id) {
  *id = vs_wordpiece_id(w, name, strlen(name));
  return *id ? 0 : vs_fail_file(path, "not a WordPiece vocabulary: no piece %s", name);
}

/* From byte `at` on. */
static int read_lines(vs_wordpiece *w, const char *path, const vs_mapping *f, size_t at) {
  while (at < f->size) {
    const char *line = (const char *)f->base + at, *end = memchr(line, '\n', f->size - at);
    size_t len = end ? (size_t)(end - line) : f->size - at;
    if (add_line(w, path, line, len) != 0) return -1;
    at += len + 1;
  }
  return 0;
}

static int find_specials(vs_wordpiece *w, const char *path) {
  w->mask = vs_wordpiece_id(w, "[MASK]", 6);
  if (find_special(w, path, "[PAD]", &w->pad) != 0) return -1;
  if (find_special(w, path, "[UNK]", &w->unk) != 0) return -1;
  if (find_special(w, path, "[CLS]", &w->cls) != 0) return -1;
  return find_special(w, path, "[SEP]", &w->sep);
}

static vs_wordpiece *new_empty(void) {
  vs_wordpiece *w = vs_new0(sizeof *w);
  if (!w) return NULL;
  w->lowercase = w->strip = true;
  w->max_len = 512;
  return w;
}

vs_wordpiece *vs_wordpiece_new(const vs_strings *pieces) {
  const char *name = "WordPiece: the list";
  vs_wordpiece *w = new_empty();
  int rc = w ? 0 : -1;
  for (int64_t i = 0; rc == 0 && i < pieces->n; i++)
    rc = add_line(w, name, vs_strings_get(pieces, i), vs_strings_len(pieces, i));
  if (rc == 0) rc = find_specials(w, name);
  if (rc == 0) return w;
  vs_wordpiece_free(w);
  return NULL;
}

vs_wordpiece *vs_wordpiece_load(const char *path) {
  vs_mapping *f = vs_mapping_open(path, 0, NULL);
  int rc = -1;
  if (!f) return NULL;
  vs_wordpiece *w = new_empty();
  if (!w) goto done;
  size_t mark = vs_text_mark(f->base, f->size);
  bool json = f->size > mark && f->base[mark] == '{';
  rc = json ? vs_wordpiece_read_json(w, path) : read_lines(w, path, f, mark);
  if (rc == 0) rc = find_specials(w, path);
done:
  vs_mapping_unref(f);
  if (rc == 0) return w;
  vs_wordpiece_free(w);
  return NULL;
}

void vs_wordpiece_free(vs_wordpiece *w) {
  if (!w) return;
  vs_strmap_free(&w->map);
  free(w);
}

/* --- basic tokens --- */

/* A text as characters. */
typedef struct chars {
  int32_t *c;
  size_t n, room;
} chars;

/* White space becomes one space, control characters go, ideographs get spaces around them. */
static int clean(const vs_wordpiece *w, const char *s, size_t n, size_t from, size_t to,
                 chars *out) {
  for (size_t at = from; at < to;) {
    int32_t c = vs_utf8_next(s, n, &at, w->replace);
    if (c < 0) return -1;
    if (c == 0 || c == 0xFFFD || vs_unicode_is_control(c)) continue;
    if (vs_grow(&out->c, &out->room, out->n + 3) != 0) return -1;
    if (vs_unicode_is_cjk(c)) {
      out->c[out->n++] = ' ';
      out->c[out->n++] = c;
      out->c[out->n++] = ' ';
    } else {
      out->c[out->n++] = vs_unicode_is_space(c) ? ' ' : c;
    }
  }
  return 0;
}

/* Strips accents. */
static int strip(chars *t) {
  size_t n, kept = 0;
  int32_t *c = vs_unicode_nfd(t->c, t->n, &n);
  if (!c) return -1;
  for (size_t i = 0; i < n; i++)
    if (!vs_unicode_is_accent(c[i])) c[kept++] = c[i];
  free(t->c);
  t->c = c;
  t->n = t->room = kept;
  return 0;
}

/* Lowers every character: U+0130 becomes i and a dot above, the only one that becomes two. */
static int lower(chars *t) {
  size_t more = 0;
  for (size_t i = 0; i < t->n; i++) more += t->c[i] == 0x130;
  if (vs_grow(&t->c, &t->room, t->n + more) != 0) return -1;
  size_t to = t->n + more;
  for (size_t i = t->n; i-- > 0;) {
    if (t->c[i] == 0x130) t->c[--to] = 0x307;
    t->c[--to] = vs_unicode_lower(t->c[i]);
  }
  t->n += more;
  return 0;
}

/* --- pieces --- */

/* Greedy: from each place the longest piece in the vocabulary.  text: "##" and the word in UTF-8;
 * end[i]: bytes of text before character i + 1. */
static int cut(const vs_wordpiece *w, char *text, const uint32_t *end, size_t nchars, vs_ids *out) {
  size_t before = out->n;
  for (size_t first = 0; first < nchars;) {
    size_t start = first ? end[first - 1] : 2, last = nchars;
    int64_t id = 0;
    char kept[2];
    if (first) { /* the two bytes before the piece make room for its "##" */
      start -= 2;
      memcpy(kept, text + start, 2);
      memcpy(text + start, "##", 2);
    }
    for (; last > first; last--) {
      id = vs_wordpiece_id(w, text + start, end[last - 1] - start);
      if (id) break;
    }
    if (first) memcpy(text + start, kept, 2);
    if (!id) {
      out->n = before;
      return vs_ids_push(out, w->unk);
    }
    if (vs_ids_push(out, id) != 0) return -1;
    first = last;
  }
  return 0;
}

static int add_word(const vs_wordpiece *w, const int32_t *c, size_t n, vs_ids *out) {
  char text[2 + 4 * MAX_WORD];
  uint32_t end[MAX_WORD];
  if (n > MAX_WORD) return vs_ids_push(out, w->unk);
  uint32_t used = 2;
  memcpy(text, "##", 2);
  for (size_t i = 0; i < n; i++) {
    used += (uint32_t)vs_utf8_put(c[i], text + used);
    end[i] = used;
  }
  return cut(w, text, end, n, out);
}

/* The pieces of a stretch of text without special tokens, s[from .. to). */
static int add_stretch(const vs_wordpiece *w, const char *s, size_t n, size_t from, size_t to,
                       vs_ids *out) {
  chars t = {0};
  int rc = clean(w, s, n, from, to, &t);
  if (rc == 0 && w->strip && t.n) rc = strip(&t);
  if (rc == 0 && w->lowercase) rc = lower(&t);
  for (size_t i = 0; rc == 0 && i < t.n;) {
    size_t first = i;
    if (vs_unicode_is_space(t.c[i])) {
      i++;
      continue;
    }
    if (vs_unicode_is_punct(t.c[i]))
      i++;
    else
      while (i < t.n && !vs_unicode_is_space(t.c[i]) && !vs_unicode_is_punct(t.c[i])) i++;
    rc = add_word(w, t.c + first, i - first, out);
  }
  free(t.c);
  return rc;
}

/* The id of a special token that is literally at s, its length into *len; 0 when there is none. */
static int64_t special_at(const vs_wordpiece *w, const char *s, size_t left, size_t *len) {
  static const char *const name[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  int64_t id[] = {w->pad, w->unk, w->cls, w->sep, w->mask};
  for (int i = 0; i < VS_COUNT(name); i++) {
    *len = strlen(name[i]);
    if (id[i] && left >= *len && memcmp(s, name[i], *len) == 0) return id[i];
  }
  return 0;
}

int vs_wordpiece_pieces(const vs_wordpiece *w, const char *s, size_t n, vs_ids *out) {
  size_t from = 0, at = 0, len;
  while (at < n) {
    const char *open = memchr(s + at, '[', n - at);
    if (!open) break;
    at = (size_t)(open - s);
    int64_t id = special_at(w, open, n - at, &len);
    if (!id) {
      at++;
      continue;
    }
    if (add_stretch(w, s, n, from, at, out) != 0 || vs_ids_push(out, id) != 0) return -1;
    from = at += len;
  }
  return add_stretch(w, s, n, from, n, out);
}

/* Reduces na and nb to at most `most` together, the longer one first. */
static void share(size_t *na, size_t *nb, size_t most) {
  size_t small = VS_MIN(*na, *nb), large;
  if (*na + *nb <= most) return;
  large = small > most ? small : VS_MAX(small, most - small);
  if (small + large > most) {
    small = most / 2;
    large = most - small;
  }
  if (*na > *nb)
    *na = large, *nb = small;
  else
    *na = small, *nb = large;
}

int vs_wordpiece_encode(const vs_wordpiece *w, const char *a, size_t na, const char *b, size_t nb,
                        int64_t max_len, vs_ids *out, vs_ids *types) {
  vs_ids x = {0}, y = {0};
  int rc = -1;
  size_t added = b ? 3 : 2;
  if (max_len < (int64_t)added)
    return vs_fail("max_len is %lld, expected at least %zu for [CLS] and [SEP]", (long long)max_len,
                   added);
  if (vs_wordpiece_pieces(w, a, na, &x) != 0) goto done;
  if (b && vs_wordpiece_pieces(w, b, nb, &y) != 0) goto done;
  size_t nx = x.n, ny = y.n, most = (size_t)max_len - added;
  if (b)
    share(&nx, &ny, most);
  else
    nx = VS_MIN(nx, most);
  if (vs_ids_push(out, w->cls) != 0) goto done;
  for (size_t i = 0; i < nx; i++)
    if (vs_ids_push(out, x.id[i]) != 0) goto done;
  if (vs_ids_push(out, w->sep) != 0) goto done;
  for (size_t i = 0; i < ny; i++)
    if (vs_ids_push(out, y.id[i]) != 0) goto done;
  if (b && vs_ids_push(out, w->sep) != 0) goto done;
  for (size_t i = 0; i < nx + ny + added; i++)
    if (vs_ids_push(types, i < nx + 2 ? 1 : 2) != 0) goto done;
  if (vs_ids_end_row(out) != 0 || vs_ids_end_row(types) != 0) goto done;
  rc = 0;
done:
  vs_ids_free(&x);
  vs_ids_free(&y);
  return rc;
}
