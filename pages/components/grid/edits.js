/* What the person did and the server has not taken yet.

   Every step gets a number that only grows (the clock, so that it also grows over a remount). Each
   row brings, as `seen`, the last number that the server has taken: steps up to it are in the row's
   own values, later ones lie over them. All steps that are not taken travel with every message, so
   that none is lost when several fall into one run of the page.

   What can be edited is told by the page's own script, in `page.fields`: by name, how a row is read
   with what lies over it, and how as it was loaded. */
const steps = []
let lastNumber = 0
let gridApi = null
let selected = []
let view = null
let quickText = ""
let readerLocale = "en"

function parentCatalog() {
  try {
    return (window.parent.usageSyncCatalogs || {})[page.catalog] || null
  } catch {
    return null
  }
}

let searchCache = null

function search() {
  const catalog = parentCatalog()
  if (!catalog) return null
  if (!searchCache || searchCache.version !== catalog.version) {
    searchCache = new CatalogSearch(catalog)
  }
  return searchCache
}

function post() {
  const catalog = parentCatalog()
  const value = {
    steps: steps.slice(),
    selected,
    view,
    catalog: catalog ? catalog.version : "",
  }
  window.parent.postMessage(
    { isStreamlitMessage: true, type: "streamlit:setComponentValue", value, dataType: "json" },
    "*",
  )
}

function dropTaken(seen) {
  while (steps.length && steps[0].number <= seen) steps.shift()
}

function record(step, seen) {
  dropTaken(seen || 0)
  lastNumber = Math.max(Date.now(), lastNumber + 1, (seen || 0) + 1)
  steps.push({ number: lastNumber, ...step })
  post()
}

function pending(data, field) {
  for (let i = steps.length - 1; i >= 0; i--) {
    const step = steps[i]
    if (step.number <= data.seen) return undefined
    if (step.code === data.code && step.field === field) return step
  }
  return undefined
}

/* Values as rows have them: IDs are text, "" is nothing. */
function plain(value) {
  if (value === null || value === undefined) return ""
  return typeof value === "boolean" ? value : String(value)
}

function valueOf(data, field) {
  return page.fields[field].read(data)
}

/* What was staged for a field and is not taken yet, or else what the row has. */
function stagedOr(data, field, saved) {
  const step = pending(data, field)
  return step ? plain(step.value) : saved
}

/* An entry of the catalog that was staged, or else what the row says of its own. */
function stagedEntry(data, field, own) {
  const step = pending(data, field)
  if (!step) return own
  if (step.value === null) return { id: "", identifier: "", description: "" }
  const entry = search() && search().entry(step.value)
  if (!entry) return { id: String(step.value), identifier: step.text || "", description: "" }
  return { ...entry, id: String(entry.id) }
}

const SYNC_FIELD = {
  read: (data) => stagedOr(data, "sync", data.sync),
  base: (data) => data.base_sync,
}

function isDirty(data, field) {
  return valueOf(data, field) !== page.fields[field].base(data)
}

function stage(node, field, value, text) {
  if (plain(value) === valueOf(node.data, field)) return
  record({ kind: "stage", code: node.data.code, field, value, text: text || "" }, node.data.seen)
  gridApi.refreshCells({ rowNodes: [node], force: true })
}

function act(kind, data, text) {
  record({ kind, code: data ? data.code : "", text: text || "" }, data ? data.seen : 0)
}
