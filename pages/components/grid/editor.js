/* The type-ahead: a combobox with its list, as the cell's popup editor. It never writes a value
   into the grid itself; choosing stages an edit and closes the editor.

   What is searched and what may be chosen is the business of those that extend it. Options are
   `{kind: "entry", entry, note}`, `{kind: "remove"}`, and whatever kinds `none` gives. */
const SHOWN = 50

class TypeAhead {
  /* The field that a choice stages. */
  field = ""

  /* The words for this field: labels that begin so. */
  words(name) {
    return labels[name]
  }

  /* The entries that match what was typed, as `{total, entries}`; null while they are loading. */
  find(text) {
    const index = search()
    return index && index.find(text, SHOWN)
  }

  /* An entry by its ID, for the suggestion. */
  entry(id) {
    return search() && search().entry(id)
  }

  /* The ID that the row has now. */
  current(data) {
    return valueOf(data, this.field)
  }

  /* What is offered where nothing matches. */
  none() {
    return []
  }

  /* Said when text that matches nothing is entered. */
  refusal(text) {
    return fill(this.words("no_match"), { text })
  }

  /* What stands at the right of an entry. */
  aside(entry) {
    return entry.category
  }

  /* Why an entry cannot be chosen, "" when it can; and how that is said when it is tried. */
  blocked() {
    return ""
  }
  blockedHint(entry) {
    return this.blocked(entry)
  }

  /* What an option of another kind than an entry looks like, and what choosing it does. */
  drawCommand() {
    return [element("span", "us-command", this.words("remove"))]
  }
  command(_option, node) {
    stage(node, this.field, null)
  }

  isTooShort(text) {
    return isTooShort(normalise(text))
  }

  init(params) {
    this.params = params
    this.options = []
    this.active = -1
    this.gui = element("div", "us-editor")
    this.input = this.buildInput(params)
    this.hint = element("div", "us-hint")
    this.hint.setAttribute("role", "status")
    this.list = element("ul", "us-list")
    this.list.id = "us-choices"
    this.list.setAttribute("role", "listbox")
    this.list.setAttribute("aria-label", this.words("choices"))
    this.gui.append(this.input, this.hint, this.list)
    this.gui.style.width = `${Math.min(520, window.innerWidth - 24)}px`
    this.onCatalog = () => this.update()
    window.parent.addEventListener("usage-sync-catalog", this.onCatalog)
    this.update()
  }

  buildInput(params) {
    const input = element("input", "us-query")
    const key = params.eventKey
    input.type = "text"
    input.value = key && key.length === 1 ? key : ""
    input.placeholder = this.words("search_hint")
    input.autocomplete = "off"
    input.spellcheck = false
    const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "true" }
    for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value)
    input.setAttribute("aria-controls", "us-choices")
    input.setAttribute("aria-label", naming(this.words("choice_for"), params.data.name))
    input.addEventListener("input", () => this.update())
    input.addEventListener("keydown", (event) => this.onKey(event))
    return input
  }

  getGui() {
    return this.gui
  }
  afterGuiAttached() {
    this.input.focus()
  }
  isPopup() {
    return true
  }
  getPopupPosition() {
    return "over"
  }
  getValue() {
    return this.params.value
  }
  isCancelAfterEnd() {
    return true
  }
  destroy() {
    window.parent.removeEventListener("usage-sync-catalog", this.onCatalog)
  }

  update() {
    this.input.removeAttribute("aria-invalid")
    const text = this.input.value.trim()
    this.text = text
    this.options = this.isTooShort(text) ? this.starters(text) : this.matches(text)
    this.draw(text === "" ? -1 : 0)
  }

  starters(text) {
    const { data } = this.params
    const options = []
    this.hint.textContent = this.words(text === "" ? "type_two" : "type_more")
    if (text !== "") return options
    if (data.suggestion_id !== "" && data.suggestion_id !== this.current(data)) {
      const entry = this.entry(data.suggestion_id) || {
        id: Number(data.suggestion_id), identifier: data.suggestion_name, description: "", flags: 0,
      }
      options.push({ kind: "entry", entry, note: labels.suggested })
    }
    if (this.current(data) !== "") options.push({ kind: "remove" })
    return options
  }

  matches(text) {
    const found = this.find(text)
    if (!found) {
      this.hint.textContent = this.words("catalog_loading")
      return []
    }
    const { total, entries } = found
    if (total === 0) {
      this.hint.textContent = fill(this.words("no_match"), { text })
      return this.none(text)
    }
    this.hint.textContent =
      total > SHOWN
        ? fill(this.words("first_of"), { shown: SHOWN, total })
        : fill(this.words("found"), { total })
    return entries.map((entry) => ({ kind: "entry", entry }))
  }

  draw(active) {
    this.list.replaceChildren(...this.options.map((option, i) => this.drawOption(option, i)))
    const usable = this.options.findIndex((option) => this.isChoice(option))
    this.setActive(active < 0 ? -1 : usable)
  }

  isChoice(option) {
    return option.kind === "entry" && !this.blocked(option.entry)
  }

  drawOption(option, i) {
    const item = element("li", "us-option")
    item.id = `us-option-${i}`
    item.setAttribute("role", "option")
    if (option.kind === "entry") this.drawEntry(item, option)
    else item.append(...this.drawCommand(option))
    item.addEventListener("mousedown", (event) => {
      event.preventDefault()
      this.choose(i)
    })
    return item
  }

  drawEntry(item, { entry, note }) {
    const first = element("span", "us-option-line")
    first.append(element("span", "us-main", entry.identifier))
    const blocked = this.blocked(entry)
    if (blocked) item.setAttribute("aria-disabled", "true")
    const right = blocked || note || this.aside(entry) || ""
    first.append(element("span", blocked ? "us-blocked" : "us-category", right))
    item.append(first, element("span", "us-sub", entry.description))
    item.title = `${entry.identifier}\n${entry.description}`
  }

  setActive(i) {
    this.active = i
    const items = this.list.children
    for (let k = 0; k < items.length; k++) items[k].setAttribute("aria-selected", String(k === i))
    if (i < 0 || !items[i]) {
      this.input.removeAttribute("aria-activedescendant")
      return
    }
    this.input.setAttribute("aria-activedescendant", items[i].id)
    items[i].scrollIntoView({ block: "nearest" })
  }

  move(by) {
    const count = this.options.length
    if (count === 0) return
    const from = this.active < 0 ? (by > 0 ? -1 : 0) : this.active
    this.setActive(Math.abs(by) === 1 ? (from + by + count) % count : clamp(from + by, count))
  }

  onKey(event) {
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 6, PageUp: -6 }
    event.stopPropagation()
    if (event.isComposing) return
    if (event.key in moves) this.move(moves[event.key])
    else if (event.key === "Enter") this.enter()
    else if (event.key === "Tab") this.tab(event.shiftKey)
    else if (event.key === "Escape") this.close()
    else return
    event.preventDefault()
  }

  enter() {
    if (this.active >= 0) this.choose(this.active)
    else if (this.text === "") this.close()
    else this.refuse()
  }

  tab(back) {
    const unresolved = this.text !== "" && this.active < 0
    if (unresolved) {
      this.refuse()
      return
    }
    if (this.active >= 0 && !this.choose(this.active)) return
    if (this.active < 0) this.close()
    if (back) gridApi.tabToPreviousCell()
    else gridApi.tabToNextCell()
  }

  refuse() {
    this.input.setAttribute("aria-invalid", "true")
    if (!this.options.some((option) => this.isChoice(option)) && !this.isTooShort(this.text)) {
      this.hint.textContent = this.refusal(this.text)
    }
  }

  choose(i) {
    const option = this.options[i]
    const blocked = option.kind === "entry" ? this.blocked(option.entry) : ""
    if (blocked) {
      this.input.setAttribute("aria-invalid", "true")
      this.hint.textContent = this.blockedHint(option.entry)
      return false
    }
    const { node } = this.params
    this.close()
    if (option.kind === "entry") stage(node, this.field, option.entry.id, option.entry.identifier)
    else this.command(option, node)
    return true
  }

  close() {
    const { rowIndex, column } = this.params
    this.params.api.stopEditing(true)
    this.params.api.setFocusedCell(rowIndex, column)
  }
}

function clamp(i, count) {
  return Math.max(0, Math.min(count - 1, i))
}
