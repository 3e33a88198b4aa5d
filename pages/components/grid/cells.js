/* Cell renderers. Each builds its cell anew: cells are few (only what is on screen) and small. */
class Cell {
  init(params) {
    this.gui = element("div", "us-cell")
    this.refresh(params)
  }
  getGui() {
    return this.gui
  }
  refresh(params) {
    if (!params.data) return true
    this.gui.replaceChildren()
    this.draw(params)
    return true
  }
}

class SophosProductCell extends Cell {
  draw({ data }) {
    const name = element("span", "us-main", data.name || labels.waiting_for_usage)
    if (!data.name) name.classList.add("us-faint")
    if (data.conflict) {
      const mark = element("span", "us-conflict-mark")
      mark.title = labels.conflict_hint
      mark.append(icon("conflict"), element("span", "", labels.conflict))
      name.prepend(mark)
    }
    const second = element("span", "us-sub")
    second.append(element("span", "us-code", data.code))
    if (data.group) second.append(element("span", "us-group", data.group))
    if (data.firewall) second.append(element("span", "us-group", labels.firewall))
    this.gui.append(name, second)
    this.gui.title = data.former ? `${data.name}\n${data.former}` : data.name
  }
}

class ProductCell extends Cell {
  draw({ data }) {
    const product = productOf(data)
    this.gui.classList.toggle("us-empty", product.id === "")
    if (product.id === "") {
      this.gui.append(element("span", "us-placeholder", labels.choose))
      if (data.default_product) this.gui.append(element("span", "us-sub", data.default_product))
    } else {
      this.gui.append(element("span", "us-main", product.identifier || `#${product.id}`))
      this.gui.append(element("span", "us-sub", product.description))
    }
    const dirty = isDirty(data, "product")
    const was = fill(labels.was, { value: data.base_product || labels.none })
    this.gui.title = dirty ? was : product.description
  }
}

class DetailsCell extends Cell {
  draw({ data }) {
    const product = productOf(data)
    const name = data.name || data.code
    this.gui.classList.add("us-actions")
    const first =
      product.id === ""
        ? iconButton("plus", fill(labels.add_for, { product: name }), () => act("add", data))
        : iconButton("details", fill(labels.view_for, { product: product.identifier }), () =>
            act("view", data, product.id),
          )
    const history = iconButton("history", fill(labels.history_of, { product: name }), () =>
      act("history", data),
    )
    this.gui.append(first, history)
  }
}

class SyncCell extends Cell {
  draw({ data, node }) {
    const on = syncOf(data)
    const button = element("button", "us-switch")
    button.type = "button"
    button.tabIndex = -1
    button.setAttribute("role", "switch")
    button.setAttribute("aria-checked", String(on))
    button.setAttribute("aria-label", fill(labels.sync_of, { product: data.name || data.code }))
    button.append(element("span", "us-knob"))
    button.addEventListener("click", (event) => {
      event.stopPropagation()
      stage(node, "sync", !syncOf(data))
    })
    this.gui.classList.add("us-sync")
    this.gui.append(button, element("span", "us-switch-word", on ? labels.on : labels.off))
    this.gui.title = isDirty(data, "sync")
      ? fill(labels.was, { value: data.base_sync ? labels.on : labels.off })
      : ""
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
    this.gui.title = data.state_hint
  }
}

class UsageCell extends Cell {
  draw({ data }) {
    this.gui.classList.add("us-number")
    if (data.usage_whole === "") {
      this.gui.append(element("span", "us-faint", "–"))
      this.gui.title = labels.no_usage
      return
    }
    const line = element("span", "us-main")
    line.append(element("span", "", data.usage_whole), element("span", "us-fraction", data.usage_fraction))
    this.gui.append(line, element("span", "us-sub", data.usage_month))
    this.gui.title = data.usage_hint
  }
}

class SuggestionCell extends Cell {
  draw({ data, node }) {
    if (data.suggestion_id === "" || productOf(data).id === data.suggestion_id) return
    this.gui.classList.add("us-suggestion")
    const use = element("button", "us-use", labels.use)
    use.type = "button"
    use.tabIndex = -1
    use.title = data.suggestion_reason
    use.setAttribute("aria-label", fill(labels.use_for, { product: data.suggestion_identifier }))
    use.addEventListener("click", (event) => {
      event.stopPropagation()
      stage(node, "product", Number(data.suggestion_id), data.suggestion_identifier)
    })
    const text = element("span", "us-suggestion-text")
    const second = element("span", "us-sub")
    second.append(
      element("span", "us-score", `${data.suggestion_score}\u202f%`),
      document.createTextNode(` · ${data.suggestion_reason}`),
    )
    text.append(element("span", "us-main", data.suggestion_identifier), second)
    this.gui.append(use, text)
    this.gui.title = `${data.suggestion_identifier}\n${data.suggestion_reason}`
  }
}
