/* Reads PyTorch's own files.  See pth.h. */
#include "io/pth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/mem.h"
#include "io/mapping.h"
#include "io/zip.h"

/* A storage that the pickle names, once. */
typedef struct store {
  vs_pkstorage s;
  bool found;
  vs_tensor *t; /* 1-D; NULL until it is found, and where there is no dtype for it */
} store;

typedef struct reader {
  const char *path;
  vs_mapping *map;
  vs_pickle pickle;
  int32_t root, nstore;
  store *store; /* sorted by key */
} reader;

/* --- storages --- */

static int compare_keys(const vs_pkstorage *a, const char *key, int32_t n) {
  int c = memcmp(a->key, key, (size_t)VS_MIN(a->nkey, n));
  return c ? c : (a->nkey > n) - (a->nkey < n);
}

static int by_key(const void *a, const void *b) {
  const store *x = a, *y = b;
  return compare_keys(&x->s, y->s.key, y->s.nkey);
}

static int list_stores(reader *r) {
  const vs_pickle *m = &r->pickle;
  int32_t n = 0, kept = 0;
  for (int32_t i = 0; i < m->nnode; i++) n += m->node[i].kind == VS_PK_STORAGE;
  r->store = vs_new0(((size_t)n + 1) * sizeof *r->store);
  if (!r->store) return -1;
  for (int32_t i = 0, at = 0; i < m->nnode; i++)
    if (m->node[i].kind == VS_PK_STORAGE) r->store[at++].s = vs_pickle_storage(m, i);
  qsort(r->store, (size_t)n, sizeof *r->store, by_key);
  for (int32_t i = 0; i < n; i++) {
    const vs_pkstorage *s = &r->store[i].s;
    if (i > 0 && by_key(&r->store[i], &r->store[kept - 1]) == 0) {
      const vs_pkstorage *old = &r->store[kept - 1].s;
      if (old->type != s->type || old->numel != s->numel)
        return vs_fail_file(r->path, "storage '%.*s' has two different descriptions",
                            (int)VS_MIN(s->nkey, 100), s->key);
      continue;
    }
    r->store[kept++] = r->store[i];
  }
  r->nstore = kept;
  return 0;
}

static store *find_store(const reader *r, const char *key, int32_t n) {
  const store wanted = {.s = {.key = key, .nkey = n}};
  if (r->nstore == 0) return NULL;
  return bsearch(&wanted, r->store, (size_t)r->nstore, sizeof wanted, by_key);
}

/* Makes the bytes at `at`, of which there are `room`, the storage. */
static int fill_store(reader *r, store *s, uint64_t at, uint64_t room) {
  uint64_t size;
  unsigned char *p = r->map->base + at;
  if (__builtin_mul_overflow((uint64_t)s->s.numel, (uint64_t)s->s.width, &size) || size > room)
    return vs_fail_file(r->path, "storage '%.*s' has %" PRIu64 " bytes for %" PRId64 " of %s",
                        (int)VS_MIN(s->s.nkey, 100), s->s.key, room, s->s.numel,
                        s->s.dtype == VS_NDTYPE ? s->s.type + 6 : vs_dtype_name(s->s.dtype));
  s->found = true;
  if (s->s.dtype == VS_NDTYPE) return 0;
  for (uint64_t i = 0; s->s.dtype == VS_BOOL && i < size; i++)
    if (p[i] > 1)
      return vs_fail_file(r->path, "byte %" PRIu64 " is %d, expected a bool, 0 or 1", at + i, p[i]);
  vs_element e = {s->s.dtype, s->s.width, false};
  s->t = vs_mapping_elements(r->map, p, e, 1, &s->s.numel, r->path);
  return s->t ? 0 : -1;
}

/* --- the zip form: NAME/data.pkl, NAME/data/KEY --- */

static const vs_zipentry *find_pickle(const vs_zip *z) {
  const vs_zipentry *found = NULL;
  for (int64_t i = 0; i < z->n; i++) {
    const vs_zipentry *e = &z->entry[i];
    const char *slash = memchr(e->name, '/', e->nname);
    size_t rest = slash ? e->nname - (size_t)(slash - e->name) : 0;
    if (rest != 9 || memcmp(slash, "/data.pkl", 9)) continue;
    if (found) {
      vs_fail_file(z->path, "two pickle files, '%.*s' and '%.*s'", (int)VS_MIN(found->nname, 100),
                   found->name, (int)VS_MIN(e->nname, 100), e->name);
      return NULL;
    }
    found = e;
  }
  if (!found)
    vs_fail_file(z->path, "a zip archive, but not written by torch.save (it has no */data.pkl)");
  return found;
}

static int check_order(const vs_zip *z, const char *name, size_t n) {
  const vs_zipentry *e = vs_zip_find(z, name, n);
  if (!e) return 0;
  if (vs_zip_check(z, e)) return -1;
  if (e->size == 6 && !memcmp(z->base + e->first, "little", 6)) return 0;
  return vs_fail_file(z->path, "its numbers are not little-endian");
}

static int fill_from_zip(reader *r, const vs_zip *z, store *s, const char *folder, size_t nfolder) {
  char name[512];
  int n = s->s.nkey < 128 ? snprintf(name, sizeof name, "%.*sdata/%.*s", (int)nfolder, folder,
                                     (int)s->s.nkey, s->s.key)
                          : -1;
  const vs_zipentry *e = n > 0 ? vs_zip_find(z, name, (size_t)n) : NULL;
  if (!e)
    return vs_fail_file(r->path, "storage '%.*s' is not in the archive",
                        (int)VS_MIN(s->s.nkey, 100), s->s.key);
  return vs_zip_check(z, e) ? -1 : fill_store(r, s, e->first, e->size);
}

static int read_zip(reader *r) {
  vs_zip z;
  char name[320];
  int rc = -1;
  if (vs_zip_open(&z, r->map->base, r->map->size, r->path)) goto done;
  const vs_zipentry *e = find_pickle(&z);
  if (!e || vs_zip_check(&z, e)) goto done;
  size_t folder = e->nname - 8; /* with its slash */
  if (folder > 256) {
    vs_fail_file(r->path, "zip: a folder's name is longer than 255 bytes");
    goto done;
  }
  int n = snprintf(name, sizeof name, "%.*sbyteorder", (int)folder, e->name);
  if (check_order(&z, name, (size_t)n)) goto done;
  r->root = vs_pickle_run(&r->pickle, r->map->base, e->first, e->first + e->size, r->path);
  if (r->root < 0 || list_stores(r)) goto done;
  for (int32_t i = 0; i < r->nstore; i++)
    if (fill_from_zip(r, &z, &r->store[i], e->name, folder)) goto done;
  rc = 0;
done:
  vs_zip_free(&z);
  return rc;
}

/* --- the form before 1.6: magic number, version, system, the pickle, keys, storages --- */

static const unsigned char magic[] = {0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9,
                                      0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};
enum { MAGIC = 2 + sizeof magic, LEAST = 32 };

/* A pickle that is checked and dropped: the version, and the description of the machine. */
static int check_head(const reader *r, size_t *at, bool version) {
  vs_pickle m;
  int rc = -1;
  int32_t root = vs_pickle_run(&m, r->map->base, *at, r->map->size, r->path);
  *at = m.at;
  if (root < 0) goto done;
  const vs_pknode *v = &m.node[root];
  if (version) {
    rc =
        v->kind == VS_PK_INT && v->i == 1001 ? 0 : vs_fail_file(r->path, "its version is not 1001");
    goto done;
  }
  rc = v->kind == VS_PK_DICT ? 0
                             : vs_fail_file(r->path, "does not describe the machine that wrote it");
  for (int32_t i = 0; rc == 0 && i + 1 < v->n; i += 2) {
    const vs_pknode *k = &m.node[v->item[i]], *is = &m.node[v->item[i + 1]];
    if (k->kind == VS_PK_TEXT && k->n == 13 && !memcmp(k->text, "little_endian", 13) &&
        !(is->kind == VS_PK_BOOL && is->i))
      rc = vs_fail_file(r->path, "its numbers are not little-endian");
  }
done:
  vs_pickle_free(&m);
  return rc;
}

/* The storage after the number of its elements at *at. */
static int fill_from_row(reader *r, const vs_pknode *key, size_t *at) {
  store *s = key->kind == VS_PK_TEXT ? find_store(r, key->text, key->n) : NULL;
  uint64_t n = 0, room = r->map->size - *at;
  if (!s || s->found)
    return vs_fail_file(r->path, "the list of storages does not match the pickle");
  if (room < 8) return vs_fail_file(r->path, "truncated: storages are missing");
  for (int i = 0; i < 8; i++) n |= (uint64_t)r->map->base[*at + (size_t)i] << 8 * i;
  if (n != (uint64_t)s->s.numel)
    return vs_fail_file(r->path, "byte %zu: storage '%.*s' has %" PRIu64 " elements, not %" PRId64,
                        *at, (int)VS_MIN(s->s.nkey, 100), s->s.key, n, s->s.numel);
  *at += 8;
  if (fill_store(r, s, *at, room - 8)) return -1;
  *at += (size_t)s->s.numel * (size_t)s->s.width;
  return 0;
}

static int read_row(reader *r) {
  vs_pickle keys = {0};
  size_t at = MAGIC;
  int rc = -1;
  if (check_head(r, &at, true) || check_head(r, &at, false)) goto done;
  r->root = vs_pickle_run(&r->pickle, r->map->base, at, r->map->size, r->path);
  if (r->root < 0 || list_stores(r)) goto done;
  int32_t root = vs_pickle_run(&keys, r->map->base, r->pickle.at, r->map->size, r->path);
  if (root < 0) goto done;
  const vs_pknode *list = &keys.node[root];
  if (list->kind != VS_PK_LIST || list->n != r->nstore) {
    vs_fail_file(r->path, "the list of storages does not match the pickle");
    goto done;
  }
  at = keys.at;
  for (int32_t i = 0; i < list->n; i++)
    if (fill_from_row(r, &keys.node[list->item[i]], &at)) goto done;
  rc = 0;
done:
  vs_pickle_free(&keys);
  return rc;
}

/* --- from the pickle's nodes to names and tensors --- */

typedef struct walk {
  const reader *r;
  vs_pthfile *out;
  const char *prefix; /* or NULL */
  int64_t seen;
  size_t n; /* of the name so far */
  char name[VS_PTH_MAX_NAME + 1];
} walk;

static vs_tensor *make_tensor(const reader *r, int32_t node, const char *name) {
  vs_pktensor t = vs_pickle_tensor(&r->pickle, node);
  vs_pkstorage key = vs_pickle_storage(&r->pickle, t.storage);
  store *s = find_store(r, key.key, key.nkey);
  if (key.dtype == VS_NDTYPE) {
    vs_fail_file(r->path, "tensor '%s' is over a %s, for which there is no dtype", name,
                 key.type + 6);
    return NULL;
  }
  if (vs_numel(t.ndim, t.shape) == 0) return vs_tensor_new(key.dtype, t.ndim, t.shape);
  for (int d = 0; d < t.ndim; d++)
    if (t.shape[d] == 1) t.stride[d] = 1; /* any number is there otherwise */
  return vs_view(s->t, t.ndim, t.shape, t.stride, t.offset);
}

static char *copy_bytes(const char *text, size_t n) {
  char *copy = vs_new(n + 1);
  if (!copy) return NULL;
  memcpy(copy, text, n);
  copy[n] = 0;
  return copy;
}

/* w->name without the prefix. */
static char *copy_name(const walk *w) {
  size_t n = w->prefix ? strlen(w->prefix) : 0;
  bool cut = n > 0 && n <= w->n && !memcmp(w->name, w->prefix, n);
  return copy_bytes(w->name + (cut ? n : 0), w->n - (cut ? n : 0));
}

/* Room for one more in a list whose elements have that size. */
static int make_room(void *list, int64_t n, int64_t *room, size_t size) {
  if (n < *room) return 0;
  int64_t more = *room ? *room * 2 : 64;
  void *p = realloc(*(void **)list, (size_t)more * size);
  if (!p) return vs_fail_memory((size_t)more * size);
  *(void **)list = p;
  *room = more;
  return 0;
}

static int add_tensor(walk *w, int32_t node) {
  vs_pthfile *f = w->out;
  if (make_room(&f->tensor, f->n, &f->tensor_room, sizeof *f->tensor)) return -1;
  vs_named e = {.name = copy_name(w)};
  e.t = e.name ? make_tensor(w->r, node, e.name) : NULL;
  if (!e.t) {
    free(e.name);
    return -1;
  }
  f->tensor[f->n++] = e;
  return 0;
}

static int add_value(walk *w, const vs_pknode *v) {
  vs_pthfile *f = w->out;
  if (make_room(&f->value, f->nvalue, &f->value_room, sizeof *f->value)) return -1;
  vs_pthvalue e = {.name = copy_name(w), .kind = v->kind};
  if (!e.name) return -1;
  if (v->kind == VS_PK_TEXT) {
    e.i = v->n;
    e.text = copy_bytes(v->text, (size_t)v->n);
    if (!e.text) {
      free(e.name);
      return -1;
    }
  } else if (v->kind == VS_PK_FLOAT) {
    e.f = v->f;
  } else {
    e.i = v->i;
  }
  f->value[f->nvalue++] = e;
  return 0;
}

static int walk_node(walk *w, int32_t node, int depth);

/* The entry of that name below w->name. */
static int walk_entry(walk *w, const char *name, int32_t n, int32_t node, int depth) {
  size_t was = w->n, dot = was > 0;
  if ((size_t)n + dot + was > VS_PTH_MAX_NAME || memchr(name, 0, (size_t)n))
    return vs_fail_file(w->r->path, "a name contains a zero byte or is longer than %d bytes",
                        VS_PTH_MAX_NAME);
  if (dot) w->name[w->n++] = '.';
  memcpy(w->name + w->n, name, (size_t)n);
  w->n += (size_t)n;
  int rc = walk_node(w, node, depth);
  w->n = was;
  return rc;
}

static int walk_numbered(walk *w, int64_t number, int32_t node, int depth) {
  char text[24];
  int n = snprintf(text, sizeof text, "%" PRId64, number);
  return walk_entry(w, text, n, node, depth);
}

static int walk_dict(walk *w, const vs_pknode *d, int depth) {
  const vs_pknode *nodes = w->r->pickle.node;
  for (int32_t i = 0; i + 1 < d->n; i += 2) {
    const vs_pknode *key = &nodes[d->item[i]];
    int rc = -1;
    if (key->kind == VS_PK_TEXT)
      rc = walk_entry(w, key->text, key->n, d->item[i + 1], depth);
    else if (key->kind == VS_PK_INT)
      rc = walk_numbered(w, key->i, d->item[i + 1], depth);
    else
      vs_fail_file(w->r->path, "a dictionary has a key that is neither a text nor a whole number");
    if (rc) return -1;
  }
  return 0;
}

static int walk_node(walk *w, int32_t node, int depth) {
  const vs_pknode *v = &w->r->pickle.node[node];
  if (++w->seen > VS_PTH_MAX_ENTRIES)
    return vs_fail_file(w->r->path, "more than %d entries", VS_PTH_MAX_ENTRIES);
  if (depth > VS_PTH_MAX_DEPTH)
    return vs_fail_file(w->r->path, "nested more than %d deep", VS_PTH_MAX_DEPTH);
  switch (v->kind) {
    case VS_PK_TENSOR: return add_tensor(w, node);
    case VS_PK_DICT: return walk_dict(w, v, depth + 1);
    case VS_PK_TUPLE:
    case VS_PK_LIST:
      for (int32_t i = 0; i < v->n; i++)
        if (walk_numbered(w, i, v->item[i], depth + 1)) return -1;
      return 0;
    case VS_PK_BOOL:
    case VS_PK_INT:
    case VS_PK_FLOAT:
    case VS_PK_TEXT: return add_value(w, v);
    case VS_PK_OPAQUE: return vs_pickle_refuse(&w->r->pickle, node);
    case VS_PK_NONE:
    case VS_PK_GLOBAL:
    case VS_PK_STORAGE: return 0; /* has no value that could be kept */
  }
  return 0;
}

/* The value of that key, or -1 with the keys that are there. */
static int32_t find_key(const reader *r, const char *key) {
  const vs_pknode *d = &r->pickle.node[r->root];
  char list[400] = "";
  size_t used = 0, n = strlen(key);
  for (int32_t i = d->n - 2; i >= 0; i -= 2) {
    const vs_pknode *k = &r->pickle.node[d->item[i]];
    if (k->kind == VS_PK_TEXT && (size_t)k->n == n && !memcmp(k->text, key, n))
      return d->item[i + 1];
  }
  for (int32_t i = 0; i + 1 < d->n && used < 300; i += 2) {
    const vs_pknode *k = &r->pickle.node[d->item[i]];
    if (k->kind == VS_PK_TEXT)
      used += (size_t)snprintf(list + used, sizeof list - used, "%s%.*s", used ? ", " : "",
                               (int)VS_MIN(k->n, 80), k->text);
  }
  return vs_fail_file(r->path, "has no entry '%.100s'; it has %s", key, used ? list : "none");
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* No two tensors or values have one name. */
static int check_names(const reader *r, const vs_pthfile *f) {
  size_t n = (size_t)(f->n + f->nvalue);
  const char **name = vs_new((n + 1) * sizeof *name);
  int rc = name ? 0 : -1;
  if (!name) return -1;
  for (int64_t i = 0; i < f->n; i++) name[i] = f->tensor[i].name;
  for (int64_t i = 0; i < f->nvalue; i++) name[f->n + i] = f->value[i].name;
  qsort(name, n, sizeof *name, by_name);
  for (size_t i = 1; i < n && rc == 0; i++)
    if (strcmp(name[i - 1], name[i]) == 0)
      rc = vs_fail_file(r->path, "two entries have the name '%s'", name[i]);
  free(name);
  return rc;
}

vs_pthfile *vs_pth_load(const char *path, const char *key, const char *prefix) {
  reader r = {.path = path, .map = vs_mapping_open(path, LEAST, "a file of torch.save")};
  vs_pthfile *f = NULL;
  walk w = {.r = &r, .prefix = prefix};
  bool good = false;
  if (!r.map) return NULL;
  const unsigned char *b = r.map->base;
  if (!memcmp(b, "PK\3\4", 4)) {
    if (read_zip(&r)) goto done;
  } else if (b[0] == 0x80 && !memcmp(b + 2, magic, sizeof magic)) {
    if (read_row(&r)) goto done;
  } else {
    vs_fail_file(path, "not a file of torch.save (neither a zip archive nor the older format)");
    goto done;
  }
  if (r.pickle.node[r.root].kind == VS_PK_OPAQUE) {
    vs_pickle_refuse(&r.pickle, r.root);
    goto done;
  }
  if (r.pickle.node[r.root].kind != VS_PK_DICT) {
    vs_fail_file(path, "contains no dictionary of tensors");
    goto done;
  }
  int32_t from = key ? find_key(&r, key) : r.root;
  if (from < 0 || !(w.out = f = vs_new0(sizeof *f))) goto done;
  good = walk_node(&w, from, 0) == 0 && check_names(&r, f) == 0;
done:
  for (int32_t i = 0; i < r.nstore; i++) vs_unref(r.store[i].t);
  free(r.store);
  vs_pickle_free(&r.pickle);
  vs_mapping_unref(r.map);
  if (good) return f;
  vs_pth_free(f);
  return NULL;
}

void vs_pth_free(vs_pthfile *f) {
  if (!f) return;
  for (int64_t i = 0; i < f->n; i++) {
    free(f->tensor[i].name);
    vs_unref(f->tensor[i].t);
  }
  for (int64_t i = 0; i < f->nvalue; i++) {
    free(f->value[i].name);
    free(f->value[i].text);
  }
  free(f->tensor);
  free(f->value);
  free(f);
}
