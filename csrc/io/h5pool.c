/* Rows in several HDF5 files.  See h5pool.h.
 *
 * `mutex` guards which files are open and what is opened in them, of all pools: libhdf5 lets one
 * thread read at a time in any case.  It is taken before the lock of h5.c and, like that, around a
 * fork. */
#include "io/h5pool.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/grow.h"
#include "core/mem.h"
#include "io/h5priv.h"

enum { OPEN_MOST = 256 };

typedef struct file {
  char *path;
  vs_h5 *h;                     /* NULL: closed */
  vs_h5data *data[VS_H5_SLOTS]; /* by the column's slot; NULL: not opened yet */
  int64_t before, after;        /* neighbours in the list of open files, -1: none */
  dev_t device;
  ino_t inode;
  off_t bytes;
  struct timespec changed;
} file;

struct vs_h5pool {
  int64_t n, expected;
  int64_t open, most;     /* files that are open, and may be */
  int64_t newest, oldest; /* of the open ones, by their use */
  file *file;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void lock(void) { pthread_mutex_lock(&mutex); }
static void unlock(void) { pthread_mutex_unlock(&mutex); }

static void start(void) {
  vs_h5_lock(); /* h5.c registers first: what is registered last is locked first */
  vs_h5_unlock();
  pthread_atfork(lock, unlock, unlock);
}

/* --- files --- */

vs_h5pool *vs_h5pool_new(int64_t n) {
  pthread_once(&once, start);
  vs_h5pool *p = vs_new0(sizeof *p);
  file *f = p ? vs_new0((size_t)n * sizeof *f) : NULL;
  if (!f) {
    free(p);
    return NULL;
  }
  *p = (vs_h5pool){.expected = n, .most = VS_H5_OPEN, .newest = -1, .oldest = -1, .file = f};
  return p;
}

static void unlink_file(vs_h5pool *p, file *f) {
  *(f->before < 0 ? &p->newest : &p->file[f->before].after) = f->after;
  *(f->after < 0 ? &p->oldest : &p->file[f->after].before) = f->before;
}

static void link_newest(vs_h5pool *p, int64_t at) {
  file *f = &p->file[at];
  f->before = -1;
  f->after = p->newest;
  *(p->newest < 0 ? &p->oldest : &p->file[p->newest].before) = at;
  p->newest = at;
}

static void close_handles(file *f) {
  for (int i = 0; i < VS_H5_SLOTS; i++) {
    vs_h5_data_close(f->data[i]);
    f->data[i] = NULL;
  }
  vs_h5_close(f->h);
  f->h = NULL;
}

void vs_h5pool_free(vs_h5pool *p) {
  if (!p) return;
  lock();
  for (int64_t i = 0; i < p->n; i++) {
    close_handles(&p->file[i]);
    free(p->file[i].path);
  }
  unlock();
  free(p->file);
  free(p);
}

static void make_room(vs_h5pool *p) {
  while (p->open >= p->most) {
    file *f = &p->file[p->oldest];
    unlink_file(p, f);
    close_handles(f);
    p->open--;
  }
}

/* Whether the path still leads to the file; notes which one it is the first time. */
static int check_same(file *f, bool first) {
  struct stat st;
  if (stat(f->path, &st)) return vs_fail_file(f->path, "%s", strerror(errno));
  if (first) {
    f->device = st.st_dev;
    f->inode = st.st_ino;
    f->bytes = st.st_size;
    f->changed = st.st_mtim;
  }
  if (st.st_dev == f->device && st.st_ino == f->inode && st.st_size == f->bytes &&
      st.st_mtim.tv_sec == f->changed.tv_sec && st.st_mtim.tv_nsec == f->changed.tv_nsec)
    return 0;
  return vs_fail_file(f->path, "is not the file that it was when the data set was opened");
}

static int open_file(vs_h5pool *p, int64_t at, bool first) {
  file *f = &p->file[at];
  make_room(p);
  if (check_same(f, first) || !(f->h = vs_h5_open_checked(f->path))) return -1;
  f->h->cache = VS_H5_CACHE / VS_MIN(p->expected, VS_H5_OPEN);
  link_newest(p, at);
  p->open++;
  return 0;
}

int64_t vs_h5pool_open(vs_h5pool *p, const char *path) {
  file *f = &p->file[p->n];
  if (!(f->path = strdup(path))) return vs_fail_memory(strlen(path));
  lock();
  int rc = open_file(p, p->n++, true);
  unlock();
  return rc ? -1 : p->n - 1;
}

vs_h5 *vs_h5pool_file(const vs_h5pool *p, int64_t at) { return p->file[at].h; }
const char *vs_h5pool_path(const vs_h5pool *p, int64_t at) { return p->file[at].path; }

/* --- columns --- */

int vs_h5column_add(vs_h5pool *p, vs_h5column *c, int slot, int64_t at, vs_h5data *d) {
  const vs_h5info *i = vs_h5_info(d);
  p->file[at].data[slot] = d;
  if (i->dims[0] > INT64_MAX / 2 - c->info.dims[0])
    return vs_h5_bad(d, "%lld rows are too many behind the %lld of the files before it",
                     (long long)i->dims[0], (long long)c->info.dims[0]);
  if (vs_grow(&c->part, &c->room, (size_t)c->n + 1)) return -1;
  if (c->n == 0) {
    c->pool = p;
    c->slot = slot;
    c->info = *i;
    c->info.dims[0] = 0;
    strcpy(c->name, vs_h5_name(d));
  }
  c->part[c->n++] = (vs_h5part){.file = at,
                                .first = c->info.dims[0],
                                .rows = i->dims[0],
                                .chunk = i->chunk,
                                .band = i->filtered ? i->band : 0};
  c->info.dims[0] += i->dims[0];
  return 0;
}

void vs_h5column_free(vs_h5column *c) {
  free(c->part);
  *c = (vs_h5column){0};
}

const vs_h5part *vs_h5column_part(const vs_h5column *c, int64_t row) {
  int64_t low = 0, high = c->n - 1;
  while (low < high) { /* the last part that begins at the row or before it */
    int64_t mid = low + (high - low + 1) / 2;
    if (c->part[mid].first <= row)
      low = mid;
    else
      high = mid - 1;
  }
  return &c->part[low];
}

/* The open data set of a part; within the lock. */
static vs_h5data *open_part(const vs_h5column *c, const vs_h5part *part) {
  vs_h5pool *p = c->pool;
  file *f = &p->file[part->file];
  if (f->h) {
    unlink_file(p, f);
    link_newest(p, part->file);
  } else if (open_file(p, part->file, false)) {
    return NULL;
  }
  vs_h5data *d = f->data[c->slot];
  if (d) return d;
  if (!(d = f->data[c->slot] = vs_h5_data(f->h, c->name))) return NULL;
  const vs_h5info *i = vs_h5_info(d);
  bool same = i->kind == c->info.kind && i->row == c->info.row && i->dims[0] == part->rows;
  int rc = same ? 0 : vs_h5_bad(d, "is not what it was when the data set was opened");
  if (rc == 0 && part->keep > 0) rc = vs_h5_keep(d, part->keep);
  if (rc == 0) return d;
  vs_h5_data_close(d);
  return f->data[c->slot] = NULL;
}

int vs_h5column_read(const vs_h5column *c, vs_dtype dtype, int64_t first, int64_t n, void *out) {
  const vs_h5part *part = vs_h5column_part(c, first);
  if (n == 0) return 0;
  lock();
  vs_h5data *d = open_part(c, part);
  int rc = d ? vs_h5_read(d, dtype, first - part->first, n, out) : -1;
  unlock();
  return rc;
}

static int by_row(const void *a, const void *b) {
  const vs_h5place *x = a, *y = b;
  if (x->row != y->row) return x->row < y->row ? -1 : 1;
  return x->to < y->to ? -1 : x->to > y->to;
}

/* The places r[0..n) of one part, whose rows become those of the file; within the lock. */
static int gather_part(const vs_h5column *c, const vs_h5part *part, vs_dtype dtype, vs_h5place *r,
                       int64_t n, void *out) {
  for (int64_t i = 0; i < n; i++) r[i].row -= part->first;
  vs_h5data *d = open_part(c, part);
  return d ? vs_h5_gather(d, dtype, r, n, out) : -1;
}

int vs_h5column_gather(const vs_h5column *c, vs_dtype dtype, const int64_t *row, int64_t n,
                       void *out) {
  vs_h5place *r = vs_new((size_t)VS_MAX(n, 1) * sizeof *r);
  int rc = 0;
  if (!r) return -1;
  for (int64_t i = 0; i < n; i++) r[i] = (vs_h5place){row[i], i};
  qsort(r, (size_t)n, sizeof *r, by_row);
  lock(); /* once a batch: threads that take turns at every file wait for each other */
  for (int64_t i = 0, j; rc == 0 && i < n; i = j) {
    const vs_h5part *part = vs_h5column_part(c, r[i].row);
    for (j = i; j < n && r[j].row < part->first + part->rows; j++) {
    }
    rc = gather_part(c, part, dtype, r + i, j - i, out);
  }
  unlock();
  free(r);
  return rc;
}

/* Of `chunks` chunks taken at random from the column, how many may well be of the part: the mean
 * and four standard deviations. */
static int64_t share(const vs_h5column *c, const vs_h5part *part, int64_t chunks) {
  if (c->n == 1) return chunks;
  double mean = (double)chunks * (double)part->rows / (double)VS_MAX(c->info.dims[0], 1);
  return (int64_t)VS_MIN((double)chunks, ceil(mean + 4 * sqrt(mean) + 4));
}

int vs_h5column_keep(vs_h5column *c, int64_t chunks) {
  double most = 0;
  int64_t open = VS_MIN(VS_MIN(VS_MAX(VS_H5_OPEN, chunks), OPEN_MOST), c->n);
  for (int64_t i = 0; i < c->n; i++) {
    const vs_h5part *part = &c->part[i];
    if (part->chunk < 1) continue;
    int64_t all = (part->rows + part->chunk - 1) / part->chunk;
    most = VS_MAX(most, part->band * (double)VS_MIN(all, share(c, part, chunks)));
  }
  if (c->n > 1 && most * (double)open > VS_H5_MAX_KEPT)
    return vs_fail("%lld chunks of %s in %lld files take %.0f MB of memory, the limit is %d",
                   (long long)chunks, c->name, (long long)c->n, most * (double)open / 1e6,
                   VS_H5_MAX_KEPT / 1000000);
  int rc = 0;
  lock();
  c->pool->most = VS_MAX(c->pool->most, open);
  for (int64_t i = 0; rc == 0 && i < c->n; i++) {
    vs_h5part *part = &c->part[i];
    vs_h5data *d = c->pool->file[part->file].data[c->slot];
    part->keep = VS_MAX(part->keep, share(c, part, chunks));
    if (d) rc = vs_h5_keep(d, part->keep);
  }
  unlock();
  return rc;
}
