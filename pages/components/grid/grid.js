/* What the grid as a whole does: keyboard, selection, view state, quick filter, theme. */
function later(action, wait) {
  let timer = 0
  return () => {
    clearTimeout(timer)
    timer = setTimeout(action, wait)
  }
}

const ROW_HEIGHT = 46
const EXPLAINED_HEIGHT = 92
const NARROWLY_EXPLAINED_HEIGHT = 138
const postSoon = later(post, 150)
const postView = later(post, 600)

function takeView() {
  const { filter, sort, columnSizing, columnOrder, columnPinning } = gridApi.getState()
  return { state: { filter, sort, columnSizing, columnOrder, columnPinning }, quick: quickText }
}

function noteView() {
  const now = takeView()
  if (JSON.stringify(now) === JSON.stringify(view)) return
  const first = view === null
  view = now
  if (!first) postView()
}

function noteSelection() {
  const ids = []
  gridApi.forEachNodeAfterFilterAndSort((node) => node.isSelected() && ids.push(node.id))
  if (JSON.stringify(ids) === JSON.stringify(selected)) return
  selected = ids
  postSoon()
}

function onCellKeyDown({ event, node, colDef, data }) {
  const key = event.key.toLowerCase()
  if ((event.ctrlKey || event.metaKey) && (key === "z" || key === "y")) {
    event.preventDefault()
    return act(key === "y" || event.shiftKey ? "redo" : "undo", data)
  }
  const press = key === " " || key === "enter"
  const column = colDef.colId
  if (press && page.toggles.includes(column)) stage(node, column, !valueOf(data, column))
  else if (press && page.presses.includes(column)) {
    const button = event.target.querySelector("button")
    if (button) button.click()
  } else if ((key === "delete" || key === "backspace") && page.clears.includes(column)) {
    stage(node, column, null)
  } else return
  event.preventDefault()
}

function suppressKey({ event, editing, colDef }) {
  if (editing) return true
  if (event.ctrlKey || event.metaKey) return event.key.toLowerCase() === "z"
  const column = colDef.colId
  if (page.clears.includes(column)) return ["Delete", "Backspace"].includes(event.key)
  const pressed = page.toggles.includes(column) || page.presses.includes(column)
  return pressed && [" ", "Enter"].includes(event.key)
}

function buildQuickFilter(start) {
  const bar = element("div", "us-bar")
  const input = element("input", "us-quick")
  input.type = "search"
  input.value = start
  input.placeholder = labels.quick_filter
  input.setAttribute("aria-label", labels.quick_filter)
  const count = element("span", "us-count")
  count.setAttribute("role", "status")
  const apply = later(() => {
    quickText = input.value
    gridApi.setGridOption("quickFilterText", quickText)
    noteView()
  }, 60)
  input.addEventListener("input", apply)
  bar.append(input, count)
  return { bar, count }
}

function followTheme() {
  const follow = () => {
    const styles = getComputedStyle(document.documentElement)
    const rgb = colourOf(styles.getPropertyValue("--background-color"))
    document.documentElement.style.colorScheme = rgb < 128 ? "dark" : "light"
    const injected = [...document.head.querySelectorAll("style")].filter((style) =>
      style.textContent.includes("--secondary-background-color:"),
    )
    injected.slice(0, -1).forEach((style) => style.remove())
  }
  new MutationObserver(follow).observe(document.head, { childList: true })
  follow()
}

function colourOf(text) {
  const context = document.createElement("canvas").getContext("2d")
  context.fillStyle = text.trim() || "#ffffff"
  context.fillRect(0, 0, 1, 1)
  const [r, g, b] = context.getImageData(0, 0, 1, 1).data
  return 0.299 * r + 0.587 * g + 0.114 * b
}

function onGridReady({ api, context }) {
  if (gridApi === api) return
  gridApi = api
  readerLocale = context.locale
  document.documentElement.lang = context.language
  window.frameElement?.setAttribute("title", labels.grid)
  const container = document.getElementById("gridContainer")
  quickText = context.quick
  const { bar, count } = buildQuickFilter(quickText)
  container.prepend(bar)
  const tell = () => {
    const shown = api.getDisplayedRowCount()
    count.textContent = fill(labels.rows, { shown })
  }
  const prepare = () => (window.requestIdleCallback || setTimeout)(() => search())
  window.parent.addEventListener("usage-sync-catalog", prepare)
  prepare()
  api.addEventListener("modelUpdated", () => {
    tell()
    noteSelection()
  })
  api.addEventListener("rowDataUpdated", redrawExplained)
  api.addEventListener("selectionChanged", noteSelection)
  api.addEventListener("stateUpdated", noteView)
  gridApi.forEachNode((node) => explained.set(node.id, rowHeight(node)))
  tell()
}

const style = document.createElement("style")
style.textContent = CSS_TEXT
document.head.appendChild(style)
followTheme()

/* What needs explaining takes the place of a suggestion where there is none. */
function stateSpan({ data, api, column }) {
  if (!data || !data.explanation || data.suggestion_id !== "") return 1
  const next = api.getDisplayedColAfter(column)
  return next && next.getColId() === "suggestion" ? 2 : 1
}

/* AG Grid looks at spans and heights only when it makes a row. */
const explained = new Map()

function redrawExplained() {
  const changed = []
  gridApi.forEachNode((node) => {
    const shape = rowHeight(node)
    if ((explained.get(node.id) || ROW_HEIGHT) !== shape) changed.push(node)
    explained.set(node.id, shape)
  })
  if (changed.length === 0) return
  gridApi.resetRowHeights()
  gridApi.redrawRows({ rowNodes: changed })
}

function rowHeight({ data }) {
  if (!data || !data.explanation) return ROW_HEIGHT
  return data.suggestion_id === "" ? EXPLAINED_HEIGHT : NARROWLY_EXPLAINED_HEIGHT
}

const quickWords = (text) => normalise(text).split(/\s+/).filter(Boolean)

/* Rows come as one JSON list each. AG Grid asks for the id of a row before anything else. */
function unpacked(data, fields) {
  if (data.packed) {
    JSON.parse(data.packed).forEach((value, i) => (data[fields[i]] = value))
    delete data.packed
  }
  return data
}

window.usageSyncGrid = {
  unpacked,
  onGridReady,
  onCellKeyDown,
  suppressKey,
  stateSpan,
  rowHeight,
  isDirty,
  components: {
    switchCell: SwitchCell,
    stateCell: StateCell,
    suggestionCell: SuggestionCell,
    ...page.components,
  },
  values: {
    sync: ({ data }) => valueOf(data, "sync"),
    state: ({ data }) => labels[`state_${data.state}`] || data.state,
    suggestion: ({ data }) => data.suggestion_score,
    ...page.values,
  },
  CatalogSearch,
  normalise,
  quickWords,
  quickMatch: (words, text) => {
    const normalised = normalise(text)
    return words.every((word) => normalised.includes(word))
  },
}
return window.usageSyncGrid
