/* The fuzzers' program: libFuzzer around one Lua state with vesper in it.
 *
 * The environment names the target (VESPER_FUZZ: spec/fuzz/<target>.lua) and a folder for its files
 * (VESPER_FUZZ_DIR).  The target is a chunk that gets the folder and returns a function; every
 * input is one call of it with the bytes.  An error that leaves it is a finding, as is what the
 * sanitizers see.  (What libhdf5 does to the child that tries a file first is not.)
 *
 * Checksums would stop most changed bytes at the door: those of PNG chunks are made right after a
 * change, and so are those of HDF5's structures that were right before it. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int luaopen_vesper_core(lua_State *L);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed);

const char *__lsan_default_suppressions(void);

/* libhdf5 loses some memory where it refuses a file. */
const char *__lsan_default_suppressions(void) { return "leak:libhdf5\n"; }

static lua_State *L;
static char folder[512];

/* --- running --- */

static void stop(const char *what) {
  fprintf(stderr, "FINDING: %s\n", what);
  fflush(stderr);
  abort();
}

static const char *variable(const char *name) {
  const char *value = getenv(name);
  if (!value || !*value) stop("VESPER_FUZZ and VESPER_FUZZ_DIR have to be set");
  return value;
}

static int with_place(lua_State *l) {
  luaL_traceback(l, l, luaL_tolstring(l, 1, NULL), 1);
  return 1;
}

static void remove_folder(void) { rmdir(folder); }

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  char path[256];
  (void)argc, (void)argv;
  snprintf(path, sizeof path, "spec/fuzz/%.100s.lua", variable("VESPER_FUZZ"));
  snprintf(folder, sizeof folder, "%.400s/%ld", variable("VESPER_FUZZ_DIR"), (long)getpid());
  if (mkdir(folder, 0777)) stop("the folder cannot be made");
  atexit(remove_folder); /* where the target left nothing in it */
  L = luaL_newstate();
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_vesper_core);
  lua_setfield(L, -2, "vesper.core");
  lua_getglobal(L, "package");
  lua_pushliteral(L, "lua/?.lua;lua/?/init.lua;./?.lua");
  lua_setfield(L, -2, "path");
  lua_settop(L, 0);
  lua_pushcfunction(L, with_place);
  if (luaL_loadfile(L, path)) stop(lua_tostring(L, -1));
  lua_pushstring(L, folder);
  if (lua_pcall(L, 1, 1, 1)) stop(lua_tostring(L, -1));
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lua_pushvalue(L, 2);
  lua_pushlstring(L, (const char *)data, size);
  if (lua_pcall(L, 1, 0, 1)) stop(lua_tostring(L, -1));
  lua_settop(L, 2);
  lua_gc(L, LUA_GCCOLLECT); /* what is lost now is lost for good */
  return 0;
}

/* --- checksums --- */

static uint32_t big32(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t little32(const uint8_t *p) {
  return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void put_big32(uint8_t *p, uint32_t v) {
  for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void put_little32(uint8_t *p, uint32_t v) {
  for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> 8 * i);
}

static uint32_t png_sum(const uint8_t *p, size_t n) {
  uint32_t c = ~0u;
  for (size_t i = 0; i < n; i++) {
    c ^= p[i];
    for (int k = 0; k < 8; k++) c = c >> 1 ^ (c & 1 ? 0xEDB88320u : 0);
  }
  return ~c;
}

static void mend_png(uint8_t *p, size_t n) {
  for (size_t at = 8; at <= n && n - at >= 12;) {
    size_t length = big32(p + at);
    if (length > n - at - 12) return;
    put_big32(p + at + 8 + length, png_sum(p + at + 4, length + 4));
    at += 12 + length;
  }
}

static uint32_t turned(uint32_t x, int k) { return x << k | x >> (32 - k); }

/* Bob Jenkins's lookup3 (public domain), as HDF5 has it: twelve bytes a round, then the rest. */
static void mix(uint32_t s[3], const uint8_t *p) {
  uint32_t a = s[0] + little32(p), b = s[1] + little32(p + 4), c = s[2] + little32(p + 8);
  a -= c, a ^= turned(c, 4), c += b;
  b -= a, b ^= turned(a, 6), a += c;
  c -= b, c ^= turned(b, 8), b += a;
  a -= c, a ^= turned(c, 16), c += b;
  b -= a, b ^= turned(a, 19), a += c;
  c -= b, c ^= turned(b, 4), b += a;
  s[0] = a, s[1] = b, s[2] = c;
}

static uint32_t finish(const uint32_t s[3], const uint8_t *p, size_t n) {
  uint8_t rest[12] = {0};
  memcpy(rest, p, n);
  uint32_t a = s[0] + little32(rest), b = s[1] + little32(rest + 4), c = s[2] + little32(rest + 8);
  if (n == 0) return s[2];
  c ^= b, c -= turned(b, 14);
  a ^= c, a -= turned(c, 11);
  b ^= a, b -= turned(a, 25);
  c ^= b, c -= turned(b, 16);
  a ^= c, a -= turned(c, 4);
  b ^= a, b -= turned(a, 14);
  c ^= b, c -= turned(b, 24);
  return c;
}

/* The start value depends on the length, so every length is summed anew. */
static uint32_t h5_sum(const uint8_t *p, size_t n) {
  uint32_t first = 0xdeadbeefu + (uint32_t)n, s[3] = {first, first, first};
  for (; n > 12; n -= 12, p += 12) mix(s, p);
  return finish(s, p, n);
}

/* A checked structure: its sum stands behind length bytes from at. */
typedef struct block {
  size_t at, length;
} block;

enum { BLOCKS = 256, LONGEST = 1024 };

static size_t find_sum(const uint8_t *p, size_t n) {
  for (size_t length = 8; length + 4 <= n && length <= LONGEST; length++) {
    if (h5_sum(p, length) == little32(p + length)) return length;
  }
  return 0;
}

static bool is_signature(const uint8_t *p) {
  static const char *const names[] = {"\x89HDF", "OHDR", "OCHK", "BTHD", "BTIN", "BTLF", "FRHP",
                                      "FHDB",    "FHIB", "FSHD", "FSSE", "FAHD", "FADB", "EAHD",
                                      "EAIB",    "EASB", "EADB", "SMTB", "SMLI"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (memcmp(p, names[i], 4) == 0) return true;
  }
  return false;
}

static int find_blocks(const uint8_t *p, size_t n, block *b) {
  int count = 0;
  for (size_t at = 0; at + 12 <= n && count < BLOCKS; at++) {
    if (!is_signature(p + at)) continue;
    b[count].at = at;
    b[count].length = find_sum(p + at, n - at);
    count += b[count].length > 0;
  }
  return count;
}

/* --- changing --- */

static uint64_t state;

static size_t any_below(size_t n) {
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return (size_t)(state >> 11) % n;
}

/* One to four fields of 1, 2, 4 or 8 bytes, where they are: what HDF5 holds is found by address. */
static void change_fields(uint8_t *p, size_t n) {
  static const uint64_t values[] = {0,
                                    1,
                                    2,
                                    3,
                                    7,
                                    8,
                                    16,
                                    64,
                                    127,
                                    128,
                                    255,
                                    256,
                                    0x7fff,
                                    0xffff,
                                    0x7fffffff,
                                    0xffffffff,
                                    1u << 30,
                                    ~UINT64_C(0),
                                    ~UINT64_C(0) >> 1};
  for (size_t left = 1 + any_below(4); left > 0; left--) {
    size_t width = (size_t)1 << any_below(4), at = any_below(n);
    uint64_t old = 0, fresh;
    if (width > n - at) width = n - at;
    memcpy(&old, p + at, width);
    switch (any_below(5)) {
      case 0: fresh = old ^ UINT64_C(1) << any_below(8 * width); break;
      case 1: fresh = old + 1 + any_below(8); break;
      case 2: fresh = old - 1 - any_below(8); break;
      case 3: fresh = values[any_below(sizeof values / sizeof *values)]; break;
      default: memcpy(&fresh, p + any_below(n > 8 ? n - 8 : 1), n < 8 ? n : 8);
    }
    memcpy(p + at, &fresh, width);
  }
}

static size_t change_h5(uint8_t *p, size_t n, size_t room) {
  block b[BLOCKS];
  int count = find_blocks(p, n, b);
  if (any_below(16) == 0) return LLVMFuzzerMutate(p, n, room);
  if (count > 0 && any_below(4) > 0) {
    block one = b[any_below((size_t)count)];
    change_fields(p + one.at, one.length);
  } else {
    change_fields(p, n);
  }
  for (int i = 0; i < count; i++)
    put_little32(p + b[i].at + b[i].length, h5_sum(p + b[i].at, b[i].length));
  return n;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed) {
  state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
  if (size >= 512 && memcmp(data, "\x89HDF\r\n\x1a\n", 8) == 0) return change_h5(data, size, room);
  size = LLVMFuzzerMutate(data, size, room);
  if (size >= 8 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0 && any_below(8) > 0)
    mend_png(data, size);
  return size;
}
