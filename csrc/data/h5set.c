/* The reader of vesper's own HDF5 files (docs/data.md gives the layout).
 *
 * At open everything small is read and checked: labels, captions, counts, names.  Images, region
 * features, boxes and landmarks stay in the file and are read a batch at a time, where they are
 * wanted.  On disk labels,
 * tokens and image numbers count from 0; they are converted here and in writer.c, nowhere else.
 *
 * Samples: with captions = "all" one a caption (images without any are passed over), with "first"
 * and "random" one an image.  A file without captions has one sample an image. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/random.h"
#include "data/dataset.h"
#include "io/image.h"

enum { FIRST_WORD = 2 /* on disk: pad 0, unknown 1 */, MAX_SIDE = VS_IMAGE_MAX_SIDE };

typedef struct h5set {
  vs_h5 *file;
  /* each may be NULL */
  vs_h5data *image, *bytes, *feature, *box, *landmark, *vector, *tags;
  int64_t nimage, height, width;
  int64_t *byte_at;               /* [N+1]: where an image's bytes lie */
  int64_t *label, *thing, *count; /* [N] */
  vs_strings id, text;
  int64_t ncaption, ntoken;
  int64_t *offset, *of_image; /* [M+1], [M]: a caption's tokens and image */
  int32_t *token;
  int64_t *first, *caption; /* [N+1], [M]: captions of image i are caption[first[i]..first[i+1]) */
} h5set;

/* --- opening: helpers --- */

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
  const h5set *s = d->state;
  const char *full = in_split(d, name);
  if (!vs_h5_has(s->file, full)) return 0;
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

static int read_strings(const vs_dataset *d, const char *full, int64_t rows, vs_strings *out) {
  const h5set *s = d->state;
  if (!vs_h5_has(s->file, full)) return 0;
  vs_h5data *f = vs_h5_data(s->file, full);
  if (!f) return -1;
  int rc = vs_h5_read_strings(f, out);
  if (rc == 0 && rows >= 0 && out->n != rows)
    rc = vs_h5_bad(f, "%lld rows, expected %lld", (long long)out->n, (long long)rows);
  vs_h5_data_close(f);
  return rc;
}

/* --- opening: the file --- */

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
  if (!format || format->kind != VS_H5_TEXT || strcmp(format->text, "vesper-dataset"))
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

static int check_split(const vs_dataset *d) {
  const h5set *s = d->state;
  vs_strings names = {0};
  char list[256] = "";
  int rc = vs_h5_groups(s->file, &names);
  bool found = false;
  for (int64_t i = 0; rc == 0 && i < names.n; i++) {
    const char *name = vs_strings_get(&names, i);
    if (!strcmp(name, "vocab")) continue;
    found = found || !strcmp(name, d->split);
    size_t used = strlen(list);
    snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", name);
  }
  vs_strings_free(&names);
  if (rc || found) return rc;
  return vs_fail_file(d->path, "no split \"%.64s\"; it has %s", d->split, *list ? list : "none");
}

static int read_vectors(vs_dataset *d) {
  const h5set *s = d->state;
  if (!vs_h5_has(s->file, "vocab/vectors")) return 0;
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

/* --- opening: images --- */

/* A split of features alone has as many images as rows of these. */
static int count_features(vs_dataset *d) {
  h5set *s = d->state;
  vs_h5data *f = NULL;
  int rc = open_data(d, "feature", VS_H5_REALS, 2, -1, &f);
  if (rc == 0 && !f) rc = open_data(d, "region/feature", VS_H5_REALS, 3, -1, &f);
  if (rc == 0 && !f) rc = vs_fail_file(d->path, "%s: no such data set", in_split(d, "image"));
  if (rc == 0) s->nimage = vs_h5_info(f)->dims[0];
  vs_h5_data_close(f);
  return rc;
}

static int open_image_bytes(vs_dataset *d) {
  h5set *s = d->state;
  vs_h5attr *a;
  int na;
  if (open_data(d, "image_bytes/data", VS_H5_INTS, 1, -1, &s->bytes)) return -1;
  if (!s->bytes) return count_features(d);
  vs_h5data *f = NULL;
  int rc = open_data(d, "image_bytes/offset", VS_H5_INTS, 1, -1, &f);
  if (rc == 0 && !f) rc = vs_h5_bad(s->bytes, "there is no image_bytes/offset");
  if (rc == 0 && (s->nimage = vs_h5_info(f)->dims[0] - 1) < 0) rc = vs_h5_bad(f, "is empty");
  vs_h5_data_close(f);
  if (rc || read_offsets(d, "image_bytes/offset", s->nimage + 1, vs_h5_info(s->bytes)->dims[0],
                         &s->byte_at))
    return -1;
  if (vs_h5_attrs(s->file, d->split, &a, &na)) return -1;
  const vs_h5attr *h = find_attr(a, na, "height"), *w = find_attr(a, na, "width");
  if (h && w && h->kind == VS_H5_INT && w->kind == VS_H5_INT) {
    s->height = h->i;
    s->width = w->i;
  }
  vs_h5_attrs_free(a, na);
  if (s->height < 1 || s->width < 1 || s->height > MAX_SIDE || s->width > MAX_SIDE)
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
  h5set *s = d->state;
  if (open_data(d, "image", VS_H5_INTS, 4, -1, &s->image)) return -1;
  if (!s->image) return open_image_bytes(d);
  const vs_h5info *i = vs_h5_info(s->image);
  if (i->size != 1 || i->is_signed || i->dims[1] != 3)
    return vs_h5_bad(s->image, "is %s of %d-byte integers, expected uint8 [N,3,H,W]",
                     vs_dims_str(4, i->dims), i->size);
  s->nimage = i->dims[0];
  s->height = i->dims[2];
  s->width = i->dims[3];
  return 0;
}

static int open_regions(vs_dataset *d) {
  h5set *s = d->state;
  if (open_data(d, "region/feature", VS_H5_REALS, 3, s->nimage, &s->feature)) return -1;
  if (open_data(d, "region/box", VS_H5_REALS, 3, s->nimage, &s->box)) return -1;
  if (open_data(d, "landmark", VS_H5_REALS, 3, s->nimage, &s->landmark)) return -1;
  if (open_data(d, "feature", VS_H5_REALS, 2, s->nimage, &s->vector)) return -1;
  if (s->landmark && vs_h5_info(s->landmark)->dims[2] != 3)
    return vs_h5_bad(s->landmark, "expected [N,K,3]: x, y, visibility");
  for (int64_t i = 0; s->landmark && i < 2 * d->npair; i++) {
    if (d->pair[i] >= vs_h5_info(s->landmark)->dims[1])
      return vs_h5_bad(s->landmark, "has %lld points, attribute landmark_pairs names point %lld",
                       (long long)vs_h5_info(s->landmark)->dims[1], (long long)d->pair[i]);
  }
  if (!s->feature && !s->box) return 0;
  int64_t most = vs_h5_info(s->feature ? s->feature : s->box)->dims[1];
  if (read_ints(d, "region/count", s->nimage, 0, most, &s->count)) return -1;
  if (!s->box) return 0;
  const int64_t *dims = vs_h5_info(s->box)->dims;
  if (dims[1] == most && dims[2] == 4) return 0;
  return vs_h5_bad(s->box, "is %s, expected [N,%lld,4]", vs_dims_str(3, dims), (long long)most);
}

/* Labels, items and tags. */
static int open_things(vs_dataset *d) {
  h5set *s = d->state;
  int64_t most = d->classes.n ? d->classes.n - 1 : INT32_MAX;
  if (read_ints(d, "label", s->nimage, 0, most, &s->label)) return -1;
  if (read_ints(d, "item", s->nimage, 0, INT32_MAX - 1, &s->thing)) return -1;
  if (read_strings(d, "tags", -1, &d->tags)) return -1;
  if (open_data(d, "tags", VS_H5_INTS, 2, s->nimage, &s->tags)) return -1;
  if (!s->tags || vs_h5_info(s->tags)->dims[1] == d->tags.n) return 0;
  return vs_h5_bad(s->tags, "is %s, expected [N,%lld] for the %lld names in tags",
                   vs_dims_str(2, vs_h5_info(s->tags)->dims), (long long)d->tags.n,
                   (long long)d->tags.n);
}

/* --- opening: captions --- */

static int read_tokens(vs_dataset *d, vs_h5data *f) {
  h5set *s = d->state;
  s->ntoken = vs_h5_info(f)->dims[0];
  s->token = vs_new((size_t)VS_MAX(s->ntoken, 1) * sizeof *s->token);
  if (!s->token || vs_h5_read(f, VS_INT32, 0, s->ntoken, s->token)) return -1;
  int64_t words = d->vocab.n ? d->vocab.n : INT32_MAX;
  for (int64_t i = 0; i < s->ntoken; i++) {
    if (s->token[i] < 0 || s->token[i] >= words)
      return vs_h5_bad(f, "token %lld is %d, not in 0..%lld", (long long)i + 1, s->token[i],
                       (long long)words - 1);
  }
  return 0;
}

/* From each caption's image to each image's captions. */
static int index_captions(h5set *s) {
  s->first = vs_new0((size_t)(s->nimage + 1) * sizeof *s->first);
  s->caption = vs_new((size_t)VS_MAX(s->ncaption, 1) * sizeof *s->caption);
  if (!s->first || !s->caption) return -1;
  for (int64_t c = 0; c < s->ncaption; c++) s->first[s->of_image[c] + 1]++;
  for (int64_t i = 0; i < s->nimage; i++) s->first[i + 1] += s->first[i];
  for (int64_t c = s->ncaption - 1; c >= 0; c--) {
    int64_t i = s->of_image[c];
    s->caption[--s->first[i + 1]] = c; /* first[i+1] walks down to where image i starts */
  }
  for (int64_t i = 0; i < s->nimage; i++) s->first[i] = s->first[i + 1];
  s->first[s->nimage] = s->ncaption;
  return 0;
}

static int open_captions(vs_dataset *d) {
  h5set *s = d->state;
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
  if (rc == 0) s->ncaption = vs_h5_info(f)->dims[0];
  vs_h5_data_close(f);
  if (rc || read_ints(d, "caption/image", -1, 0, s->nimage - 1, &s->of_image)) return -1;
  if (read_offsets(d, "caption/offset", s->ncaption + 1, s->ntoken, &s->offset)) return -1;
  if (read_strings(d, in_split(d, "caption/text"), s->ncaption, &s->text)) return -1;
  return index_captions(s);
}

/* --- opening: all of it --- */

static int open_all(vs_dataset *d) {
  h5set *s = d->state;
  if (!(s->file = vs_h5_open(d->path))) return -1;
  if (vs_h5_attrs(s->file, "/", &d->attr, &d->nattr)) return -1;
  if (check_format(d) || check_split(d)) return -1;
  if (read_strings(d, "classes", -1, &d->classes)) return -1;
  if (read_strings(d, "vocab/words", -1, &d->vocab) || read_vectors(d)) return -1;
  if (d->vocab.n > 0 && d->vocab.n < FIRST_WORD)
    return vs_fail_file(d->path, "vocab/words: expected at least the padding and the unknown word");
  if (read_pairs(d) || open_images(d) || open_regions(d) || open_captions(d) || open_things(d))
    return -1;
  return read_strings(d, in_split(d, "image_id"), s->nimage, &s->id);
}

static int h5_open(vs_dataset *d, const vs_value *v, const vs_field *field, int nfield) {
  (void)field, (void)nfield;
  h5set *s = d->state = vs_new0(sizeof *s);
  d->path = strdup(v[0].s);
  d->split = strdup(v[1].kind == VS_V_NONE ? "train" : v[1].s);
  if (!s || !d->path || !d->split) return vs_fail_memory(sizeof *s);
  if (!*d->split || strlen(d->split) > 64 || strchr(d->split, '/'))
    return vs_fail("open: \"%.64s\" cannot be the name of a split", d->split);
  d->captions = (int)v[2].i;
  d->seed = (uint64_t)v[3].i;
  if (open_all(d)) return -1;
  d->images = s->nimage;
  d->ncaption = s->of_image ? s->ncaption : -1;
  d->n = vs_dataset_samples(d);
  return 0;
}

static void h5_close(vs_dataset *d) {
  h5set *s = d->state;
  if (!s) return;
  vs_h5data *data[] = {s->image, s->bytes, s->feature, s->box, s->landmark, s->vector, s->tags};
  for (int i = 0; i < VS_COUNT(data); i++) vs_h5_data_close(data[i]);
  vs_h5_close(s->file);
  void *block[] = {s->byte_at,  s->label, s->thing, s->count,  s->offset,
                   s->of_image, s->token, s->first, s->caption};
  for (int i = 0; i < VS_COUNT(block); i++) free(block[i]);
  vs_strings_free(&s->id);
  vs_strings_free(&s->text);
  free(s);
}

/* --- samples --- */

static int64_t image_of(const vs_dataset *d, int64_t sample) {
  const h5set *s = d->state;
  return d->captions == VS_CAPTIONS_ALL && s->of_image ? s->of_image[sample] : sample;
}

/* The caption of a sample, or -1 when its image has none. */
static int64_t caption_of(const vs_dataset *d, int64_t epoch, int64_t sample) {
  const h5set *s = d->state;
  if (!s->of_image) return -1;
  if (d->captions == VS_CAPTIONS_ALL) return sample;
  int64_t first = s->first[sample], n = s->first[sample + 1] - first;
  if (n == 0) return -1;
  if (d->captions == VS_CAPTIONS_FIRST) return s->caption[first];
  vs_rng r = {d->seed ^ 0x63617074696f6eu, (uint64_t)epoch};
  return s->caption[first + vs_rng_bits(r, (uint64_t)sample) % n];
}

static int h5_captions(const vs_dataset *d, int64_t sample, vs_strings *out, int64_t *own) {
  const h5set *s = d->state;
  int64_t image = image_of(d, sample), mine = caption_of(d, 0, sample);
  *own = -1;
  for (int64_t i = s->first ? s->first[image] : 0; s->text.n && i < s->first[image + 1]; i++) {
    int64_t c = s->caption[i];
    if (c == mine) *own = out->n;
    if (vs_strings_add(out, vs_strings_get(&s->text, c), vs_strings_len(&s->text, c))) return -1;
  }
  return 0;
}

static const char *h5_id(const vs_dataset *d, int64_t sample) {
  const h5set *s = d->state;
  return s->id.n ? vs_strings_get(&s->id, image_of(d, sample)) : NULL;
}

/* --- chunks --- */

/* Of the data sets with one row per image, the one with the most rows per chunk; NULL where
 * pictures are encoded bytes. */
static vs_h5data *main_part(const h5set *s) {
  vs_h5data *most = s->image, *part[] = {s->feature, s->box, s->landmark};
  for (int i = 0; most && i < VS_COUNT(part); i++) {
    if (part[i] && vs_h5_info(part[i])->chunk > vs_h5_info(most)->chunk) most = part[i];
  }
  return most;
}

/* The first image whose bytes do not begin before `at`. */
static int64_t first_from(const h5set *s, int64_t at) {
  int64_t low = 0, high = s->nimage;
  while (low < high) {
    int64_t mid = low + (high - low) / 2;
    if (s->byte_at[mid] < at)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

static int64_t h5_chunk(const vs_dataset *d, int64_t sample) {
  const h5set *s = d->state;
  int64_t image = image_of(d, sample);
  const vs_h5data *part = main_part(s);
  int64_t rows = VS_MAX(vs_h5_info(part ? part : s->bytes)->chunk, 1);
  return part ? image - image % rows : first_from(s, s->byte_at[image] / rows * rows);
}

static int h5_keep(const vs_dataset *d, int64_t chunks) {
  const h5set *s = d->state;
  vs_h5data *most = main_part(s), *part[] = {s->image, s->feature, s->box, s->landmark};
  if (!most) return vs_h5_keep(s->bytes, chunks);
  int64_t main = vs_h5_info(most)->chunk;
  for (int i = 0; i < VS_COUNT(part); i++) {
    int64_t rows = part[i] ? vs_h5_info(part[i])->chunk : 0;
    if (rows < 1) continue;
    /* the chunks of the same images, which may begin and end inside a chunk */
    int64_t each = rows == main ? 1 : main / rows + 2;
    if (vs_h5_keep(part[i], chunks * each)) return -1;
  }
  return 0;
}

/* --- batches --- */

/* A picture of any size as [3,height,width]; takes t over. */
static vs_tensor *fit(const h5set *s, vs_tensor *t) {
  if (!t || (t->shape[1] == s->height && t->shape[2] == s->width)) return t;
  vs_tensor *small = vs_image_resize(t, s->height, s->width, VS_BILINEAR);
  vs_unref(t);
  return small;
}

/* Image number `image` from its JPEG or PNG bytes into out [3,H,W]. */
static int decode_image(const vs_dataset *d, int64_t image, uint8_t *out) {
  const h5set *s = d->state;
  int64_t at = s->byte_at[image], n = s->byte_at[image + 1] - at;
  char name[512];
  snprintf(name, sizeof name, "%.400s: %.64s/image_bytes: image %lld", d->path, d->split,
           (long long)image + 1);
  uint8_t *bytes = vs_new((size_t)VS_MAX(n, 1));
  vs_tensor *t = NULL;
  if (bytes && vs_h5_read(s->bytes, VS_UINT8, at, n, bytes) == 0)
    t = fit(s, vs_image_decode(bytes, (size_t)n, name, &VS_IMAGE_DEFAULT));
  if (t) memcpy(out, vs_data(t), (size_t)t->numel);
  int rc = t ? 0 : -1;
  vs_unref(t);
  free(bytes);
  return rc;
}

static int fetch_images(const vs_dataset *d, const int64_t *image, int64_t n, vs_batch *b) {
  const h5set *s = d->state;
  if (!vs_batch_wants(b, "image") || (!s->image && !s->bytes)) return 0;
  int64_t shape[4] = {n, 3, s->height, s->width};
  vs_tensor *t = vs_batch_add(b, "image", VS_UINT8, 4, shape);
  if (!t) return -1;
  if (s->image) return vs_h5_gather(s->image, VS_UINT8, image, n, vs_data(t));
  for (int64_t i = 0; i < n; i++) {
    if (decode_image(d, image[i], vs_bytes(t) + i * 3 * s->height * s->width)) return -1;
  }
  return 0;
}

/* tokens [B,T] padded with 1, lengths [B]; a caption without tokens is one unknown word. */
static int fetch_tokens(const h5set *s, const int64_t *caption, int64_t n, vs_batch *b) {
  int64_t longest = 1;
  if (!vs_batch_wants(b, "lengths")) return 0;
  for (int64_t i = 0; i < n; i++) {
    if (caption[i] >= 0)
      longest = VS_MAX(longest, s->offset[caption[i] + 1] - s->offset[caption[i]]);
  }
  vs_tensor *tokens = vs_batch_add(b, "tokens", VS_INT64, 2, (int64_t[]){n, longest});
  vs_tensor *lengths = tokens ? vs_batch_add(b, "lengths", VS_INT64, 1, &n) : NULL;
  if (!lengths) return -1;
  for (int64_t i = 0; i < n; i++) {
    int64_t c = caption[i], len = c < 0 ? 0 : s->offset[c + 1] - s->offset[c];
    int64_t *row = vs_ints(tokens) + i * longest;
    for (int64_t j = 0; j < longest; j++) row[j] = j < len ? s->token[s->offset[c] + j] + 1 : 1;
    if (len == 0) row[0] = 2;
    vs_ints(lengths)[i] = VS_MAX(len, 1);
  }
  return 0;
}

static int fetch_text(const h5set *s, const int64_t *caption, int64_t n, vs_batch *b) {
  b->has_text = vs_batch_wants(b, "text");
  if (!b->has_text) return 0;
  for (int64_t i = 0; i < n; i++) {
    int64_t c = caption[i];
    if (vs_strings_add(&b->text, c < 0 ? "" : vs_strings_get(&s->text, c),
                       c < 0 ? 0 : vs_strings_len(&s->text, c)))
      return -1;
  }
  return 0;
}

/* An int64 [B] field of from[at[i]] + plus; from NULL: at[i] + plus. */
static int fetch_ints(vs_batch *b, const char *name, const int64_t *from, const int64_t *at,
                      int64_t n, int64_t plus) {
  if (!vs_batch_wants(b, name)) return 0;
  vs_tensor *t = vs_batch_add(b, name, VS_INT64, 1, &n);
  if (!t) return -1;
  for (int64_t i = 0; i < n; i++) vs_ints(t)[i] = (from ? from[at[i]] : at[i]) + plus;
  return 0;
}

static int fetch_reals(vs_h5data *f, const char *name, const int64_t *image, int64_t n,
                       vs_batch *b) {
  if (!f || !vs_batch_wants(b, name)) return 0;
  const int64_t *dims = vs_h5_info(f)->dims;
  vs_tensor *t =
      vs_batch_add(b, name, VS_REAL, vs_h5_info(f)->ndim, (int64_t[]){n, dims[1], dims[2]});
  return t ? vs_h5_gather(f, VS_REAL, image, n, vs_data(t)) : -1;
}

/* float [B,G]: 1 where the image has the tag, as a loss takes it. */
static int fetch_tags(const h5set *s, const int64_t *image, int64_t n, vs_batch *b) {
  if (!vs_batch_wants(b, "tags")) return 0;
  int64_t shape[2] = {n, vs_h5_info(s->tags)->dims[1]};
  vs_tensor *t = vs_batch_add(b, "tags", VS_REAL, 2, shape);
  return t ? vs_h5_gather(s->tags, VS_REAL, image, n, vs_data(t)) : -1;
}

static int fetch_regions(const h5set *s, const int64_t *image, int64_t n, vs_batch *b) {
  if (fetch_reals(s->landmark, "landmark", image, n, b)) return -1;
  if (fetch_reals(s->vector, "feature", image, n, b)) return -1;
  if (!s->feature && !s->box) return 0;
  if (fetch_reals(s->feature, "regions", image, n, b)) return -1;
  if (fetch_reals(s->box, "boxes", image, n, b)) return -1;
  if (!vs_batch_wants(b, "region_count")) return 0;
  if (s->count) return fetch_ints(b, "region_count", s->count, image, n, 0);
  vs_tensor *t = vs_batch_add(b, "region_count", VS_INT64, 1, &n);
  if (!t) return -1;
  int64_t all = vs_h5_info(s->feature ? s->feature : s->box)->dims[1];
  for (int64_t i = 0; i < n; i++) vs_ints(t)[i] = all;
  return 0;
}

static int h5_fetch(const vs_dataset *d, int64_t epoch, const int64_t *index, int64_t n,
                    vs_batch *b) {
  const h5set *s = d->state;
  int64_t *image = vs_new((size_t)VS_MAX(n, 1) * 2 * sizeof *image), *caption = image + n;
  if (!image) return -1;
  for (int64_t i = 0; i < n; i++) {
    image[i] = image_of(d, index[i]);
    caption[i] = caption_of(d, epoch, index[i]);
  }
  int rc = fetch_images(d, image, n, b);
  if (rc == 0 && s->of_image) rc = fetch_tokens(s, caption, n, b);
  if (rc == 0 && s->text.n) rc = fetch_text(s, caption, n, b);
  if (rc == 0 && s->label) rc = fetch_ints(b, "label", s->label, image, n, 1);
  if (rc == 0 && s->thing) rc = fetch_ints(b, "item", s->thing, image, n, 1);
  if (rc == 0 && s->tags) rc = fetch_tags(s, image, n, b);
  if (rc == 0) rc = fetch_ints(b, "index", NULL, index, n, 1);
  if (rc == 0) rc = fetch_ints(b, "image_index", NULL, image, n, 1);
  if (rc == 0) rc = fetch_regions(s, image, n, b);
  free(image);
  return rc;
}

const vs_readerdef vs_reader_h5 = {
    .name = "open",
    .args = "path:string, split:string?, captions:all|first|random=all, seed:int=1",
    .open = h5_open,
    .fetch = h5_fetch,
    .captions = h5_captions,
    .chunk = h5_chunk,
    .keep = h5_keep,
    .id = h5_id,
    .close = h5_close,
    .doc = "One split of a vesper HDF5 file, or nil and a message. captions: every caption is a "
           "sample (all), or every image is one, with its first caption or one picked by (seed, "
           "epoch, image). A batch has index and image_index int64 [B], and, where the file has "
           "them: image uint8 [B,3,H,W], feature float32 [B,D], tokens int64 [B,T] padded with 1, "
           "lengths int64 [B] (at least 1), text (list), label and item int64 [B], tags float32 "
           "[B,G] of 0 and 1, regions float32 [B,R,D], region_count int64 [B], boxes float32 "
           "[B,R,4], landmark float32 [B,K,3].",
};
