/* WordPiece models in tokenizer.json.  See wordpiece_json.h. */
#include "text/wordpiece_json.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/mem.h"
#include "io/json.h"

/* {"piece": id, ...} with ids 0 .. n - 1 in any order: the pieces go into w by id. */
static int add_members(vs_wordpiece *w, const char *path, const vs_json *vocab) {
  size_t n = vs_json_count(vocab), len;
  const char **piece = vs_new0((n + 1) * sizeof *piece);
  int rc = -1;
  if (!piece) return -1;
  for (void *it = vs_json_first(vocab); it; it = vs_json_next(vocab, it)) {
    const vs_json *v = vs_json_value(it);
    int64_t id = vs_json_kind(v) == VS_JSON_INT ? vs_json_int(v) : -1;
    const char *key = vs_json_key(it, &len);
    if (id < 0 || id >= (int64_t)n || piece[id] || strlen(key) != len) {
      vs_fail_file(path, "the id of \"%.60s\" is not in 0..%zu or is used twice", key, n - 1);
      goto done;
    }
    piece[id] = key;
  }
  for (size_t i = 0; i < n; i++)
    if (vs_strmap_add(&w->map, piece[i], strlen(piece[i]), NULL) < 0) goto done;
  rc = 0;
done:
  free(piece);
  return rc;
}

/* --- settings --- */

static bool is_text(const vs_json *v, const char *text) {
  size_t n;
  if (!v || vs_json_kind(v) != VS_JSON_STRING) return false;
  const char *s = vs_json_string(v, &n);
  return n == strlen(text) && memcmp(s, text, n) == 0;
}

static bool is_kind(const vs_json *v, vs_jsonkind kind) { return v && vs_json_kind(v) == kind; }

/* A part that is there is an object, whose members, where they are there, are those of BERT. */
static int check_members(const vs_json *root, const char *path) {
  static const struct {
    const char *part, *name, *text;
    int64_t number; /* -1: text; else true (1) or a count */
  } known[] = {{"normalizer", "type", "BertNormalizer", -1},
               {"normalizer", "clean_text", NULL, 1},
               {"normalizer", "handle_chinese_chars", NULL, 1},
               {"pre_tokenizer", "type", "BertPreTokenizer", -1},
               {"model", "unk_token", "[UNK]", -1},
               {"model", "continuing_subword_prefix", "##", -1},
               {"model", "max_input_chars_per_word", NULL, VS_WORDPIECE_MAX_WORD}};
  for (int i = 0; i < VS_COUNT(known); i++) {
    const vs_json *part = vs_json_get(root, known[i].part);
    if (!part) continue;
    if (!is_kind(part, VS_JSON_OBJECT))
      return vs_fail_file(path, "%s is not supported unless it is an object, as in BERT's files",
                          known[i].part);
    const vs_json *v = vs_json_get(part, known[i].name);
    if (!v) continue;
    bool same = known[i].text              ? is_text(v, known[i].text)
                : is_kind(v, VS_JSON_BOOL) ? vs_json_bool(v) && known[i].number == 1
                                           : is_kind(v, VS_JSON_INT) && known[i].number > 1 &&
                                                 vs_json_int(v) == known[i].number;
    if (!same)
      return vs_fail_file(path, "%s.%s is not supported unless it is %s", known[i].part,
                          known[i].name,
                          known[i].text          ? known[i].text
                          : known[i].number == 1 ? "true"
                                                 : "100");
  }
  return 0;
}

/* A boolean of the normalizer into *out, which stays where there is none or null. */
static int read_switch(const vs_json *normalizer, const char *name, bool *out, const char *path) {
  const vs_json *v = normalizer ? vs_json_get(normalizer, name) : NULL;
  if (!v || vs_json_kind(v) == VS_JSON_NULL) return 0;
  if (vs_json_kind(v) != VS_JSON_BOOL)
    return vs_fail_file(path, "normalizer.%s is not true, false or null", name);
  *out = vs_json_bool(v);
  return 0;
}

static const char *const specials[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

/* Added tokens are BERT's special ones, with the ids that the vocabulary gives them. */
static int check_added(const vs_wordpiece *w, const vs_json *list, const char *path) {
  static const char *const flags[] = {"single_word", "lstrip", "rstrip"};
  if (!list || vs_json_kind(list) == VS_JSON_NULL) return 0;
  if (vs_json_kind(list) != VS_JSON_ARRAY) return vs_fail_file(path, "added_tokens is not a list");
  for (size_t i = 0; i < vs_json_count(list); i++) {
    const vs_json *token = vs_json_at(list, i);
    const vs_json *content = vs_json_get(token, "content"), *id = vs_json_get(token, "id");
    const char *known = NULL;
    for (int k = 0; k < VS_COUNT(specials); k++)
      if (is_text(content, specials[k])) known = specials[k];
    if (!known)
      return vs_fail_file(path,
                          "added_tokens: '%.60s' is not supported, only BERT's special tokens are",
                          is_kind(content, VS_JSON_STRING) ? vs_json_string(content, NULL)
                                                           : "an entry without content");
    if (id && (!is_kind(id, VS_JSON_INT) ||
               vs_json_int(id) + 1 != vs_wordpiece_id(w, known, strlen(known))))
      return vs_fail_file(path, "added_tokens: the id of %s is not that of the vocabulary", known);
    for (int k = 0; k < VS_COUNT(flags); k++) {
      const vs_json *flag = vs_json_get(token, flags[k]);
      if (flag && !(is_kind(flag, VS_JSON_BOOL) && !vs_json_bool(flag)))
        return vs_fail_file(path, "added_tokens: %s of %s is not supported unless it is false",
                            flags[k], known);
    }
  }
  return 0;
}

/* Whether a template is [CLS] A [SEP]. */
static bool is_template(const vs_json *list) {
  if (!is_kind(list, VS_JSON_ARRAY) || vs_json_count(list) != 3) return false;
  for (size_t i = 0; i < 3; i++) {
    const vs_json *item = vs_json_at(list, i);
    const vs_json *what = vs_json_get(item, i == 1 ? "Sequence" : "SpecialToken");
    if (!what || !is_text(vs_json_get(what, "id"), i == 0 ? "[CLS]" : i == 1 ? "A" : "[SEP]"))
      return false;
  }
  return true;
}

static int check_frame(const vs_json *root, const char *path) {
  const vs_json *p = vs_json_get(root, "post_processor");
  if (!p) return 0;
  const vs_json *type = vs_json_get(p, "type");
  if (is_text(type, "TemplateProcessing") && is_template(vs_json_get(p, "single"))) return 0;
  if (is_text(type, "BertProcessing")) {
    const vs_json *cls = vs_json_get(p, "cls"), *sep = vs_json_get(p, "sep");
    if (is_kind(cls, VS_JSON_ARRAY) && is_kind(sep, VS_JSON_ARRAY) && vs_json_count(cls) > 0 &&
        vs_json_count(sep) > 0 && is_text(vs_json_at(cls, 0), "[CLS]") &&
        is_text(vs_json_at(sep, 0), "[SEP]"))
      return 0;
  }
  return vs_fail_file(path, "post_processor is not supported unless it makes [CLS] text [SEP]");
}

/* Of a root that is an object. */
static int read_root(vs_wordpiece *w, const vs_json *root, const char *path) {
  const vs_json *model = vs_json_get(root, "model"), *normalizer = vs_json_get(root, "normalizer");
  const vs_json *type = model ? vs_json_get(model, "type") : NULL;
  const vs_json *vocab = model ? vs_json_get(model, "vocab") : NULL;
  if (!is_kind(vocab, VS_JSON_OBJECT)) return vs_fail_file(path, "it has no object model.vocab");
  if (type && !is_text(type, "WordPiece"))
    return vs_fail_file(path, "model.type is not \"WordPiece\"");
  if (check_members(root, path) || check_frame(root, path) || add_members(w, path, vocab))
    return -1;
  if (check_added(w, vs_json_get(root, "added_tokens"), path)) return -1;
  if (read_switch(normalizer, "lowercase", &w->lowercase, path)) return -1;
  w->strip = w->lowercase;
  return read_switch(normalizer, "strip_accents", &w->strip, path);
}

int vs_wordpiece_read_json(vs_wordpiece *w, const char *path) {
  vs_json *root = vs_json_read(path);
  int rc = root ? read_root(w, root, path) : -1;
  vs_json_free(root);
  return rc;
}
