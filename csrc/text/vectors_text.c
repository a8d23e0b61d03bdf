/* Word vectors in text files: a word and its numbers on each line, separated by spaces.
 *
 * GloVe files start with a word; word2vec and fastText .vec files have a first line "words dim".  A
 * word may hold spaces (GloVe 840B has such), so the numbers are taken from the right.  Lines are
 * parsed in parallel; nothing is allocated before the file's size says that it can hold that many
 * numbers.  Of a duplicate word the first vector is kept. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/mem.h"
#include "core/number.h"
#include "core/thread.h"
#include "io/file.h"
#include "text/vectors.h"

typedef struct textfile {
  const char *path, *data;
  size_t size;
  int64_t first, n, dim; /* file line of the first word, from 1; words; numbers on each line */
  size_t *start;         /* [n + 1] where each line begins; the end of the file */
  uint32_t *word;        /* [n] bytes of each line's word */
  float *value;          /* [n, dim] */
  int64_t *bad;          /* [slots] first line that does not parse, from 0; n when all do */
} textfile;

/* --- numbers --- */

/* Very long numbers and large exponents: strtod on a zero-terminated copy. */
static bool slow_number(const char *s, const char *end, float *out) {
  char copy[128], *stop;
  size_t n = (size_t)(end - s);
  if (n >= sizeof copy) return false;
  memcpy(copy, s, n);
  copy[n] = '\0';
  double v = vs_strtod(copy, &stop);
  *out = (float)v;
  return stop == copy + n && isfinite(*out);
}

/* [sign] digits [. digits] [e [sign] digits], the whole of s .. end, finite. */
static bool number(const char *s, const char *end, float *out) {
  static const double ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  const char *p = s;
  uint64_t m = 0;
  int digits = 0, exponent = 0, e = 0;
  bool minus = p < end && *p == '-', eminus = false;
  if (p < end && (*p == '-' || *p == '+')) p++;
  for (; p < end && *p >= '0' && *p <= '9'; p++, digits++) m = m * 10 + (uint64_t)(*p - '0');
  if (p < end && *p == '.')
    for (p++; p < end && *p >= '0' && *p <= '9'; p++, digits++, exponent--)
      m = m * 10 + (uint64_t)(*p - '0');
  if (digits == 0) return false;
  if (p < end && (*p == 'e' || *p == 'E')) {
    eminus = ++p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end) return false;
    for (; p < end && *p >= '0' && *p <= '9'; p++) e = e < 10000 ? e * 10 + (*p - '0') : e;
  }
  if (p != end) return false;
  exponent += eminus ? -e : e;
  if (digits > 18 || m > (UINT64_C(1) << 53) || exponent < -22 || exponent > 22)
    return slow_number(s, end, out);
  double v = exponent < 0 ? (double)m / ten[-exponent] : (double)m * ten[exponent];
  *out = (float)(minus ? -v : v);
  return isfinite(*out);
}

/* --- lines --- */

static bool is_gap(char c) { return c == ' ' || c == '\t'; }

/* The line without its end and the blanks before it. */
static const char *line_end(const textfile *f, int64_t i) {
  const char *s = f->data + f->start[i], *end = f->data + f->start[i + 1];
  while (end > s && (end[-1] == '\n' || end[-1] == '\r' || is_gap(end[-1]))) end--;
  return end;
}

/* Steps back over the last field of s .. *end; returns its first byte and moves *end before it. */
static const char *last_field(const char *s, const char **end) {
  const char *p = *end, *q;
  while (p > s && !is_gap(p[-1])) p--;
  for (q = p; q > s && is_gap(q[-1]);) q--;
  *end = q;
  return p;
}

/* How many numbers end the line, and how many fields it has. */
static int64_t count_numbers(const char *s, const char *end, int64_t *fields) {
  int64_t numbers = 0;
  bool still = true;
  float x;
  for (*fields = 0; end > s; (*fields)++) {
    const char *stop = end, *field = last_field(s, &end);
    still = still && number(field, stop, &x);
    numbers += still;
  }
  return VS_MIN(numbers, VS_MAX(*fields - 1, 0));
}

/* Parses `dim` numbers from the right into out (NULL: only checks); the rest is the word. */
static bool parse_line(const textfile *f, int64_t i, float *out, uint32_t *word) {
  const char *s = f->data + f->start[i], *end = line_end(f, i);
  float x;
  for (int64_t k = f->dim - 1; k >= 0; k--) {
    const char *stop = end, *field = last_field(s, &end);
    if (!number(field, stop, &x)) return false;
    if (out) out[k] = x;
  }
  if (end == s || end - s >= UINT32_MAX) return false;
  *word = (uint32_t)(end - s);
  const char *rest = end, *field = last_field(s, &rest);
  return field == s || !number(field, end, &x); /* else there is a number too many */
}

static void parse_range(void *arg, int64_t first, int64_t last, int slot) {
  textfile *f = arg;
  for (int64_t i = first; i < last; i++) {
    if (parse_line(f, i, f->value + i * f->dim, &f->word[i])) continue;
    f->bad[slot] = VS_MIN(f->bad[slot], i);
    break;
  }
}

/* Says what is wrong with line i. */
static int fail_line(const textfile *f, int64_t i) {
  const char *s = f->data + f->start[i], *end = line_end(f, i);
  char place[512];
  int64_t fields, numbers = count_numbers(s, end, &fields);
  snprintf(place, sizeof place, "%.400s:%lld", f->path, (long long)(i + f->first));
  if (end == s) return vs_fail_file(place, "empty line");
  if (fields - 1 == f->dim) {
    for (float x; end > s;) {
      const char *stop = end, *field = last_field(s, &end);
      if (!number(field, stop, &x))
        return vs_fail_file(place, "\"%.*s\" is not a number",
                            (int)VS_MIN(stop - field, (ptrdiff_t)40), field);
    }
  }
  return vs_fail_file(place, "%lld numbers, the first line %s %lld",
                      (long long)VS_MAX(numbers, VS_MIN(fields - 1, f->dim - 1)),
                      f->first == 2 ? "says" : "has", (long long)f->dim);
}

/* --- the file --- */

static int64_t count_lines(const char *s, size_t size) {
  int64_t n = 0;
  for (const char *p = s, *end = s + size; p < end; n++) {
    const char *q = memchr(p, '\n', (size_t)(end - p));
    p = q ? q + 1 : end;
  }
  return n;
}

static int index_lines(textfile *f, int64_t lines) {
  const char *p = f->data, *end = f->data + f->size;
  f->start = vs_new(((size_t)lines + 1) * sizeof *f->start);
  if (!f->start) return -1;
  for (int64_t i = 0; i < lines; i++) {
    const char *q = memchr(p, '\n', (size_t)(end - p));
    f->start[i] = (size_t)(p - f->data);
    p = q ? q + 1 : end;
  }
  f->start[lines] = f->size;
  return 0;
}

/* A field of digits alone, as an int64 (large ones stop at a value no file reaches). */
static bool whole_number(const char *s, const char *end, int64_t *out) {
  *out = 0;
  for (const char *p = s; p < end; p++) {
    if (*p < '0' || *p > '9') return false;
    if (*out < INT64_MAX / 100) *out = *out * 10 + (*p - '0');
  }
  return end > s;
}

/* Finds dim in the first line: a header "words dim", or the count of its numbers. */
static int read_first_line(textfile *f) {
  const char *s = f->data + f->start[0], *end = line_end(f, 0), *stop = end;
  int64_t fields, words, dim, numbers = count_numbers(s, end, &fields);
  const char *second = last_field(s, &end);
  f->first = 1;
  f->dim = numbers;
  if (fields == 2 && whole_number(second, stop, &dim) && whole_number(s, end, &words) &&
      (dim != 1 || words == f->n - 1)) {
    if (dim < 1) return vs_fail_file(f->path, "line 1 says that vectors have no numbers");
    if (words != f->n - 1)
      return vs_fail_file(f->path, "line 1 says %lld words, but %lld lines follow",
                          (long long)words, (long long)f->n - 1);
    f->first = 2;
    f->dim = dim;
    f->n--;
    memmove(f->start, f->start + 1, ((size_t)f->n + 1) * sizeof *f->start);
  }
  if (f->dim == 0) return vs_fail_file(f->path, "not word vectors: no numbers on line 1");
  return f->n ? 0 : vs_fail_file(f->path, "it contains no words");
}

/* A number takes two bytes, a line end or word one: if the file is too small for all its lines,
 * some line is short, and is found without allocating for them. */
static int check_size(const textfile *f) {
  uint32_t word;
  if (f->dim <= ((int64_t)f->size + 1) / 2 / f->n) return 0;
  for (int64_t i = 0; i < f->n; i++)
    if (!parse_line(f, i, NULL, &word)) return fail_line(f, i);
  return vs_fail_file(f->path, "too small for %lld vectors", (long long)f->n);
}

static int parse(textfile *f) {
  int64_t grain = VS_MAX(1, 100000 / f->dim);
  int slots = vs_slots(f->n, grain);
  f->word = vs_new((size_t)f->n * sizeof *f->word);
  f->value = vs_new((size_t)f->n * (size_t)f->dim * sizeof *f->value);
  f->bad = vs_new((size_t)slots * sizeof *f->bad);
  if (!f->word || !f->value || !f->bad) return -1;
  for (int i = 0; i < slots; i++) f->bad[i] = f->n;
  vs_parallel(f->n, grain, parse_range, f);
  int64_t bad = f->n;
  for (int i = 0; i < slots; i++) bad = VS_MIN(bad, f->bad[i]);
  return bad < f->n ? fail_line(f, bad) : 0;
}

/* Numbers the words; rows of duplicate words are removed. */
static int collect_words(textfile *f, vs_vectors *v) {
  for (int64_t i = 0; i < f->n; i++) {
    bool fresh;
    int64_t id = vs_strmap_add(&v->map, f->data + f->start[i], f->word[i], &fresh);
    if (id < 0) return -1;
    if (fresh && id != i)
      memcpy(f->value + id * f->dim, f->value + i * f->dim, (size_t)f->dim * sizeof *f->value);
  }
  return 0;
}

int vs_vectors_text(vs_vectors *v, const char *path) {
  textfile f = {.path = path, .data = (const char *)v->file->base, .size = v->file->size};
  int rc = -1;
  size_t mark = vs_text_mark(f.data, f.size);
  if (f.size == mark) return vs_fail_file(path, "the file is empty");
  f.data += mark; /* which is NULL when nothing is in the file */
  f.size -= mark;
  f.n = count_lines(f.data, f.size);
  if (index_lines(&f, f.n) != 0 || read_first_line(&f) != 0 || check_size(&f) != 0 ||
      parse(&f) != 0 || collect_words(&f, v) != 0)
    goto done;
  v->dim = f.dim;
  v->value = f.value;
  f.value = NULL;
  rc = 0;
done:
  free(f.start);
  free(f.word);
  free(f.value);
  free(f.bad);
  return rc;
}
