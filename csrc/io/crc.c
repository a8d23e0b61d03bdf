/* Checksums by table, eight bytes at a time.  See crc.h. */
#include "io/crc.h"

#include <pthread.h>

/* table[k][b]: what byte b does to the sum when k bytes follow it. */
typedef uint32_t tables[8][256];

static tables crc32_tables, crc32c_tables;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The polynomial's bits are reversed. */
static void fill(tables t, uint32_t polynomial) {
  for (uint32_t i = 0; i < 256; i++) {
    t[0][i] = i;
    for (int k = 0; k < 8; k++) t[0][i] = t[0][i] >> 1 ^ (t[0][i] & 1 ? polynomial : 0);
  }
  for (int k = 1; k < 8; k++)
    for (int i = 0; i < 256; i++) t[k][i] = t[k - 1][i] >> 8 ^ t[0][t[k - 1][i] & 255];
}

static void fill_all(void) {
  fill(crc32_tables, 0xEDB88320u);
  fill(crc32c_tables, 0x82F63B78u);
}

static uint32_t little_endian(const uint8_t *p) {
  return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static uint32_t sum(tables t, const uint8_t *p, size_t n) {
  pthread_once(&once, fill_all);
  uint32_t c = ~0u;
  for (; n >= 8; n -= 8, p += 8) {
    uint32_t a = c ^ little_endian(p), b = little_endian(p + 4);
    c = t[7][a & 255] ^ t[6][a >> 8 & 255] ^ t[5][a >> 16 & 255] ^ t[4][a >> 24] ^ t[3][b & 255] ^
        t[2][b >> 8 & 255] ^ t[1][b >> 16 & 255] ^ t[0][b >> 24];
  }
  for (; n > 0; n--, p++) c = c >> 8 ^ t[0][(c ^ *p) & 255];
  return ~c;
}

uint32_t vs_crc32(const void *bytes, size_t n) { return sum(crc32_tables, bytes, n); }

uint32_t vs_crc32c(const void *bytes, size_t n) { return sum(crc32c_tables, bytes, n); }
