/* vs.image: reading, writing, resizing and painting of pictures (uint8 [C,H,W]; x and y from 1).
 *
 * A missing or broken file gives nil and a message.  Painting functions work in place and return
 * the picture, so that calls chain. */
#include <stdlib.h>
#include <string.h>

#include "bind/bind.h"
#include "bind/options.h"
#include "bind/strings.h"
#include "core/thread.h"
#include "io/draw.h"
#include "io/imagelist.h"

#define LVS_IMAGEBYTES "vesper.ImageBytes"

/* --- reading --- */

static vs_imageopt pixel_options(lua_State *L, int index, const char *what) {
  vs_imageopt o = VS_IMAGE_DEFAULT;
  o.channels = (int)lvs_optint(L, index, "channels", 1, 4, 3);
  if (o.channels == 2) lvs_error(L, "%s: channels must be 1 (grey), 3 (RGB) or 4 (RGBA)", what);
  lvs_optcolor(L, index, "background", o.background);
  o.exif = lvs_optbool(L, index, "apply_exif_orientation", false);
  return o;
}

static vs_imageopt read_options(lua_State *L, int index, const char *what) {
  lvs_checkoptions(L, index, "channels|background|apply_exif_orientation", what);
  return pixel_options(L, index, what);
}

/* {height, width} at index. */
static void check_pair(lua_State *L, int index, int64_t *a, int64_t *b, const char *what) {
  int whole = 0, also = 0;
  if (lua_istable(L, index) && lua_rawlen(L, index) == 2) {
    lua_rawgeti(L, index, 1);
    lua_rawgeti(L, index, 2);
    *a = lua_tointegerx(L, -2, &whole);
    *b = lua_tointegerx(L, -1, &also);
    lua_pop(L, 2);
  }
  if (!whole || !also) lvs_error(L, "%s: a size must be {height, width}", what);
}

typedef struct source {
  const char *path, *bytes; /* one of them */
  size_t n;
  vs_imageopt o;
} source;

static vs_tensor *read_source(const source *s) {
  if (s->path) return vs_image_load(s->path, &s->o);
  return vs_image_decode(s->bytes, s->n, "image", &s->o);
}

static int push_source(lua_State *L, const source *s) {
  lvs_maybe_collect(L);
  void **box = lvs_newbox(L, LVS_TENSOR);
  bool again = false;
  do *box = read_source(s);
  while (!*box && lvs_retry(L, &again));
  return *box ? 1 : lvs_nilerror(L);
}

/* vs.image.load(path [, {channels = 3, background = {255, 255, 255},
 * apply_exif_orientation = false}]) */
static int lvs_image_load(lua_State *L) {
  source s = {.path = lvs_checkstr(L, 1, "path", NULL)};
  s.o = read_options(L, 2, "image.load");
  return push_source(L, &s);
}

/* vs.image.decode(bytes [, options]) */
static int lvs_image_decode(lua_State *L) {
  source s = {0};
  s.bytes = lvs_checkstr(L, 1, "bytes", &s.n);
  s.o = read_options(L, 2, "image.decode");
  return push_source(L, &s);
}

/* vs.image.load_batch(paths, {height, width} [, {channels = 3, background = {255, 255, 255},
 * apply_exif_orientation = false, workers = vs.get_num_threads()}]) -> uint8
 * [N,channels,height,width], or nil and a message */
static int lvs_image_load_batch(lua_State *L) {
  int64_t height, width;
  lvs_checktype(L, 1, LUA_TTABLE, "paths");
  check_pair(L, 2, &height, &width, "image.load_batch");
  lvs_checkoptions(L, 3, "channels|background|apply_exif_orientation|workers", "image.load_batch");
  int workers = (int)lvs_optint(L, 3, "workers", 1, VS_IMAGELIST_WORKERS,
                                VS_MIN(vs_num_threads(), VS_IMAGELIST_WORKERS));
  vs_imageopt o = pixel_options(L, 3, "image.load_batch");
  lua_Integer n = lvs_listlen(L, 1, "image.load_batch", "paths");
  vs_strings *paths = lvs_newstrings(L);
  for (lua_Integer i = 1; i <= n; i++) {
    if (lua_rawgeti(L, 1, i) != LUA_TSTRING)
      return lvs_error(L, "image.load_batch: path %I is a %s, expected a string", i,
                       luaL_typename(L, -1));
    size_t len;
    const char *path = lua_tolstring(L, -1, &len);
    if (strlen(path) != len)
      return lvs_error(L, "image.load_batch: path %I contains a zero byte", i);
    if (vs_strings_add(paths, path, len)) return lvs_raise(L);
    lua_pop(L, 1);
  }
  lvs_maybe_collect(L);
  void **box = lvs_newbox(L, LVS_TENSOR);
  bool again = false;
  do *box = vs_imagelist_load(paths, height, width, &o, workers);
  while (!*box && lvs_retry(L, &again));
  return *box ? 1 : lvs_nilerror(L);
}

static void free_bytes(void *p) { free(p); }

/* vs.image.info(path [, {apply_exif_orientation = false}]) -> {width, height, channels} */
static int lvs_image_info(lua_State *L) {
  const char *path = lvs_checkstr(L, 1, "path", NULL);
  lvs_checkoptions(L, 2, "apply_exif_orientation", "image.info");
  bool exif = lvs_optbool(L, 2, "apply_exif_orientation", false);
  size_t n;
  vs_imageinfo info;
  void **box = lvs_newbox(L, LVS_IMAGEBYTES);
  *box = vs_file_read(path, VS_IMAGE_MAX_FILE, &n);
  if (!*box || vs_image_info(*box, n, path, &info) != 0) return lvs_nilerror(L);
  bool swapped = exif && info.orientation >= 5;
  lua_createtable(L, 0, 3);
  lvs_setint(L, "width", swapped ? info.height : info.width);
  lvs_setint(L, "height", swapped ? info.width : info.height);
  lvs_setint(L, "channels", info.channels);
  return 1;
}

/* vs.image.set_max_pixels(n): larger pictures are not decoded, in any thread */
static int lvs_image_set_max_pixels(lua_State *L) {
  const lua_Integer most = (lua_Integer)VS_IMAGE_MAX_SIDE * VS_IMAGE_MAX_SIDE;
  lua_Integer n = lvs_checkint(L, 1, "pixels");
  if (n < 1 || n > most) return lvs_error(L, "image.set_max_pixels: %I is not in 1..%I", n, most);
  vs_image_set_max_pixels(n);
  return 0;
}

/* vs.image.get_max_pixels() -> integer */
static int lvs_image_get_max_pixels(lua_State *L) {
  lua_pushinteger(L, vs_image_max_pixels());
  return 1;
}

/* --- writing --- */

static int quality_option(lua_State *L, int index, const char *what) {
  lvs_checkoptions(L, index, "quality", what);
  return (int)lvs_optint(L, index, "quality", 1, 100, 90);
}

/* vs.image.save(path, picture [, {quality = 90}]) -> true */
static int lvs_image_save(lua_State *L) {
  const char *path = lvs_checkstr(L, 1, "path", NULL);
  vs_tensor *t = lvs_checktensor(L, 2);
  if (vs_image_save(path, t, quality_option(L, 3, "image.save")) != 0) return lvs_nilerror(L);
  lua_pushboolean(L, true);
  return 1;
}

/* vs.image.encode(picture, "png"|"jpg" [, {quality = 90}]) -> bytes */
static int lvs_image_encode(lua_State *L) {
  vs_tensor *t = lvs_checktensor(L, 1);
  int format = vs_image_format(lvs_checkstr(L, 2, "format", NULL));
  if (format < 0) return lvs_raise(L);
  int quality = quality_option(L, 3, "image.encode");
  void **box = lvs_newbox(L, LVS_IMAGEBYTES);
  vs_buffer b = {0};
  int rc = vs_image_encode(t, (vs_imageformat)format, quality, &b);
  *box = b.data;
  if (rc != 0) return lvs_raise(L);
  lua_pushlstring(L, b.data, b.n);
  free(b.data);
  *box = NULL;
  return 1;
}

/* --- shapes --- */

typedef struct sizing {
  vs_tensor *t;
  int64_t y, x, height, width;
  vs_filter filter;
} sizing;

/* A coordinate or size: clamped far outside any picture, so that sums cannot overflow. */
static int64_t check_place(lua_State *L, int index, const char *name) {
  lua_Integer v = lvs_checkint(L, index, name), far = (lua_Integer)1 << 30;
  return v < -far ? -far : v > far ? far : v;
}

static vs_tensor *make_resized(void *arg) {
  sizing *s = arg;
  return vs_image_resize(s->t, s->height, s->width, s->filter);
}

/* vs.image.resize(picture, {height, width} [, filter]) */
static int lvs_image_resize(lua_State *L) {
  sizing s = {.t = lvs_checktensor(L, 1)};
  check_pair(L, 2, &s.height, &s.width, "image.resize");
  const char *word = "bilinear";
  if (!lua_isnoneornil(L, 3)) word = lvs_checkstr(L, 3, "filter", NULL);
  int filter = vs_choice(VS_FILTERS, word, strlen(word));
  if (filter < 0)
    return lvs_error(L, "image.resize: filter '%s', expected one of %s", word, VS_FILTERS);
  s.filter = (vs_filter)filter;
  return lvs_pushmade(L, make_resized, &s);
}

static vs_tensor *make_cropped(void *arg) {
  sizing *s = arg;
  vs_tensor *rows = vs_slice(s->t, s->t->ndim - 2, s->y, s->height, 1);
  vs_tensor *part = rows ? vs_slice(rows, s->t->ndim - 1, s->x, s->width, 1) : NULL;
  vs_tensor *out = part ? vs_clone(part) : NULL;
  vs_unref(part);
  vs_unref(rows);
  return out;
}

/* vs.image.crop(picture, x, y, {height, width}): a copy of that part */
static int lvs_image_crop(lua_State *L) {
  sizing s = {
      .t = lvs_checktensor(L, 1), .x = check_place(L, 2, "x") - 1, .y = check_place(L, 3, "y") - 1};
  check_pair(L, 4, &s.height, &s.width, "image.crop");
  int64_t h = s.t->ndim < 2 ? 0 : s.t->shape[s.t->ndim - 2];
  int64_t w = s.t->ndim < 2 ? 0 : s.t->shape[s.t->ndim - 1];
  if (s.height < 1 || s.width < 1 || s.x < 0 || s.y < 0 || s.height > h || s.width > w ||
      s.y > h - s.height || s.x > w - s.width) {
    return lvs_error(L, "image.crop: [%d,%d] at x %d, y %d is not inside %s", (int)s.height,
                     (int)s.width, (int)s.x + 1, (int)s.y + 1, vs_shape_str(s.t));
  }
  return lvs_pushmade(L, make_cropped, &s);
}

static void flip_row(char *row, int64_t w, size_t size) {
  char keep[16];
  for (int64_t i = 0; i < w / 2; i++) {
    char *a = row + (size_t)i * size, *b = row + (size_t)(w - 1 - i) * size;
    memcpy(keep, a, size);
    memcpy(a, b, size);
    memcpy(b, keep, size);
  }
}

static vs_tensor *make_flipped(void *arg) {
  vs_tensor *t = arg, *out = vs_clone(t);
  if (!out || out->numel == 0) return out;
  int64_t w = out->shape[out->ndim - 1];
  size_t size = vs_dtype_size(out->dtype);
  for (int64_t at = 0; at < out->numel; at += w)
    flip_row((char *)vs_data(out) + (size_t)at * size, w, size);
  return out;
}

/* vs.image.flip(picture): left and right exchanged, a copy */
static int lvs_image_flip(lua_State *L) {
  vs_tensor *t = lvs_checktensor(L, 1);
  if (t->ndim < 1) return lvs_error(L, "image.flip: a picture is [...,H,W], got []");
  return lvs_pushmade(L, make_flipped, t);
}

/* --- painting --- */

static vs_tensor *check_canvas(lua_State *L, const char *what) {
  vs_tensor *t = lvs_checktensor(L, 1);
  if (vs_draw_check(t, what) != 0) lvs_raise(L);
  t->storage->version++;
  return t;
}

static vs_color color_option(lua_State *L, int index, vs_color c) {
  lvs_optcolor(L, index, "color", c.rgb);
  return c;
}

typedef struct blank {
  int64_t h, w;
  vs_color c;
} blank;

static vs_tensor *make_canvas(void *arg) {
  blank *b = arg;
  vs_tensor *t = vs_tensor_new(VS_UINT8, 3, (int64_t[]){3, b->h, b->w});
  if (t) vs_draw_box(t, 0, 0, b->w, b->h, b->c);
  return t;
}

/* vs.image.canvas({height, width} [, color]) -> uint8 [3,height,width] of that colour (white) */
static int lvs_image_canvas(lua_State *L) {
  blank b = {.c = {{255, 255, 255}}};
  check_pair(L, 1, &b.h, &b.w, "image.canvas");
  if (!lua_isnoneornil(L, 2)) lvs_checkcolor(L, 2, b.c.rgb);
  if (b.h < 1 || b.w < 1 || b.h > VS_IMAGE_MAX_SIDE || b.w > VS_IMAGE_MAX_SIDE) {
    return lvs_error(L, "image.canvas: a side must be 1 to %d pixels", VS_IMAGE_MAX_SIDE);
  }
  return lvs_pushmade(L, make_canvas, &b);
}

/* A text to paint; numbers are accepted. */
static const char *check_text(lua_State *L, int index, size_t *n) {
  if (lua_type(L, index) == LUA_TNUMBER) return lua_tolstring(L, index, n);
  return lvs_checkstr(L, index, "text", n);
}

/* vs.image.draw_text(picture, x, y, text [, {scale = 1, color = {0, 0, 0}}]): x, y its top left */
static int lvs_image_draw_text(lua_State *L) {
  vs_tensor *t = check_canvas(L, "image.draw_text");
  int64_t x = check_place(L, 2, "x") - 1, y = check_place(L, 3, "y") - 1;
  size_t n;
  const char *text = check_text(L, 4, &n);
  lvs_checkoptions(L, 5, "scale|color", "image.draw_text");
  int64_t scale = lvs_optint(L, 5, "scale", 1, 100, 1);
  if (vs_draw_text(t, x, y, text, n, scale, color_option(L, 5, (vs_color){{0, 0, 0}})) != 0) {
    return lvs_raise(L);
  }
  lua_settop(L, 1);
  return 1;
}

/* vs.image.text_size(text [, scale]) -> width, height */
static int lvs_image_text_size(lua_State *L) {
  size_t n;
  const char *text = check_text(L, 1, &n);
  int64_t scale = lua_isnoneornil(L, 2) ? 1 : lvs_checkint(L, 2, "scale"), w, h;
  if (scale < 1 || scale > 100) return lvs_error(L, "image.text_size: scale must be 1 to 100");
  if (vs_text_size(text, n, scale, &w, &h) != 0) return lvs_raise(L);
  lua_pushinteger(L, w);
  lua_pushinteger(L, h);
  return 2;
}

/* vs.image.draw_box(picture, x, y, {height, width} [, {color = {0, 0, 0}, frame = pixels}]):
 * filled, or only a frame of that thickness inside the box */
static int lvs_image_draw_box(lua_State *L) {
  vs_tensor *t = check_canvas(L, "image.draw_box");
  int64_t x = check_place(L, 2, "x") - 1, y = check_place(L, 3, "y") - 1, h, w;
  check_pair(L, 4, &h, &w, "image.draw_box");
  if (h < 0 || w < 0 || h > 1 << 30 || w > 1 << 30)
    return lvs_error(L, "image.draw_box: a size is negative");
  lvs_checkoptions(L, 5, "color|frame", "image.draw_box");
  vs_color c = color_option(L, 5, (vs_color){{0, 0, 0}});
  int64_t thick = lvs_optint(L, 5, "frame", 0, VS_IMAGE_MAX_SIDE, 0);
  if (thick > 0) {
    vs_draw_frame(t, x, y, w, h, thick, c);
  } else {
    vs_draw_box(t, x, y, w, h, c);
  }
  lua_settop(L, 1);
  return 1;
}

/* vs.image.paste(picture, other, x, y): other's top left at x, y */
static int lvs_image_paste(lua_State *L) {
  vs_tensor *t = check_canvas(L, "image.paste"), *src = lvs_checktensor(L, 2);
  int64_t x = check_place(L, 3, "x") - 1, y = check_place(L, 4, "y") - 1;
  if (vs_draw_check(src, "image.paste") != 0 || vs_draw_picture(t, src, x, y) != 0)
    return lvs_raise(L);
  lua_settop(L, 1);
  return 1;
}

/* --- grid --- */

typedef struct grid {
  int64_t n, columns, padding, h, w; /* h, w: of the largest picture */
  vs_color background;
  vs_tensor **t;
} grid;

static vs_tensor *make_grid(void *arg) {
  grid *g = arg;
  int64_t rows = (g->n + g->columns - 1) / g->columns, step_y = g->h + g->padding,
          step_x = g->w + g->padding;
  blank b = {
      .h = rows * step_y + g->padding, .w = g->columns * step_x + g->padding, .c = g->background};
  if (b.h > VS_IMAGE_MAX_SIDE || b.w > VS_IMAGE_MAX_SIDE) {
    return vs_fail_null("image.grid: a picture of %lld x %lld pixels; the limit is %d a side",
                        (long long)b.w, (long long)b.h, VS_IMAGE_MAX_SIDE);
  }
  vs_tensor *out = make_canvas(&b);
  for (int64_t i = 0; out && i < g->n; i++) {
    const vs_tensor *t = g->t[i];
    int64_t x = g->padding + i % g->columns * step_x, y = g->padding + i / g->columns * step_y;
    x += (g->w - t->shape[t->ndim - 1]) / 2;
    y += (g->h - t->shape[t->ndim - 2]) / 2;
    vs_draw_picture(out, t, x, y); /* cannot fail: out has three planes */
  }
  return out;
}

/* vs.image.grid(list of pictures [, {columns = ceil(sqrt(n)), padding = 2, background = white}]):
 * one picture, row by row, each in the middle of a cell as large as the largest */
static int lvs_image_grid(lua_State *L) {
  lvs_checktype(L, 1, LUA_TTABLE, "pictures");
  grid g = {.n = (int64_t)lvs_listlen(L, 1, "image.grid", "pictures"),
            .background = {{255, 255, 255}}};
  if (g.n < 1 || g.n > 1 << 20) return lvs_error(L, "image.grid: a list of pictures is expected");
  lvs_checkoptions(L, 2, "columns|padding|background", "image.grid");
  int64_t square = 1;
  while (square * square < g.n) square++;
  g.columns = lvs_optint(L, 2, "columns", 1, VS_IMAGE_MAX_SIDE, square);
  g.padding = lvs_optint(L, 2, "padding", 0, 1000, 2);
  lvs_optcolor(L, 2, "background", g.background.rgb);
  g.t = lua_newuserdatauv(L, (size_t)g.n * sizeof *g.t, 0); /* borrowed from the list */
  for (int64_t i = 0; i < g.n; i++) {
    lua_rawgeti(L, 1, i + 1);
    g.t[i] = lvs_checktensor(L, -1);
    if (vs_draw_check(g.t[i], "image.grid") != 0) return lvs_raise(L);
    g.h = VS_MAX(g.h, g.t[i]->shape[g.t[i]->ndim - 2]);
    g.w = VS_MAX(g.w, g.t[i]->shape[g.t[i]->ndim - 1]);
    lua_pop(L, 1);
  }
  return lvs_pushmade(L, make_grid, &g);
}

/* --- opener --- */

void lvs_open_image(lua_State *L) {
  static const luaL_Reg functions[] = {{"load", lvs_image_load},
                                       {"decode", lvs_image_decode},
                                       {"load_batch", lvs_image_load_batch},
                                       {"info", lvs_image_info},
                                       {"set_max_pixels", lvs_image_set_max_pixels},
                                       {"get_max_pixels", lvs_image_get_max_pixels},
                                       {"save", lvs_image_save},
                                       {"encode", lvs_image_encode},
                                       {"resize", lvs_image_resize},
                                       {"crop", lvs_image_crop},
                                       {"flip", lvs_image_flip},
                                       {"canvas", lvs_image_canvas},
                                       {"draw_text", lvs_image_draw_text},
                                       {"text_size", lvs_image_text_size},
                                       {"draw_box", lvs_image_draw_box},
                                       {"paste", lvs_image_paste},
                                       {"grid", lvs_image_grid},
                                       {NULL, NULL}};
  lvs_newclass(L, LVS_IMAGEBYTES, NULL, NULL, free_bytes);
  lvs_setfunctions(L, "image", functions);
}
