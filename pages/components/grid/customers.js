/* The grid of customers: its fields, its own cells, and the editors of company and agreement. */
const NO_AGREEMENT = 1

function companyOf(data) {
  const own = { id: data.company_id, identifier: data.company, description: data.company_code }
  return stagedEntry(data, "company", own)
}

/* The active agreements by company, made once per version of the catalog. */
let agreementCache = null

function agreementsOf(companyId) {
  const catalog = parentCatalog()
  if (!catalog) return null
  if (!agreementCache || agreementCache.version !== catalog.version) {
    const companies = new Map()
    catalog.agreements.forEach(([company, ...values]) => {
      if (!companies.has(company)) companies.set(company, [])
      companies.get(company).push(agreementEntry(values))
    })
    agreementCache = { version: catalog.version, companies }
  }
  return agreementCache.companies.get(Number(companyId)) || []
}

function agreementEntry([id, name, type, start, end, next, prorate]) {
  const details = [
    type,
    next && fill(labels.next_invoice, { date: dayText(next) }),
    prorate ? labels.prorates : labels.does_not_prorate,
    start && fill(labels.starts, { date: dayText(start) }),
    end && fill(labels.ends, { date: dayText(end) }),
  ]
  const description = details.filter(Boolean).join(" · ")
  return { id, identifier: name, description, category: "", flags: 0 }
}

function agreementById(companyId, id) {
  return (agreementsOf(companyId) || []).find((entry) => entry.id === Number(id))
}

/* Another company takes its only active agreement along and leaves those of the one before: the
   rule of core/domain/customers.py, so that the cell shows it before the server answers. */
function agreementOf(data) {
  const own = { id: data.agreement_id, identifier: data.agreement, description: data.agreement_note }
  const company = pending(data, "company")
  const step = pending(data, "agreement")
  if (company && (!step || step.number < company.number)) {
    const active = company.value === null ? [] : agreementsOf(company.value) || []
    const kept = active.find((entry) => String(entry.id) === stagedOr(data, "agreement", own.id))
    const chosen = kept || (active.length === 1 ? active[0] : null)
    return chosen ? { ...chosen, id: String(chosen.id) } : { id: "", identifier: "", description: "" }
  }
  if (!step) return own
  if (step.value === null) return { id: "", identifier: "", description: "" }
  const entry = agreementById(companyOf(data).id, step.value)
  return entry
    ? { ...entry, id: String(entry.id) }
    : { id: String(step.value), identifier: step.text || "", description: "" }
}

class CustomerCell extends Cell {
  draw({ data }) {
    const name = nameLine(data, labels.unnamed)
    if (!data.unlisted) name.classList.add("us-two-lines")
    this.gui.append(name)
    if (data.unlisted) {
      const second = element("span", "us-sub us-warned")
      second.append(icon("unlisted"), element("span", "", labels.unlisted))
      this.gui.append(second)
    }
    this.whole = [data.name || labels.unnamed]
    const hints = [data.unlisted && labels.unlisted_hint, conflictHint(data)]
    this.more = [fill(labels.tenant_id, { id: data.code }), ...hints]
  }
}

class BillingCell extends Cell {
  draw({ data }) {
    this.gui.append(element("span", "us-main us-plain", data.billing || "–"))
    if (data.status) this.gui.append(element("span", "us-sub", data.status))
    this.whole = [data.billing, data.status]
  }
}

class CompanyCell extends Cell {
  draw({ data }) {
    const company = companyOf(data)
    if (company.id === "") {
      this.gui.append(element("span", "us-placeholder", labels.choose))
      this.whole = [labels.choose]
    } else {
      this.gui.append(element("span", "us-main", company.identifier || `#${company.id}`))
      this.gui.append(element("span", "us-sub", company.description))
      this.whole = [company.identifier, company.description]
    }
    if (isDirty(data, "company")) this.more = [wasHint(data.base_company)]
  }
}

class AgreementCell extends Cell {
  draw({ data }) {
    const agreement = agreementOf(data)
    if (agreement.id !== "") {
      this.gui.append(element("span", "us-main", agreement.identifier || `#${agreement.id}`))
      this.gui.append(this.second(data, agreement))
      this.whole = [agreement.identifier, agreement.description]
    } else {
      this.whole = [this.missing(companyOf(data).id)]
      this.gui.append(element("span", "us-placeholder", ...this.whole))
    }
    if (this.isShared(data, agreement)) this.more = [data.shared_hint]
    if (isDirty(data, "agreement")) this.more.push(wasHint(data.base_agreement))
  }

  isShared(data, agreement) {
    return data.shared && agreement.id === data.agreement_id
  }

  second(data, agreement) {
    const shared = this.isShared(data, agreement)
    const line = element("span", "us-sub", shared ? "" : agreement.description)
    if (shared) {
      line.classList.add("us-warned")
      line.append(icon("shared"), element("span", "", data.shared))
    }
    return line
  }

  missing(companyId) {
    if (companyId === "") return "–"
    const active = agreementsOf(companyId)
    return active && active.length === 0 ? labels.no_active : labels.choose_agreement
  }
}

class ActionsCell extends Cell {
  draw({ data }) {
    const name = data.name || data.code
    this.gui.classList.add("us-actions")
    const history = iconButton("history", naming(labels.history_of, name), () =>
      act("history", data),
    )
    this.gui.append(history)
    if (data.company_id === "") return
    const refresh = iconButton("refresh", naming(labels.refresh_of, name), () =>
      act("refresh", data),
    )
    this.gui.append(refresh)
  }
}

class LastSyncCell extends Cell {
  draw({ data }) {
    if (data.last_sync === "") {
      this.gui.append(element("span", "us-faint", "–"))
      this.more = [labels.never_synced]
      return
    }
    const result = element("span", `us-main us-result ${data.last_sync_failed ? "us-failed" : "us-done"}`)
    result.append(icon(data.last_sync_failed ? "broken" : "active"))
    result.append(element("span", "", data.last_sync_result))
    this.gui.append(result, element("span", "us-sub", data.last_sync))
    this.whole = [data.last_sync_result]
    this.more = [data.last_sync_hint]
  }
}

class CompanyEditor extends TypeAhead {
  field = "company"

  aside({ flags, category }) {
    return flags & NO_AGREEMENT ? labels.no_active : category
  }
}

/* A short list, so it is there at once; typing narrows it. */
class AgreementEditor extends TypeAhead {
  field = "agreement"

  words(name) {
    return labels[`agreement_${name}`] || super.words(name)
  }

  isTooShort() {
    return false
  }

  find(text) {
    const all = agreementsOf(companyOf(this.params.data).id)
    if (!all) return null
    const words = normalise(text).split(" ")
    const entries = all.filter(({ identifier, description }) => {
      const searched = normalise(`${identifier} ${description}`)
      return words.every((word) => searched.includes(word))
    })
    return { total: entries.length, entries }
  }

  matches(text) {
    const options = super.matches(text)
    if (text !== "") return options
    if (options.length === 0) {
      const { id } = companyOf(this.params.data)
      this.hint.textContent = id === "" ? labels.no_company : labels.agreement_none
    }
    if (this.current(this.params.data) !== "") options.push({ kind: "remove" })
    return options
  }
}

const page = {
  catalog: "companies",
  fields: {
    company: { read: (data) => companyOf(data).id, base: (data) => data.base_company_id },
    agreement: { read: (data) => agreementOf(data).id, base: (data) => data.base_agreement_id },
    sync: SYNC_FIELD,
  },
  suggested: "company",
  toggles: ["sync"],
  presses: ["actions", "suggestion"],
  clears: ["company", "agreement"],
  components: {
    customerCell: CustomerCell,
    billingCell: BillingCell,
    companyCell: CompanyCell,
    companyEditor: CompanyEditor,
    agreementCell: AgreementCell,
    agreementEditor: AgreementEditor,
    actionsCell: ActionsCell,
    lastSyncCell: LastSyncCell,
  },
  values: {
    customer: ({ data }) => `${data.name} ${data.code}`,
    billing: ({ data }) => `${data.billing} ${data.status}`,
    company: ({ data }) => {
      const company = companyOf(data)
      return `${company.identifier} ${company.description}`.trim()
    },
    agreement: ({ data }) => {
      const agreement = agreementOf(data)
      return `${agreement.identifier} ${agreement.description}`.trim()
    },
    last_sync: ({ data }) => data.last_sync_at,
  },
}
