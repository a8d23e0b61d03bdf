/* Writes a vesper HDF5 data set.  See writer.h.
 *
 * An item is checked against all columns of its split first (writercheck.c) and appended afterwards
 * (writersplit.c), so that columns never differ in length unless the disk is full.
 *
 * A writer of shards closes a file that is large enough, syncs it and begins the next one; the
 * names, words and vectors are copied from file to file.  All keep their temporary names until
 * close. */
#include "data/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/dataset.h"
#include "data/writerpriv.h"

/* --- what every file has --- */

static int write_list(vs_writer *w, const char *name, const vs_strings *list) {
  vs_h5data *d = vs_h5_new_strings(w->h, name);
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
      c ? vs_h5_new(w->h, "vocab/vectors", VS_REAL, 2, c->shape, VS_MIN(c->shape[0], 256), 0)
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
static char *pairs_text(const vs_writeropt *o) {
  size_t room = 16 * VS_MAX_PAIRS, n = 0;
  char *text = vs_new(room);
  for (int64_t i = 0; text && i < 2 * o->npair; i++) {
    const char *before = i == 0 ? "" : i % 2 ? "," : " ";
    n += (size_t)snprintf(text + n, room - n, "%s%lld", before, (long long)o->pair[i] - 1);
  }
  return text;
}

static int write_attributes(vs_writer *w) {
  if (vs_h5_set_text(w->h, "/", "format", "vesper-dataset") ||
      vs_h5_set_int(w->h, "/", "version", 1) || vs_h5_set_int(w->h, "/", "index_base", 0) ||
      vs_h5_set_text(w->h, "/", "name", w->name) ||
      vs_h5_set_text(w->h, "/", "source", w->source) ||
      vs_h5_set_int(w->h, "/", "split_seed", w->opt.split_seed))
    return -1;
  if (w->note && vs_h5_set_text(w->h, "/", "note", w->note)) return -1;
  int64_t number = w->opt.shard ? w->file.n : w->opt.part;
  if (number && vs_h5_set_int(w->h, "/", VS_ATTR_SHARD, number)) return -1;
  if (w->opt.part && w->opt.part == w->opt.parts &&
      vs_h5_set_int(w->h, "/", VS_ATTR_SHARDS, w->opt.parts))
    return -1;
  return w->pairs ? vs_h5_set_text(w->h, "/", "landmark_pairs", w->pairs) : 0;
}

static int write_names(vs_writer *w, const vs_writeropt *o) {
  if (o->classes && write_list(w, "classes", o->classes)) return -1;
  if (o->tags && write_list(w, "tags", o->tags)) return -1;
  if (o->words && (vs_h5_group(w->h, "vocab") || write_list(w, "vocab/words", o->words))) return -1;
  return o->vectors ? write_vectors(w, o->vectors) : 0;
}

static int copy_names(vs_writer *w, vs_h5 *from) {
  return vs_h5_copy(from, "classes", w->h) || vs_h5_copy(from, "tags", w->h) ||
                 vs_h5_copy(from, "vocab", w->h)
             ? -1
             : 0;
}

/* --- files --- */

/* "hats-00002.h5" of "hats.h5"; k counts from 1. */
static char *shard_name(const char *path, int64_t k) {
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  const char *dot = strrchr(name, '.');
  size_t room = strlen(path) + 32, stem = dot && dot > name ? (size_t)(dot - path) : strlen(path);
  char *out = vs_new(room);
  if (out) snprintf(out, room, "%.*s-%05lld%s", (int)stem, path, (long long)k, path + stem);
  return out;
}

static char *temp_name(const char *path) {
  static int counter;
  size_t n = strlen(path) + 48;
  char *temp = vs_new(n);
  int k = __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED);
  if (temp) snprintf(temp, n, "%s.%ld-%d.tmp", path, (long)getpid(), k);
  return temp;
}

static const char *temp_of(const vs_writer *w, int64_t i) { return vs_strings_get(&w->temp, i); }

/* Creates the next file, with its attributes. */
static int begin_file(vs_writer *w) {
  char *path = w->opt.shard ? shard_name(w->path, w->file.n + 1) : strdup(w->path);
  char *temp = path ? temp_name(path) : NULL;
  int rc = temp ? 0 : vs_fail_memory(strlen(w->path));
  if (rc == 0) rc = vs_strings_add(&w->file, path, strlen(path));
  if (rc == 0 && !(w->h = vs_h5_create(temp))) rc = -1;
  if (rc == 0 && vs_strings_add(&w->temp, temp, strlen(temp))) {
    unlink(temp);
    rc = -1;
  }
  free(path);
  free(temp);
  return rc ? -1 : write_attributes(w);
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

/* Writes what is left in buffers, unless an earlier write failed, and closes the columns; the file
 * stays open.  The last file has their number. */
static int end_columns(vs_writer *w, bool last) {
  int rc = w->failed ? vs_fail_file(w->path, "an earlier write failed") : 0;
  for (int i = 0; rc == 0 && i < w->nsplit; i++) rc = vs_split_flush(&w->split[i]);
  if (rc == 0 && last && w->opt.shard) rc = vs_h5_set_int(w->h, "/", VS_ATTR_SHARDS, w->file.n);
  if (rc == 0) rc = vs_h5_flush(w->h);
  for (int i = 0; i < w->nsplit; i++) vs_split_close(&w->split[i]);
  return rc;
}

/* Closes a file and syncs it, under its temporary name. */
static int end_file(const vs_writer *w, int64_t i, vs_h5 *h) {
  if (vs_h5_close(h)) return -1;
  if (sync_path(temp_of(w, i), O_RDONLY) == 0) return 0;
  return vs_fail_file(vs_strings_get(&w->file, i), "cannot be written: %s", strerror(errno));
}

static int next_file(vs_writer *w) {
  vs_h5 *last = w->h;
  int64_t at = w->file.n - 1;
  int rc = end_columns(w, false);
  if (rc == 0) {
    w->h = NULL;
    rc = begin_file(w);
  }
  if (rc == 0) rc = copy_names(w, last);
  if (w->h == last) w->h = NULL;
  return end_file(w, at, last) || rc ? -1 : 0;
}

static bool is_full(const vs_writer *w) {
  size_t bytes = 0;
  if (!w->opt.shard) return false;
  for (int i = 0; i < w->nsplit; i++) bytes += vs_split_bytes(&w->split[i]);
  return bytes >= (size_t)w->opt.shard;
}

/* --- adding --- */

static split *find_split(const vs_writer *w, const char *name) {
  for (int i = 0; i < w->nsplit; i++) {
    if (!strcmp(w->split[i].name, name)) return (split *)&w->split[i];
  }
  return NULL;
}

/* The split in the file that the item goes to. */
static int open_split(vs_writer *w, split *s, const vs_item *item) {
  if (is_full(w) && next_file(w)) return -1;
  if (s == &w->split[w->nsplit]) {
    w->nsplit++;
    if (vs_split_make(w, s, item)) return -1;
  }
  return s->open ? 0 : vs_split_open(w, s);
}

int vs_writer_add(vs_writer *w, const char *name, const vs_item *item) {
  if (w->closed) return vs_fail("add: the writer is closed");
  if (w->failed) return vs_fail_file(w->path, "an earlier write failed");
  split *s = find_split(w, name);
  if (!s) {
    if (vs_writer_check_name(name)) return -1;
    if (w->nsplit == VS_MAX_SPLITS) return vs_fail("add: more than %d splits", VS_MAX_SPLITS);
    s = &w->split[w->nsplit]; /* counted once its first item fits */
    *s = (split){0};
    snprintf(s->name, sizeof s->name, "%s", name);
  }
  if (vs_writer_check(w, s, item)) return -1;
  if (open_split(w, s, item)) {
    w->failed = true;
    return -1;
  }
  if (vs_split_add_texts(s, item)) return -1; /* before anything is written: may be called again */
  if (vs_split_add(w, s, item)) {
    w->failed = true;
    return -1;
  }
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

const vs_strings *vs_writer_files(const vs_writer *w) { return &w->file; }

/* --- opening and closing --- */

vs_writer *vs_writer_new(const char *path, const vs_writeropt *o) {
  vs_writer *w = vs_new0(sizeof *w);
  if (!w) return NULL;
  w->opt = *o;
  w->owner = getpid();
  w->nclass = o->classes ? o->classes->n : 0;
  w->ntag = o->tags ? o->tags->n : 0;
  for (int64_t i = 0; i < 2 * o->npair; i++) w->paired = VS_MAX(w->paired, o->pair[i]);
  w->path = strdup(path);
  w->name = strdup(o->name ? o->name : "");
  w->source = strdup(o->source ? o->source : "");
  w->note = o->note ? strdup(o->note) : NULL;
  if (!w->path || !w->name || !w->source || (o->note && !w->note)) {
    vs_fail_memory(strlen(path));
    goto failed;
  }
  for (int64_t i = 0; o->captions && i < o->captions->n; i++)
    if (vs_strings_add(&w->captions, vs_strings_get(o->captions, i),
                       vs_strings_len(o->captions, i)))
      goto failed;
  if (o->npair && !(w->pairs = pairs_text(o))) goto failed;
  if (o->classes && check_strings(o->classes, "classes")) goto failed;
  if (o->tags && check_strings(o->tags, "tags")) goto failed;
  if (o->words && (check_strings(o->words, "vocab") || make_vocab(w, o->words))) goto failed;
  if (begin_file(w) || write_names(w, o)) goto failed;
  return w;
failed:
  vs_writer_free(w);
  return NULL;
}

/* Further files of an older set of that name, which would be taken for files of this one. */
static void remove_older(const vs_writer *w) {
  struct stat st;
  for (int64_t k = w->file.n + 1; w->opt.shard; k++) {
    char *path = shard_name(w->path, k);
    bool gone = path && lstat(path, &st) == 0 && S_ISREG(st.st_mode) && unlink(path) == 0;
    free(path);
    if (!gone) return;
  }
}

int vs_writer_close(vs_writer *w) {
  if (w->closed) return w->failed ? vs_fail_file(w->path, "could not be written") : 0;
  int rc = end_columns(w, true);
  int64_t n = w->temp.n, placed = 0;
  if (w->h && end_file(w, n - 1, w->h) && rc == 0) rc = -1;
  w->h = NULL;
  w->closed = true;
  for (; rc == 0 && placed < n; placed++) {
    const char *path = vs_strings_get(&w->file, placed);
    if (rename(temp_of(w, placed), path) == 0) continue;
    rc = vs_fail_file(path, "cannot be written: %s", strerror(errno));
    break;
  }
  for (int64_t i = placed; i < n; i++) unlink(temp_of(w, i));
  if (rc == 0) remove_older(w);
  if (placed > 0) sync_folder(w->path);
  w->failed = rc;
  return rc ? -1 : 0;
}

void vs_writer_free(vs_writer *w) {
  if (!w || w->owner != getpid()) return;
  for (int i = 0; i < w->nsplit; i++) vs_split_free(&w->split[i]);
  vs_h5_close(w->h);
  for (int64_t i = 0; !w->closed && i < w->temp.n; i++) unlink(temp_of(w, i));
  vs_vocab_free(w->vocab);
  vs_ids_free(&w->ids);
  vs_strings_free(&w->file);
  vs_strings_free(&w->temp);
  vs_strings_free(&w->captions);
  free(w->path);
  free(w->name);
  free(w->source);
  free(w->note);
  free(w->pairs);
  free(w);
}
