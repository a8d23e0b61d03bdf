/* Encoding of pictures, the only user of stb_image_write.  See image.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/error.h"
#include "core/mem.h"
#include "io/image.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#define STB_IMAGE_WRITE_STATIC
#define STBIWDEF static __attribute__((unused))
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb_image_write.h>
#pragma GCC diagnostic pop

int vs_image_format(const char *name) {
  const char *dot = strrchr(name, '.');
  const char *ending = dot ? dot + 1 : name;
  if (strcasecmp(ending, "png") == 0) return VS_PNG;
  if (strcasecmp(ending, "jpg") == 0 || strcasecmp(ending, "jpeg") == 0) return VS_JPEG;
  return vs_fail("image: '%s' ends in neither .png nor .jpg", name);
}

static void put_bytes(void *buffer, void *data, int n) { vs_buffer_put(buffer, data, (size_t)n); }

static uint8_t to_byte(double v) {
  v = v > 0 ? v * 255 + 0.5 : 0; /* NaN is black */
  return v < 255 ? (uint8_t)v : 255;
}

/* [C,H,W] to rows of pixels; t is contiguous. */
static uint8_t *interleave(const vs_tensor *t, int64_t channels, int64_t pixels) {
  uint8_t *out = vs_new((size_t)(channels * pixels));
  if (!out) return NULL;
  for (int64_t c = 0; c < channels; c++) {
    for (int64_t i = 0; i < pixels; i++) {
      int64_t at = c * pixels + i;
      out[i * channels + c] =
          t->dtype == VS_UINT8 ? vs_bytes(t)[at] : to_byte(vs_get_double(t, at));
    }
  }
  return out;
}

static int check_picture(const vs_tensor *t) {
  int64_t channels = t->ndim == 3 ? t->shape[0] : 1;
  if ((t->ndim != 2 && t->ndim != 3) || (channels != 1 && channels != 3 && channels != 4) ||
      t->numel == 0) {
    return vs_fail("image: a picture is [H,W] or [1|3|4,H,W], got %s", vs_shape_str(t));
  }
  if (t->dtype == VS_INT64 || t->dtype == VS_INT32 || t->dtype == VS_BOOL) {
    return vs_fail("image: a picture is uint8 or numbers in 0..1, got %s", vs_dtype_name(t->dtype));
  }
  int64_t h = t->shape[t->ndim - 2], w = t->shape[t->ndim - 1];
  if (h > VS_IMAGE_MAX_SIDE || w > VS_IMAGE_MAX_SIDE || h * w > VS_IMAGE_MAX_PIXELS) {
    return vs_fail("image: %s is too large; the limit is %d per side and 64 megapixels",
                   vs_shape_str(t), VS_IMAGE_MAX_SIDE);
  }
  return 0;
}

int vs_image_encode(vs_tensor *t, vs_imageformat format, int quality, vs_buffer *out) {
  if (check_picture(t) != 0) return -1;
  int h = (int)t->shape[t->ndim - 2], w = (int)t->shape[t->ndim - 1];
  int channels = t->ndim == 3 ? (int)t->shape[0] : 1, ok;
  vs_tensor *whole = vs_contiguous(t);
  if (!whole) return -1;
  uint8_t *pixels = interleave(whole, channels, (int64_t)h * w);
  vs_unref(whole);
  if (!pixels) return -1;
  if (format == VS_PNG) {
    ok = stbi_write_png_to_func(put_bytes, out, w, h, channels, pixels, w * channels);
  } else {
    ok = stbi_write_jpg_to_func(put_bytes, out, w, h, channels, pixels, quality);
  }
  free(pixels);
  if (out->failed) return -1;
  return ok ? 0 : vs_fail_memory((size_t)w * (size_t)h * 4);
}

int vs_image_save(const char *path, vs_tensor *t, int quality) {
  vs_buffer b = {0};
  int format = vs_image_format(path);
  if (format < 0) return -1;
  int rc = vs_image_encode(t, (vs_imageformat)format, quality, &b);
  if (rc == 0) rc = vs_file_write(path, b.data, b.n);
  free(b.data);
  return rc;
}
