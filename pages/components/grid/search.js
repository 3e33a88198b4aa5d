/* The type-ahead search over a catalog: products, or companies by name. The rule is that of core/domain/product_search.py, and a
   browser test compares the two. */
const SPELLED_OUT = {
  ß: "ss", æ: "ae", œ: "oe", ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", ı: "i", ς: "σ",
}
const MIN_QUERY = 2

function normalise(text) {
  let plain = String(text ?? "").toLowerCase()
  if (!/^[\x00-\x7f]*$/.test(plain)) {
    plain = plain.normalize("NFKD").replace(/\p{M}+/gu, "").toLowerCase()
    plain = plain.replace(/[ßæœøłđðþıς]/g, (letter) => SPELLED_OUT[letter])
  }
  return plain.replace(/\s+/g, " ").trim()
}

const spaced = (normalised) => normalised.replace(/[^\p{L}\p{N}]/gu, " ")

/* Counted in characters, not in the browser's 16-bit units. */
const isTooShort = (normalised) => [...normalised].length < MIN_QUERY

class CatalogSearch {
  constructor(catalog) {
    this.catalog = catalog
    this.version = catalog.version
    this.positions = new Map(catalog.ids.map((id, i) => [id, i]))
    this.items = catalog.ids.map((id, i) => this.prepare(id, i))
    this.items.sort(
      (a, b) =>
        a.last - b.last ||
        (a.identifier < b.identifier ? -1 : a.identifier > b.identifier ? 1 : a.id - b.id),
    )
  }

  prepare(id, i) {
    const identifier = normalise(this.catalog.identifiers[i])
    /* The line break keeps a word from matching across the two. */
    const text = `${identifier}\n${normalise(this.catalog.descriptions[i])}`
    const last = this.catalog.flags[i] !== 0
    return { i, id, identifier, text, words: ` ${spaced(text)}`, last }
  }

  entry(id) {
    const i = this.positions.get(Number(id))
    return i === undefined ? null : this.at(i)
  }

  at(i) {
    const c = this.catalog
    return {
      id: c.ids[i],
      identifier: c.identifiers[i],
      description: c.descriptions[i],
      category: c.category_names[c.categories[i]],
      flags: c.flags[i],
    }
  }

  find(text, limit) {
    const query = normalise(text)
    if (isTooShort(query)) return { total: 0, entries: [] }
    const words = query.split(" ")
    const trimmed = words.map((word) => spaced(word).trim())
    const starts = trimmed.every(Boolean) ? trimmed.map((word) => ` ${word}`) : null
    const ranks = [[], [], [], [], [], [], [], []]
    for (const item of this.items) {
      if (!words.every((word) => item.text.includes(word))) continue
      ranks[rank(item, query, starts) + (item.last ? 4 : 0)].push(item.i)
    }
    const found = ranks.flat()
    return { total: found.length, entries: found.slice(0, limit).map((i) => this.at(i)) }
  }
}

function rank(item, query, starts) {
  if (item.identifier === query) return 0
  if (item.identifier.startsWith(query)) return 1
  return starts && starts.every((start) => item.words.includes(start)) ? 2 : 3
}
