/* Cell renderers of every grid. Each builds its cell anew: cells are few (only what is on screen) and small.

   Every answer of the server refreshes all cells. A button that was pressed before and is released after it
   must still be the same one, or the browser sees no click: what looks as before stays, and only gets what
   its buttons do now.

   `whole` are the lines of the cell without anything cut, `more` what it does not show: the tooltip, as text.
   It comes where there is more, or where the width of a column cuts something. */
class Cell {
  whole = []
  more = []
  told = null

  init(params) {
    this.gui = element("div", "us-cell")
    this.refresh(params)
  }
  getGui() {
    return this.gui
  }
  refresh(params) {
    if (!params.data) return true
    const shown = this.gui
    this.gui = element("div", "us-cell")
    this.whole = []
    this.more = []
    this.draw(params)
    this.tell(params)
    const drawn = this.gui
    this.gui = shown
    if (!shown.isEqualNode(drawn)) {
      shown.className = drawn.className
      shown.replaceChildren(...drawn.childNodes)
      return true
    }
    const buttons = drawn.querySelectorAll("button")
    shown.querySelectorAll("button").forEach((button, i) => (button.onclick = buttons[i].onclick))
    return true
  }
  tell({ setTooltip }) {
    const words = [...this.whole, ...this.more].filter(Boolean).join("\n")
    if (words === this.told) return
    this.told = words
    setTooltip(words, () => words !== "" && (this.more.some(Boolean) || isCut(this.gui)))
  }
}

/* Whether the width or height of a cell keeps some of its text from being read. */
function isCut(cell) {
  const texts = cell.querySelectorAll(".us-main, .us-sub, .us-placeholder, .us-explanation, .us-sub > span")
  return [...texts].some(
    (text) => text.clientWidth > 0 &&
      (text.scrollWidth > text.clientWidth || text.scrollHeight > text.clientHeight + 2),
  )
}

/* The name of a row, marked when somebody else changed it; see `conflictHint`. */
function nameLine(data, unnamed) {
  const name = element("span", "us-main", data.name || unnamed)
  if (!data.name) name.classList.add("us-faint")
  if (data.conflict) {
    const mark = element("span", "us-conflict-mark")
    mark.append(icon("conflict"), element("span", "", labels.conflict))
    name.prepend(mark)
  }
  return name
}

function conflictHint(data) {
  return data.conflict ? labels.conflict_hint : ""
}

/* What an edited cell was, for its tooltip. */
function wasHint(value) {
  return fill(labels.was, { value: value || labels.none })
}

class SwitchCell extends Cell {
  draw({ data, node }) {
    const on = valueOf(data, "sync")
    const button = element("button", "us-switch")
    button.type = "button"
    button.tabIndex = -1
    button.setAttribute("role", "switch")
    button.setAttribute("aria-checked", String(on))
    button.setAttribute("aria-label", naming(labels.sync_of, data.name || data.code))
    button.append(element("span", "us-knob"))
    button.onclick = (event) => {
      event.stopPropagation()
      stage(node, "sync", !valueOf(data, "sync"))
    }
    this.gui.classList.add("us-sync")
    this.gui.append(button, element("span", "us-switch-word", on ? labels.on : labels.off))
    if (isDirty(data, "sync")) this.more = [wasHint(data.base_sync ? labels.on : labels.off)]
  }
}

class StateCell extends Cell {
  draw({ data }) {
    const now = element("span", `us-state us-state-${data.state}`)
    now.append(icon(data.state), element("span", "", labels[`state_${data.state}`]))
    this.gui.append(now)
    if (data.next_state) {
      const next = element("span", "us-sub us-next", "→ ")
      next.append(element("span", `us-state-${data.next_state}`, labels[`state_${data.next_state}`]))
      this.gui.append(next)
    } else if (data.since) {
      this.gui.append(element("span", "us-sub", data.since))
    }
    if (data.explanation) this.gui.append(element("span", "us-explanation", data.explanation))
    const states = [data.state, data.next_state].filter(Boolean)
    this.whole = [states.map((state) => labels[`state_${state}`]).join(" → "), data.explanation]
    this.more = data.state_hint.split("\n").filter((line) => !data.explanation.includes(line))
  }
}

class SuggestionCell extends Cell {
  draw({ data, node }) {
    if (data.suggestion_id === "" || valueOf(data, page.suggested) === data.suggestion_id) return
    this.gui.classList.add("us-suggestion")
    const use = element("button", "us-use", labels.use)
    use.type = "button"
    use.tabIndex = -1
    use.setAttribute("aria-label", naming(labels.use_for, data.suggestion_name))
    use.onclick = (event) => {
      event.stopPropagation()
      stage(node, page.suggested, Number(data.suggestion_id), data.suggestion_name)
    }
    const text = element("span", "us-suggestion-text")
    const second = element("span", "us-sub")
    const score = `${data.suggestion_score}\u202f%`
    const reason = ` · ${data.suggestion_reason}`
    second.append(element("span", "us-score", score), document.createTextNode(reason))
    text.append(element("span", "us-main", data.suggestion_name), second)
    this.gui.append(use, text)
    this.whole = [data.suggestion_name, score + reason]
  }
}
