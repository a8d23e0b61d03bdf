/* Numbered strings.  See strmap.h. */
#include "core/strmap.h"

#include <string.h>

#include "core/grow.h"
#include "core/mem.h"

static uint32_t hash_of(const char *s, size_t len) {
  uint64_t h = 0x9E3779B97F4A7C15u ^ len;
  for (; len >= 8; s += 8, len -= 8) {
    uint64_t w;
    memcpy(&w, s, 8);
    h = (h ^ w) * 0xFF51AFD7ED558CCDu;
    h ^= h >> 32;
  }
  uint64_t tail = 0;
  memcpy(&tail, s, len);
  h = (h ^ tail) * 0xC4CEB9FE1A85EC53u;
  return (uint32_t)(h ^ (h >> 29) ^ (h >> 47));
}

void vs_strmap_free(vs_strmap *m) {
  free(m->pool);
  free(m->item);
  free(m->slot);
  memset(m, 0, sizeof *m);
}

/* The slot where the string is, or the empty one where it would go. */
static size_t slot_of(const vs_strmap *m, const char *s, size_t len, uint32_t hash) {
  size_t at = hash & (m->nslot - 1);
  for (; m->slot[at]; at = (at + 1) & (m->nslot - 1)) {
    const vs_stritem *i = &m->item[m->slot[at] - 1];
    if (i->hash == hash && i->len == len && memcmp(m->pool + i->at, s, len) == 0) break;
  }
  return at;
}

static int rehash(vs_strmap *m, size_t nslot) {
  uint32_t *slot = vs_new0(nslot * sizeof *slot);
  if (!slot) return -1;
  for (int64_t i = 0; i < m->n; i++) {
    size_t at = m->item[i].hash & (nslot - 1);
    while (slot[at]) at = (at + 1) & (nslot - 1);
    slot[at] = (uint32_t)i + 1;
  }
  free(m->slot);
  m->slot = slot;
  m->nslot = nslot;
  return 0;
}

int64_t vs_strmap_add(vs_strmap *m, const char *s, size_t len, bool *fresh) {
  uint32_t hash = hash_of(s, len);
  if ((size_t)m->n * 2 >= m->nslot && rehash(m, VS_MAX(m->nslot * 2, (size_t)64)) != 0) return -1;
  size_t at = slot_of(m, s, len, hash);
  if (fresh) *fresh = m->slot[at] == 0;
  if (m->slot[at]) return (int64_t)m->slot[at] - 1;
  if (len >= UINT32_MAX || m->n >= INT32_MAX) return vs_fail("too many or too long words");
  if (vs_grow(&m->pool, &m->pool_room, m->used + len + 1) != 0) return -1;
  if (vs_grow(&m->item, &m->item_room, (size_t)m->n + 1) != 0) return -1;
  m->item[m->n] = (vs_stritem){m->used, (uint32_t)len, hash};
  memcpy(m->pool + m->used, s, len);
  m->pool[m->used + len] = '\0';
  m->used += len + 1;
  m->slot[at] = (uint32_t)++m->n;
  return m->n - 1;
}

int64_t vs_strmap_find(const vs_strmap *m, const char *s, size_t len) {
  if (m->n == 0) return -1;
  return (int64_t)m->slot[slot_of(m, s, len, hash_of(s, len))] - 1;
}

const char *vs_strmap_by_id(const vs_strmap *m, int64_t id, size_t *len) {
  if (id >= 1 && id <= m->n) return vs_strmap_get(m, id - 1, len);
  return vs_fail_null("id %lld is not in 1..%lld", (long long)id, (long long)m->n);
}

const char *vs_strmap_get(const vs_strmap *m, int64_t id, size_t *len) {
  if (len) *len = m->item[id].len;
  return m->pool + m->item[id].at;
}
