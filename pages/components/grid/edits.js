/* What the person did and the server has not taken yet.

   Every step gets a number that only grows (the clock, so that it also grows over a remount). Each
   row brings, as `seen`, the last number that the server has taken: steps up to it are in the row's
   own values, later ones lie over them. All steps that are not taken travel with every message, so
   that none is lost when several fall into one run of the page. */
const steps = []
let lastNumber = 0
let gridApi = null
let selected = []
let view = null
let quickText = ""

function parentCatalog() {
  try {
    return window.parent.usageSyncCatalog || null
  } catch {
    return null
  }
}

let searchCache = null

function search() {
  const catalog = parentCatalog()
  if (!catalog) return null
  if (!searchCache || searchCache.version !== catalog.version) {
    searchCache = new ProductSearch(catalog)
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

function syncOf(data) {
  const step = pending(data, "sync")
  return step ? step.value : data.sync
}

function productOf(data) {
  const step = pending(data, "product")
  if (!step) return { id: data.product_id, identifier: data.identifier, description: data.description }
  if (step.value === null) return { id: "", identifier: "", description: "" }
  const entry = search() && search().entry(step.value)
  if (!entry) return { id: String(step.value), identifier: step.text || "", description: "" }
  return { ...entry, id: String(entry.id) }
}

function isDirty(data, field) {
  if (field === "sync") return syncOf(data) !== data.base_sync
  return productOf(data).id !== data.base_product_id
}

function stage(node, field, value, text) {
  const current = field === "sync" ? syncOf(node.data) : productOf(node.data).id
  if (String(value ?? "") === String(current)) return
  record({ kind: "stage", code: node.data.code, field, value, text: text || "" }, node.data.seen)
  gridApi.refreshCells({ rowNodes: [node], force: true })
}

function act(kind, data, text) {
  record({ kind, code: data ? data.code : "", text: text || "" }, data ? data.seen : 0)
}
