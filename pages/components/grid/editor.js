/* The product type-ahead: a combobox with its list, as the cell's popup editor. It never writes a
   value into the grid itself; choosing stages an edit and closes the editor. */
const SHOWN = 50

class ProductEditor {
  init(params) {
    this.params = params
    this.options = []
    this.active = -1
    this.gui = element("div", "us-editor")
    this.input = this.buildInput(params)
    this.hint = element("div", "us-hint")
    this.hint.setAttribute("role", "status")
    this.list = element("ul", "us-list")
    this.list.id = "us-products"
    this.list.setAttribute("role", "listbox")
    this.list.setAttribute("aria-label", labels.products)
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
    input.placeholder = labels.search_hint
    input.autocomplete = "off"
    input.spellcheck = false
    const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "true" }
    for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value)
    input.setAttribute("aria-controls", "us-products")
    input.setAttribute("aria-label", fill(labels.product_for, { product: params.data.name }))
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
    this.options = isTooShort(normalise(text)) ? this.starters(text) : this.matches(text)
    this.draw(text === "" ? -1 : 0)
  }

  starters(text) {
    const { data } = this.params
    const options = []
    this.hint.textContent = text === "" ? labels.type_two : labels.type_more
    if (text !== "") return options
    if (data.suggestion_id !== "" && data.suggestion_id !== productOf(data).id) {
      const entry = (search() && search().entry(data.suggestion_id)) || {
        id: Number(data.suggestion_id), identifier: data.suggestion_identifier, description: "",
      }
      options.push({ kind: "product", entry, note: labels.suggested })
    }
    if (productOf(data).id !== "") options.push({ kind: "remove" })
    return options
  }

  matches(text) {
    const index = search()
    if (!index) {
      this.hint.textContent = labels.catalog_loading
      return []
    }
    const { total, entries } = index.find(text, SHOWN)
    if (total === 0) {
      this.hint.textContent = fill(labels.no_match, { text })
      return [{ kind: "add", text }]
    }
    this.hint.textContent =
      total > SHOWN ? fill(labels.first_of, { shown: SHOWN, total }) : fill(labels.found, { total })
    return entries.map((entry) => ({ kind: "product", entry }))
  }

  draw(active) {
    this.list.replaceChildren(...this.options.map((option, i) => this.drawOption(option, i)))
    const usable = this.options.findIndex((option) => !this.blocked(option))
    const refused = this.options.length === 1 && this.options[0].kind === "add"
    this.setActive(active < 0 || refused ? -1 : usable)
  }

  drawOption(option, i) {
    const item = element("li", "us-option")
    item.id = `us-option-${i}`
    item.setAttribute("role", "option")
    if (option.kind === "product") this.drawProduct(item, option)
    else item.append(...this.drawCommand(option))
    item.addEventListener("mousedown", (event) => {
      event.preventDefault()
      this.choose(i)
    })
    return item
  }

  drawProduct(item, { entry, note }) {
    const first = element("span", "us-option-line")
    first.append(element("span", "us-main", entry.identifier))
    const blocked = this.blocked({ kind: "product", entry })
    if (blocked) item.setAttribute("aria-disabled", "true")
    const right = blocked || note || entry.category || ""
    first.append(element("span", blocked ? "us-blocked" : "us-category", right))
    item.append(first, element("span", "us-sub", entry.description))
    item.title = `${entry.identifier}\n${entry.description}`
  }

  drawCommand(option) {
    if (option.kind === "remove") return [element("span", "us-command", labels.remove_mapping)]
    return [icon("plus"), element("span", "us-command", fill(labels.add_new, { text: option.text }))]
  }

  blocked(option) {
    if (option.kind !== "product") return ""
    if (option.entry.inactive) return labels.inactive
    return option.entry.notBillable ? labels.not_billable : ""
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
    if (this.options.length && this.options[0].kind === "add") {
      this.hint.textContent = fill(labels.refused, { text: this.text })
    }
  }

  choose(i) {
    const option = this.options[i]
    const blocked = this.blocked(option)
    if (blocked) {
      this.input.setAttribute("aria-invalid", "true")
      this.hint.textContent = fill(labels.cannot_map, { product: option.entry.identifier, reason: blocked })
      return false
    }
    const { node } = this.params
    this.close()
    if (option.kind === "add") act("add", node.data, option.text)
    else if (option.kind === "remove") stage(node, "product", null)
    else stage(node, "product", option.entry.id, option.entry.identifier)
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
