/* HDF5 files: lock, errors, opening, groups and attributes.  See h5.h.  Data sets are in h5data.c,
 * h5read.c and h5write.c.
 *
 * The library keeps global state and is mostly built without threads, hence the one lock.  It is
 * taken around a fork, so that the child never inherits a locked mutex. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/mem.h"
#include "io/h5priv.h"

/* --- lock and errors --- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void before_fork(void) { pthread_mutex_lock(&mutex); }
static void after_fork(void) { pthread_mutex_unlock(&mutex); }

static void start(void) {
  H5dont_atexit(); /* a worker may still read while the process ends */
  H5open();
  pthread_atfork(before_fork, after_fork, after_fork);
}

#define SYSTEM_SAYS "error message = '"

static H5E_auto2_t watcher;

void vs_h5_watch(H5E_auto2_t f) { watcher = f; }

void vs_h5_lock(void) {
  pthread_once(&once, start);
  pthread_mutex_lock(&mutex);
  H5Eset_auto2(H5E_DEFAULT, watcher, NULL);
}

void vs_h5_unlock(void) { pthread_mutex_unlock(&mutex); }

/* The innermost entry of the error stack is the cause.  Where it quotes the system, that is all. */
static herr_t first_message(unsigned n, const H5E_error2_t *e, void *out) {
  if (n > 0 || !e->desc) return 0;
  const char *quoted = strstr(e->desc, SYSTEM_SAYS);
  const char *text = quoted ? quoted + strlen(SYSTEM_SAYS) : e->desc;
  int length = (int)VS_MIN(quoted ? strcspn(text, "'") : strlen(text), 255);
  snprintf(out, 256, "%.*s", length, text);
  return 0;
}

int vs_h5_fail(const char *path, const char *name, const char *what) {
  char why[256] = "";
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, first_message, why);
  H5Eclear2(H5E_DEFAULT);
  return vs_fail_file(path, "%s%s%s%s%s", name ? name : "", name ? ": " : "", what,
                      *why ? ": " : "", why);
}

/* --- files --- */

static vs_h5 *new_file(const char *path, hid_t id) {
  vs_h5 *h = vs_new0(sizeof *h);
  char *copy = h ? strdup(path) : NULL;
  if (!copy) {
    free(h);
    H5Fclose(id);
    return NULL;
  }
  h->id = id;
  h->path = copy;
  h->cache = VS_H5_CACHE;
  return h;
}

/* A finished file never changes (writers rename): locks would only break read-only mounts. */
static hid_t access_list(void) {
  hid_t fapl = H5Pcreate(H5P_FILE_ACCESS);
#if H5_VERSION_GE(1, 14, 0) || (H5_VERS_MINOR == 12 && H5_VERS_RELEASE >= 1) || \
    (H5_VERS_MINOR == 10 && H5_VERS_RELEASE >= 7)
  H5Pset_file_locking(fapl, false, true);
#endif
  return fapl;
}

vs_h5 *vs_h5_open_file(const char *path, int64_t bytes, bool own_descriptor) {
  vs_h5 *h = NULL;
  vs_h5_lock();
  hid_t fapl = access_list();
  if (own_descriptor) H5Pset_fapl_stdio(fapl);
  if (H5Fis_hdf5(path) <= 0) {
    vs_fail_file(path, "not an HDF5 file (%lld bytes)", (long long)bytes);
  } else {
    hid_t id = H5Fopen(path, H5F_ACC_RDONLY, fapl);
    if (id < 0)
      vs_h5_fail(path, NULL, "broken HDF5 file");
    else
      h = new_file(path, id);
    if (h) h->bytes = bytes;
  }
  H5Pclose(fapl);
  vs_h5_unlock();
  return h;
}

/* The bytes of a file, or -1 with an error. */
static int64_t size_of(const char *path) {
  struct stat st;
  if (stat(path, &st)) return vs_fail_file(path, "%s", strerror(errno));
  if (!S_ISREG(st.st_mode)) return vs_fail_file(path, "not a file");
  return st.st_size;
}

vs_h5 *vs_h5_open(const char *path) {
  int64_t bytes = size_of(path);
  if (bytes < 0 || vs_h5_probe(path, bytes) < 0) return NULL;
  return vs_h5_open_file(path, bytes, false);
}

vs_h5 *vs_h5_open_checked(const char *path) {
  int64_t bytes = size_of(path);
  return bytes < 0 ? NULL : vs_h5_open_file(path, bytes, false);
}

int vs_h5_check(const vs_strings *paths) {
  int64_t *bytes = vs_new((size_t)VS_MAX(paths->n, 1) * sizeof *bytes);
  int rc = bytes ? 0 : -1;
  for (int64_t i = 0; rc == 0 && i < paths->n; i++)
    if ((bytes[i] = size_of(vs_strings_get(paths, i))) < 0) rc = -1;
  for (int64_t i = 0; rc == 0 && i < paths->n; i += VS_H5_TOGETHER) {
    if (vs_interrupt_pending())
      rc = vs_fail_interrupted();
    else
      rc = vs_h5_probe_all(paths, bytes, i, VS_MIN(paths->n, i + VS_H5_TOGETHER)) < 0 ? -1 : 0;
  }
  free(bytes);
  return rc;
}

/* Makes an empty file; fails where one exists. */
static int claim(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) return vs_fail_file(path, "cannot be written: %s", strerror(errno));
  close(fd);
  return 0;
}

/* The library may fail after it made the file: so it gets one that is there, and known to be ours
 * to remove. */
vs_h5 *vs_h5_create(const char *path) {
  vs_h5 *h = NULL;
  if (claim(path)) return NULL;
  vs_h5_lock();
  hid_t fapl = access_list(), fcpl = H5Pcreate(H5P_FILE_CREATE);
  H5Pset_libver_bounds(fapl, H5F_LIBVER_V110, H5F_LIBVER_V110); /* all metadata have checksums */
  H5Pset_obj_track_times(fcpl, false);                          /* of the root group */
  hid_t id = H5Fcreate(path, H5F_ACC_TRUNC, fcpl, fapl);
  if (id < 0)
    vs_h5_fail(path, NULL, "cannot be written");
  else
    h = new_file(path, id);
  if (!h) remove(path);
  H5Pclose(fcpl);
  H5Pclose(fapl);
  vs_h5_unlock();
  return h;
}

int vs_h5_flush(vs_h5 *h) {
  vs_h5_lock();
  int rc =
      H5Fflush(h->id, H5F_SCOPE_GLOBAL) < 0 ? vs_h5_fail(h->path, NULL, "cannot be written") : 0;
  vs_h5_unlock();
  return rc;
}

int vs_h5_close(vs_h5 *h) {
  if (!h) return 0;
  vs_h5_lock();
  int rc = H5Fclose(h->id) < 0 ? vs_h5_fail(h->path, NULL, "cannot be closed") : 0;
  vs_h5_unlock();
  free(h->path);
  free(h);
  return rc;
}

const char *vs_h5_path(const vs_h5 *h) { return h->path; }

/* --- names --- */

enum { LINKS = 16 }; /* followed for one name */

/* A link at part, which ends `step` bytes behind the slash before it (or the start). */
typedef struct softlink {
  const char *name; /* as it was asked for */
  char *part, *rest;
  size_t step;
} softlink;

static int bad_link(const vs_h5 *h, const char *name, const char *what, const char *target) {
  return vs_fail_file(h->path, "%s: %s%s%.200s%s", name, what, *target ? " '" : "", target,
                      *target ? "'" : "");
}

/* Puts the target of the link in place of it: part becomes the whole path, with rest behind. */
static int follow(const vs_h5 *h, const softlink *l, const H5L_info_t *info) {
  char target[512] = "", whole[512 + 2 * VS_H5_MAX_NAME];
  const char *file = "", *object = "";
  if (info->type != H5L_TYPE_SOFT && info->type != H5L_TYPE_EXTERNAL)
    return bad_link(h, l->name, "is a link of an unknown kind", "");
  bool read = info->u.val_size > 0 && info->u.val_size < sizeof target &&
              H5Lget_val(h->id, l->part, target, sizeof target, H5P_DEFAULT) >= 0;
  if (info->type == H5L_TYPE_EXTERNAL) {
    if (!read || H5Lunpack_elink_val(target, info->u.val_size, NULL, &file, &object) < 0) file = "";
    return bad_link(h, l->name, "is a link to another file, which is not supported:", file);
  }
  size_t above = strlen(l->part) - l->step;
  int n = snprintf(whole, sizeof whole, "%.*s%s%s", target[0] == '/' ? 0 : (int)above, l->part,
                   target, l->rest);
  if (!read || !*target || n >= VS_H5_MAX_NAME)
    return bad_link(h, l->name, "is a link to a path that is too long", "");
  memcpy(l->part, whole, (size_t)n + 1);
  return 0;
}

/* The library would follow links by itself, also out of the file. */
int vs_h5_resolve(const vs_h5 *h, const char *name, char out[VS_H5_MAX_NAME]) {
  char rest[VS_H5_MAX_NAME];
  size_t n = strlen(name), step = 0, at = 0;
  size_t asked = n; /* bytes at the end that the caller wrote, not a link */
  int links = 0;
  if (n == 0 || n >= VS_H5_MAX_NAME) return 0;
  memcpy(out, name, n + 1);
  while (at < n) {
    for (step = 0; at < n && out[at] != '/'; at++) step++;
    bool empty = step == 0 || (step == 1 && out[at - 1] == '.');
    if (!empty) {
      H5L_info_t info;
      memcpy(rest, out + at, n - at + 1);
      out[at] = 0;
      if (H5Lexists(h->id, out, H5P_DEFAULT) <= 0)
        return at > n - asked ? 0
                              : bad_link(h, name, "is a link to something that is not there:", out);
      if (H5Lget_info(h->id, out, &info, H5P_DEFAULT) < 0) return 0;
      if (info.type != H5L_TYPE_HARD) {
        if (++links > LINKS) return bad_link(h, name, "links lead in a circle", "");
        if (follow(h, &(softlink){name, out, rest, step}, &info)) return -1;
        if (at > n - asked) asked = n - at;
        n = strlen(out);
        at = 0;
        continue;
      }
      memcpy(out + at, rest, n - at + 1);
    }
    if (at < n) at++;
  }
  return 1;
}

bool vs_h5_is(const vs_h5 *h, const char *resolved, H5I_type_t kind) {
  hid_t o = H5Oopen(h->id, resolved, H5P_DEFAULT);
  bool found = o >= 0 && H5Iget_type(o) == kind;
  if (o >= 0) H5Oclose(o);
  return found;
}

int vs_h5_has(vs_h5 *h, const char *name) {
  char at[VS_H5_MAX_NAME];
  vs_h5_lock();
  int found = vs_h5_resolve(h, name, at);
  if (found > 0) found = vs_h5_is(h, at, H5I_GROUP) || vs_h5_is(h, at, H5I_DATASET);
  H5Eclear2(H5E_DEFAULT);
  vs_h5_unlock();
  return found;
}

int vs_h5_groups(vs_h5 *h, vs_strings *out) {
  H5G_info_t info;
  int rc = 0;
  vs_h5_lock();
  if (H5Gget_info(h->id, &info) < 0) rc = vs_h5_fail(h->path, NULL, "broken HDF5 file");
  for (hsize_t i = 0; rc == 0 && i < info.nlinks; i++) {
    char name[VS_H5_MAX_NAME], at[VS_H5_MAX_NAME];
    ssize_t n = H5Lget_name_by_idx(h->id, ".", H5_INDEX_NAME, H5_ITER_INC, i, name, sizeof name,
                                   H5P_DEFAULT);
    if (n < 0)
      rc = vs_h5_fail(h->path, NULL, "broken HDF5 file");
    else if ((size_t)n < sizeof name && vs_h5_resolve(h, name, at) > 0 &&
             vs_h5_is(h, at, H5I_GROUP))
      rc = vs_strings_add(out, name, (size_t)n);
  }
  vs_h5_unlock();
  return rc;
}

int vs_h5_group(vs_h5 *h, const char *name) {
  vs_h5_lock();
  hid_t plist = H5Pcreate(H5P_GROUP_CREATE);
  H5Pset_obj_track_times(plist, false); /* the same data give the same bytes */
  hid_t g = H5Gcreate2(h->id, name, H5P_DEFAULT, plist, H5P_DEFAULT);
  int rc = g < 0 ? vs_h5_fail(h->path, name, "cannot be written") : 0;
  if (g >= 0) H5Gclose(g);
  H5Pclose(plist);
  vs_h5_unlock();
  return rc;
}

int vs_h5_copy(vs_h5 *from, const char *name, vs_h5 *to) {
  int rc = 0;
  vs_h5_lock();
  if (H5Lexists(from->id, name, H5P_DEFAULT) > 0 &&
      H5Ocopy(from->id, name, to->id, name, H5P_DEFAULT, H5P_DEFAULT) < 0)
    rc = vs_h5_fail(to->path, name, "cannot be written");
  vs_h5_unlock();
  return rc;
}

/* --- attributes --- */

hid_t vs_h5_text_type(size_t bytes) {
  hid_t t = H5Tcopy(H5T_C_S1);
  H5Tset_size(t, bytes);
  H5Tset_strpad(t, H5T_STR_NULLPAD);
  H5Tset_cset(t, H5T_CSET_UTF8);
  return t;
}

size_t vs_h5_text_length(const char *s, size_t size, hid_t type) {
  H5T_str_t padding = H5Tget_strpad(type);
  char filler = padding == H5T_STR_SPACEPAD ? ' ' : 0;
  size_t n = padding == H5T_STR_NULLTERM ? strnlen(s, size) : size;
  while (n > 0 && s[n - 1] == filler) n--;
  return n;
}

/* A scalar string of *length bytes, malloc'ed; NULL when it cannot be read. */
static char *read_text(hid_t attr, hid_t type, int64_t *length) {
  char *text = NULL;
  if (H5Tis_variable_str(type) > 0) {
    char *p = NULL;
    hid_t mem = H5Tcopy(H5T_C_S1);
    H5Tset_size(mem, H5T_VARIABLE);
    H5Tset_cset(mem, H5Tget_cset(type));
    if (H5Aread(attr, mem, &p) >= 0) text = strdup(p ? p : "");
    *length = text ? (int64_t)strlen(text) : 0;
    if (p) H5free_memory(p);
    H5Tclose(mem);
    return text;
  }
  size_t n = H5Tget_size(type);
  if (n == 0 || n > VS_H5_MAX_STRING || !(text = calloc(n + 1, 1))) return NULL;
  if (H5Aread(attr, type, text) < 0) {
    free(text);
    return NULL;
  }
  *length = (int64_t)vs_h5_text_length(text, n, type);
  text[*length] = 0;
  return text;
}

/* An attribute that is an integer: 1, 0 where it cannot be read, -1 where it is beyond int64. */
static int read_int(hid_t attr, hid_t type, int64_t *out) {
  uint64_t v = 0;
  if (H5Tget_sign(type) == H5T_SGN_2) return H5Aread(attr, H5T_NATIVE_INT64, out) >= 0;
  if (H5Aread(attr, H5T_NATIVE_UINT64, &v) < 0) return 0;
  *out = (int64_t)v;
  return v > INT64_MAX ? -1 : 1;
}

/* Returns whether the attribute is of a supported kind, or -1 for an integer beyond int64. */
static int read_attr(hid_t attr, vs_h5attr *out) {
  int known = 0;
  hid_t type = H5Aget_type(attr), space = H5Aget_space(attr);
  *out = (vs_h5attr){0};
  if (H5Aget_name(attr, sizeof out->name, out->name) > 0 &&
      H5Sget_simple_extent_npoints(space) == 1) {
    switch (H5Tget_class(type)) {
      case H5T_INTEGER:
        out->kind = VS_H5_INT;
        known = read_int(attr, type, &out->i);
        break;
      case H5T_FLOAT:
        out->kind = VS_H5_NUM;
        known = H5Aread(attr, H5T_NATIVE_DOUBLE, &out->f) >= 0;
        break;
      case H5T_STRING:
        out->kind = VS_H5_TEXT;
        known = (out->text = read_text(attr, type, &out->i)) != NULL;
        break;
      default: break;
    }
  }
  H5Tclose(type);
  H5Sclose(space);
  return known;
}

typedef struct attrlist {
  vs_h5attr *attr;
  int n;
  bool pass_varying, varying; /* skip strings of varying length; there was one */
  char large[64];             /* the name of an integer beyond int64 */
} attrlist;

static bool is_varying(hid_t attr) {
  hid_t type = H5Aget_type(attr);
  bool varying = H5Tis_variable_str(type) > 0;
  H5Tclose(type);
  return varying;
}

static herr_t add_attr(hid_t group, const char *name, const H5A_info_t *info, void *arg) {
  (void)info;
  attrlist *l = arg;
  hid_t a = H5Aopen(group, name, H5P_DEFAULT);
  if (a < 0) return -1;
  if (l->pass_varying && is_varying(a)) {
    l->varying = true;
  } else {
    int known = read_attr(a, &l->attr[l->n]);
    if (known < 0) snprintf(l->large, sizeof l->large, "%s", name);
    l->n += known > 0;
  }
  H5Aclose(a);
  if (*l->large) return -1;
  return l->n == VS_H5_MAX_ATTRS; /* enough */
}

static int list_attrs(vs_h5 *h, const char *group, attrlist *l) {
  if (!(l->attr = vs_new0(VS_H5_MAX_ATTRS * sizeof *l->attr))) return -1;
  l->n = 0;
  vs_h5_lock();
  int rc =
      H5Aiterate_by_name(h->id, group, H5_INDEX_NAME, H5_ITER_INC, NULL, add_attr, l, H5P_DEFAULT);
  if (*l->large)
    vs_fail_file(h->path, "attribute %s is greater than 2^63-1, the largest integer", l->large);
  else if (rc < 0)
    vs_h5_fail(h->path, NULL, "broken attributes");
  H5Eclear2(H5E_DEFAULT);
  vs_h5_unlock();
  if (rc < 0) vs_h5_attrs_free(l->attr, l->n);
  return rc < 0 ? -1 : 0;
}

int vs_h5_attrs(vs_h5 *h, const char *group, vs_h5attr **out, int *n) {
  attrlist l = {.pass_varying = !h->in_child};
  if (list_attrs(h, group, &l)) return -1;
  if (l.varying) {
    vs_h5_attrs_free(l.attr, l.n);
    int rc = vs_h5_attrs_apart(h, group, out, n);
    if (rc <= 0) return rc;
    l.pass_varying = false;
    if (list_attrs(h, group, &l)) return -1;
  }
  *out = l.attr;
  *n = l.n;
  return 0;
}

void vs_h5_attrs_free(vs_h5attr *a, int n) {
  for (int i = 0; i < n; i++) free(a[i].text);
  free(a);
}

static int set_attr(vs_h5 *h, const char *group, const char *name, hid_t type, const void *value) {
  hid_t space = H5Screate(H5S_SCALAR);
  hid_t a =
      H5Acreate_by_name(h->id, group, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  int rc =
      a < 0 || H5Awrite(a, type, value) < 0 ? vs_h5_fail(h->path, name, "cannot be written") : 0;
  if (a >= 0) H5Aclose(a);
  H5Sclose(space);
  return rc;
}

int vs_h5_set_int(vs_h5 *h, const char *group, const char *name, int64_t value) {
  vs_h5_lock();
  int rc = set_attr(h, group, name, H5T_NATIVE_INT64, &value);
  vs_h5_unlock();
  return rc;
}

int vs_h5_set_text(vs_h5 *h, const char *group, const char *name, const char *value) {
  vs_h5_lock();
  hid_t type = vs_h5_text_type(VS_MAX(strlen(value), 1));
  int rc = set_attr(h, group, name, type, value);
  H5Tclose(type);
  vs_h5_unlock();
  return rc;
}
