/* The grid of product mappings: its fields, its own cells, and the editor of the product. */
const INACTIVE = 1
const NOT_BILLABLE = 2

function productOf(data) {
  const { product_id: id, identifier, description } = data
  return stagedEntry(data, "product", { id, identifier, description })
}

class SophosProductCell extends Cell {
  draw({ data }) {
    const second = element("span", "us-sub")
    second.append(element("span", "us-code", data.code))
    if (data.group) second.append(element("span", "us-group", data.group))
    if (data.firewall) second.append(element("span", "us-group", labels.firewall))
    this.gui.append(nameLine(data, labels.waiting_for_usage), second)
    const kinds = [data.code, data.group, data.firewall && labels.firewall]
    this.whole = [data.name || labels.waiting_for_usage, kinds.filter(Boolean).join(" · ")]
    this.more = [data.former, conflictHint(data)]
  }
}

class ProductCell extends Cell {
  draw({ data }) {
    const product = productOf(data)
    this.gui.classList.toggle("us-empty", product.id === "")
    if (product.id === "") {
      this.gui.append(element("span", "us-placeholder", labels.choose))
      if (data.default_product) this.gui.append(element("span", "us-sub", data.default_product))
      this.whole = [labels.choose, data.default_product]
    } else {
      this.gui.append(element("span", "us-main", product.identifier || `#${product.id}`))
      this.gui.append(element("span", "us-sub", product.description))
      this.whole = [product.identifier, product.description]
    }
    if (isDirty(data, "product")) this.more = [wasHint(data.base_product)]
  }
}

class DetailsCell extends Cell {
  draw({ data }) {
    const product = productOf(data)
    const name = data.name || data.code
    this.gui.classList.add("us-actions")
    const first =
      product.id === ""
        ? iconButton("plus", naming(labels.add_for, name), () => act("add", data))
        : iconButton("details", naming(labels.view_for, product.identifier), () =>
            act("view", data, product.id),
          )
    const history = iconButton("history", naming(labels.history_of, name), () =>
      act("history", data),
    )
    this.gui.append(first, history)
  }
}

class UsageCell extends Cell {
  draw({ data }) {
    this.gui.classList.add("us-number")
    if (data.usage_whole === "") {
      this.gui.append(element("span", "us-faint", "–"))
      this.more = [labels.no_usage]
      return
    }
    const line = element("span", "us-main")
    line.append(element("span", "", data.usage_whole), element("span", "us-fraction", data.usage_fraction))
    this.gui.append(line, element("span", "us-sub", data.usage_month))
    this.more = [data.usage_hint]
  }
}

class ProductEditor extends TypeAhead {
  field = "product"

  current(data) {
    return productOf(data).id
  }

  none(text) {
    return [{ kind: "add", text }]
  }

  refusal(text) {
    return fill(labels.refused, { text })
  }

  blocked({ flags }) {
    if (flags & INACTIVE) return labels.inactive
    return flags & NOT_BILLABLE ? labels.not_billable : ""
  }

  blockedHint(entry) {
    return fill(labels.cannot_map, { product: entry.identifier, reason: this.blocked(entry) })
  }

  drawCommand(option) {
    if (option.kind !== "add") return super.drawCommand(option)
    return [icon("plus"), element("span", "us-command", fill(labels.add_new, { text: option.text }))]
  }

  command(option, node) {
    if (option.kind === "add") act("add", node.data, option.text)
    else super.command(option, node)
  }
}

const page = {
  catalog: "products",
  fields: {
    product: { read: (data) => productOf(data).id, base: (data) => data.base_product_id },
    sync: SYNC_FIELD,
  },
  suggested: "product",
  toggles: ["sync"],
  presses: ["details", "suggestion"],
  clears: ["product"],
  components: {
    sophosProductCell: SophosProductCell,
    productCell: ProductCell,
    productEditor: ProductEditor,
    detailsCell: DetailsCell,
    usageCell: UsageCell,
  },
  values: {
    product: ({ data }) => {
      const product = productOf(data)
      return `${product.identifier} ${product.description}`.trim()
    },
    sophosProduct: ({ data }) => `${data.name} ${data.code}`,
    sophosSearch: ({ data }) => `${data.name} ${data.code} ${data.former} ${data.group}`,
  },
}
