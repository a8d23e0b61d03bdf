/* The reader of vesper's own HDF5 files (docs/data.md gives the layout).
 *
 * h5open.c has read and checked everything small, h5join.c has made one set of all files.  Images,
 * region features, boxes and landmarks stay in the files and are read a batch at a time, where they
 * are wanted.  On disk labels, tokens
 * and image numbers count from 0; they are converted here and in writer.c, nowhere else.
 *
 * Samples: with captions = "all" one a caption (images without any are passed over), with "first"
 * and "random" one an image.  A file without captions has one sample an image. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/random.h"
#include "data/h5set.h"
#include "io/image.h"

/* --- life --- */

static int h5_open(vs_dataset *d, const vs_value *v, const vs_field *field, int nfield) {
  (void)field, (void)nfield;
  h5set *s = d->state = vs_new0(sizeof *s);
  d->split = strdup(v[1].kind == VS_V_NONE ? "train" : v[1].s);
  if (!s || !d->split) return vs_fail_memory(sizeof *s);
  if (!*d->split || strlen(d->split) > 64 || strchr(d->split, '/'))
    return vs_fail("open: \"%.64s\" cannot be the name of a split", d->split);
  d->captions = (int)v[2].i;
  d->seed = (uint64_t)v[3].i;
  s->exif = v[4].i;
  if (vs_h5set_open(d, v[0].strings, v[0].n)) return -1;
  d->images = s->rows.nimage;
  d->ncaption = s->rows.of_image ? s->rows.ncaption : -1;
  d->n = vs_dataset_samples(d);
  return 0;
}

static void h5_close(vs_dataset *d) {
  h5set *s = d->state;
  if (!s) return;
  vs_h5pool_free(s->pool);
  for (int i = 0; i < SET_COLUMNS; i++) vs_h5column_free(&s->column[i]);
  vs_h5rows_free(&s->rows);
  free(s->first);
  free(s->caption);
  free(s);
}

/* --- samples --- */

static int64_t image_of(const vs_dataset *d, int64_t sample) {
  const h5set *s = d->state;
  return d->captions == VS_CAPTIONS_ALL && s->rows.of_image ? s->rows.of_image[sample] : sample;
}

/* The caption of a sample, or -1 when its image has none. */
static int64_t caption_of(const vs_dataset *d, int64_t epoch, int64_t sample) {
  const h5set *s = d->state;
  if (!s->rows.of_image) return -1;
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
  for (int64_t i = s->first ? s->first[image] : 0; s->rows.text.n && i < s->first[image + 1]; i++) {
    int64_t c = s->caption[i];
    if (c == mine) *own = out->n;
    if (vs_strings_add(out, vs_strings_get(&s->rows.text, c), vs_strings_len(&s->rows.text, c)))
      return -1;
  }
  return 0;
}

static const char *h5_id(const vs_dataset *d, int64_t sample) {
  const h5set *s = d->state;
  return s->rows.id.n ? vs_strings_get(&s->rows.id, image_of(d, sample)) : NULL;
}

/* --- chunks --- */

/* Of the columns with one row per image, the one with the most rows per chunk at that image; NULL
 * where pictures are encoded bytes. */
static const vs_h5column *main_part(const h5set *s, int64_t image) {
  static const int part[] = {SET_IMAGE, SET_FEATURE, SET_BOX, SET_LANDMARK, SET_VECTOR};
  const vs_h5column *most = NULL;
  if (vs_h5set_has(s, SET_BYTES)) return NULL;
  for (int i = 0; i < VS_COUNT(part); i++) {
    const vs_h5column *c = &s->column[part[i]];
    if (!vs_h5set_has(s, part[i])) continue;
    if (!most || vs_h5column_part(c, image)->chunk > vs_h5column_part(most, image)->chunk) most = c;
  }
  return most;
}

/* The first image whose bytes do not begin before `at`. */
static int64_t first_from(const h5set *s, int64_t at) {
  int64_t low = 0, high = s->rows.nimage;
  while (low < high) {
    int64_t mid = low + (high - low) / 2;
    if (s->rows.byte_at[mid] < at)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

/* The first row of the chunk in which a row lies. */
static int64_t chunk_of(const vs_h5column *c, int64_t row) {
  const vs_h5part *part = vs_h5column_part(c, row);
  return row - (row - part->first) % VS_MAX(part->chunk, 1);
}

static int64_t h5_chunk(const vs_dataset *d, int64_t sample) {
  const h5set *s = d->state;
  int64_t image = image_of(d, sample);
  const vs_h5column *c = main_part(s, image);
  if (c) return chunk_of(c, image);
  return first_from(s, chunk_of(&s->column[SET_BYTES], s->rows.byte_at[image]));
}

static int h5_keep(const vs_dataset *d, int64_t chunks) {
  h5set *s = d->state;
  static const int part[] = {SET_IMAGE, SET_FEATURE, SET_BOX, SET_LANDMARK, SET_VECTOR};
  const vs_h5column *most = main_part(s, 0);
  if (!most) return vs_h5column_keep(&s->column[SET_BYTES], chunks);
  int64_t main = most->part[0].chunk;
  for (int i = 0; i < VS_COUNT(part); i++) {
    int64_t rows = vs_h5set_has(s, part[i]) ? s->column[part[i]].part[0].chunk : 0;
    if (rows < 1) continue;
    /* the chunks of the same images, which may begin and end inside a chunk */
    int64_t each = rows == main ? 1 : main / rows + 2;
    if (vs_h5column_keep(&s->column[part[i]], chunks * each)) return -1;
  }
  return 0;
}

/* --- batches --- */

/* A picture of any size as [3,height,width]; takes t over. */
static vs_tensor *fit(const h5set *s, vs_tensor *t) {
  if (!t || (t->shape[1] == s->rows.height && t->shape[2] == s->rows.width)) return t;
  vs_tensor *small = vs_image_resize(t, s->rows.height, s->rows.width, VS_BILINEAR);
  vs_unref(t);
  return small;
}

/* Image number `image` from its JPEG or PNG bytes into out [3,H,W]. */
static int decode_image(const vs_dataset *d, int64_t image, uint8_t *out) {
  const h5set *s = d->state;
  int64_t at = s->rows.byte_at[image], n = s->rows.byte_at[image + 1] - at;
  char name[512];
  const vs_h5column *c = &s->column[SET_BYTES];
  const vs_h5part *part = vs_h5column_part(c, at);
  snprintf(name, sizeof name, "%.400s: %.64s/image_bytes: image %lld",
           vs_h5pool_path(s->pool, part->file), d->split,
           (long long)(image - first_from(s, part->first)) + 1);
  uint8_t *bytes = vs_new((size_t)VS_MAX(n, 1));
  vs_imageopt o = VS_IMAGE_DEFAULT;
  o.exif = s->exif;
  vs_tensor *t = NULL;
  if (bytes && vs_h5column_read(c, VS_UINT8, at, n, bytes) == 0)
    t = fit(s, vs_image_decode(bytes, (size_t)n, name, &o));
  if (t) memcpy(out, vs_data(t), (size_t)t->numel);
  int rc = t ? 0 : -1;
  vs_unref(t);
  free(bytes);
  return rc;
}

static int fetch_images(const vs_dataset *d, const int64_t *image, int64_t n, vs_batch *b) {
  const h5set *s = d->state;
  if (!vs_batch_wants(b, "image") || (!vs_h5set_has(s, SET_IMAGE) && !vs_h5set_has(s, SET_BYTES)))
    return 0;
  int64_t shape[4] = {n, 3, s->rows.height, s->rows.width};
  vs_tensor *t = vs_batch_add(b, "image", VS_UINT8, 4, shape);
  if (!t) return -1;
  if (vs_h5set_has(s, SET_IMAGE))
    return vs_h5column_gather(&s->column[SET_IMAGE], VS_UINT8, image, n, vs_data(t));
  for (int64_t i = 0; i < n; i++) {
    if (decode_image(d, image[i], vs_bytes(t) + i * 3 * s->rows.height * s->rows.width)) return -1;
  }
  return 0;
}

/* tokens [B,T] padded with 1, lengths [B]; a caption without tokens is one unknown word. */
static int fetch_tokens(const h5set *s, const int64_t *caption, int64_t n, vs_batch *b) {
  int64_t longest = 1;
  if (!vs_batch_wants(b, "lengths")) return 0;
  for (int64_t i = 0; i < n; i++) {
    if (caption[i] >= 0)
      longest = VS_MAX(longest, s->rows.offset[caption[i] + 1] - s->rows.offset[caption[i]]);
  }
  vs_tensor *tokens = vs_batch_add(b, "tokens", VS_INT64, 2, (int64_t[]){n, longest});
  vs_tensor *lengths = tokens ? vs_batch_add(b, "lengths", VS_INT64, 1, &n) : NULL;
  if (!lengths) return -1;
  for (int64_t i = 0; i < n; i++) {
    int64_t c = caption[i], len = c < 0 ? 0 : s->rows.offset[c + 1] - s->rows.offset[c];
    int64_t *row = vs_ints(tokens) + i * longest;
    for (int64_t j = 0; j < longest; j++)
      row[j] = j < len ? s->rows.token[s->rows.offset[c] + j] + 1 : 1;
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
    if (vs_strings_add(&b->text, c < 0 ? "" : vs_strings_get(&s->rows.text, c),
                       c < 0 ? 0 : vs_strings_len(&s->rows.text, c)))
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

static int fetch_reals(const h5set *s, int column, const char *name, const int64_t *image,
                       int64_t n, vs_batch *b) {
  const vs_h5column *c = &s->column[column];
  if (!vs_h5set_has(s, column) || !vs_batch_wants(b, name)) return 0;
  const int64_t *dims = c->info.dims;
  vs_tensor *t = vs_batch_add(b, name, VS_REAL, c->info.ndim, (int64_t[]){n, dims[1], dims[2]});
  return t ? vs_h5column_gather(c, VS_REAL, image, n, vs_data(t)) : -1;
}

/* float [B,G]: 1 where the image has the tag, as a loss takes it. */
static int fetch_tags(const h5set *s, const int64_t *image, int64_t n, vs_batch *b) {
  if (!vs_batch_wants(b, "tags")) return 0;
  const vs_h5column *c = &s->column[SET_TAGS];
  vs_tensor *t = vs_batch_add(b, "tags", VS_REAL, 2, (int64_t[]){n, c->info.dims[1]});
  return t ? vs_h5column_gather(c, VS_REAL, image, n, vs_data(t)) : -1;
}

static int fetch_regions(const h5set *s, const int64_t *image, int64_t n, vs_batch *b) {
  bool has_feature = vs_h5set_has(s, SET_FEATURE);
  if (fetch_reals(s, SET_LANDMARK, "landmark", image, n, b)) return -1;
  if (fetch_reals(s, SET_VECTOR, "feature", image, n, b)) return -1;
  if (!has_feature && !vs_h5set_has(s, SET_BOX)) return 0;
  if (fetch_reals(s, SET_FEATURE, "regions", image, n, b)) return -1;
  if (fetch_reals(s, SET_BOX, "boxes", image, n, b)) return -1;
  if (!vs_batch_wants(b, "region_count")) return 0;
  if (s->rows.count) return fetch_ints(b, "region_count", s->rows.count, image, n, 0);
  vs_tensor *t = vs_batch_add(b, "region_count", VS_INT64, 1, &n);
  if (!t) return -1;
  int64_t all = s->column[has_feature ? SET_FEATURE : SET_BOX].info.dims[1];
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
  if (rc == 0 && s->rows.of_image) rc = fetch_tokens(s, caption, n, b);
  if (rc == 0 && s->rows.text.n) rc = fetch_text(s, caption, n, b);
  if (rc == 0 && s->rows.label) rc = fetch_ints(b, "label", s->rows.label, image, n, 1);
  if (rc == 0 && s->rows.thing) rc = fetch_ints(b, "item", s->rows.thing, image, n, 1);
  if (rc == 0 && vs_h5set_has(s, SET_TAGS)) rc = fetch_tags(s, image, n, b);
  if (rc == 0) rc = fetch_ints(b, "index", NULL, index, n, 1);
  if (rc == 0) rc = fetch_ints(b, "image_index", NULL, image, n, 1);
  if (rc == 0) rc = fetch_regions(s, image, n, b);
  free(image);
  return rc;
}

const vs_readerdef vs_reader_h5 = {
    .name = "open",
    .args = "path:paths, split:string?, captions:all|first|random=all, seed:int=1, "
            "apply_exif_orientation:bool=false",
    .open = h5_open,
    .fetch = h5_fetch,
    .captions = h5_captions,
    .chunk = h5_chunk,
    .keep = h5_keep,
    .id = h5_id,
    .close = h5_close,
    .doc = "One split of a vesper HDF5 file, or nil and a message. path may be a pattern, "
           "\"part-*.h5\", or a list of paths: the files are one data set. captions: every caption "
           "is a "
           "sample (all), or every image is one, with its first caption or one picked by (seed, "
           "epoch, image). apply_exif_orientation: images that are stored as files are turned as "
           "their EXIF data says. A batch has index and image_index int64 [B], and, where the file "
           "has "
           "them: image uint8 [B,3,H,W], feature float32 [B,D], tokens int64 [B,T] padded with 1, "
           "lengths int64 [B] (at least 1), text (list), label and item int64 [B], tags float32 "
           "[B,G] of 0 and 1, regions float32 [B,R,D], region_count int64 [B], boxes float32 "
           "[B,R,4], landmark float32 [B,K,3].",
};
