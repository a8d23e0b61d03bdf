/* The reader of vesper's own HDF5 files (docs/data.md gives the layout).
 *
 * h5open.c has read and checked everything small.  Images, region features, boxes and landmarks
 * stay in the file and are read a batch at a time, where they are wanted.  On disk labels, tokens
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
  d->path = strdup(v[0].s);
  d->split = strdup(v[1].kind == VS_V_NONE ? "train" : v[1].s);
  if (!s || !d->path || !d->split) return vs_fail_memory(sizeof *s);
  if (!*d->split || strlen(d->split) > 64 || strchr(d->split, '/'))
    return vs_fail("open: \"%.64s\" cannot be the name of a split", d->split);
  d->captions = (int)v[2].i;
  d->seed = (uint64_t)v[3].i;
  s->exif = v[4].i;
  if (vs_h5set_open(d)) return -1;
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
  vs_imageopt o = VS_IMAGE_DEFAULT;
  o.exif = s->exif;
  vs_tensor *t = NULL;
  if (bytes && vs_h5_read(s->bytes, VS_UINT8, at, n, bytes) == 0)
    t = fit(s, vs_image_decode(bytes, (size_t)n, name, &o));
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
    .args = "path:string, split:string?, captions:all|first|random=all, seed:int=1, "
            "apply_exif_orientation:bool=false",
    .open = h5_open,
    .fetch = h5_fetch,
    .captions = h5_captions,
    .chunk = h5_chunk,
    .keep = h5_keep,
    .id = h5_id,
    .close = h5_close,
    .doc = "One split of a vesper HDF5 file, or nil and a message. captions: every caption is a "
           "sample (all), or every image is one, with its first caption or one picked by (seed, "
           "epoch, image). apply_exif_orientation: images that are stored as files are turned as "
           "their EXIF data says. A batch has index and image_index int64 [B], and, where the file "
           "has "
           "them: image uint8 [B,3,H,W], feature float32 [B,D], tokens int64 [B,T] padded with 1, "
           "lengths int64 [B] (at least 1), text (list), label and item int64 [B], tags float32 "
           "[B,G] of 0 and 1, regions float32 [B,R,D], region_count int64 [B], boxes float32 "
           "[B,R,4], landmark float32 [B,K,3].",
};
