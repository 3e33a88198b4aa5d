/* What the grid as a whole does: keyboard, selection, view state, quick filter, theme. */
function later(action, wait) {
  let timer = 0
  return () => {
    clearTimeout(timer)
    timer = setTimeout(action, wait)
  }
}

const ROW_HEIGHT = 46
// What a cell has around its content, borders among it: above and below, and at both sides.
const AROUND_HEIGHT = 10
const AROUND_WIDTH = 20
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
  const fit = later(fitExplained, 30)
  api.addEventListener("rowDataUpdated", fitExplained)
  api.addEventListener("columnResized", ({ finished }) => finished && fit())
  api.addEventListener("displayedColumnsChanged", fit)
  document.fonts.addEventListener("loadingdone", () => {
    measured.clear()
    fit()
  })
  api.addEventListener("selectionChanged", noteSelection)
  api.addEventListener("stateUpdated", noteView)
  fitExplained()
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

function fitExplained() {
  measureNew()
  let changed = false
  const respanned = []
  gridApi.forEachNode((node) => {
    const is = { height: rowHeight(node), span: explainedSpan(node.data) }
    const was = explained.get(node.id) || { height: 2 * ROW_HEIGHT, span: is.span }
    changed ||= was.height !== is.height
    if (was.span !== is.span) respanned.push(node)
    explained.set(node.id, is)
  })
  if (changed) gridApi.resetRowHeights()
  if (respanned.length > 0) gridApi.redrawRows({ rowNodes: respanned })
}

/* The height of what is explained, by what it says and how wide it is. */
const measured = new Map()

/* All that is new is measured at once, so that the browser lays it out once. */
function measureNew() {
  const cells = new Map()
  gridApi.forEachNode(({ data }) => {
    const key = data && data.explanation && measureKey(data)
    if (key && !measured.has(key) && !cells.has(key)) cells.set(key, explainedCell(data))
  })
  if (cells.size === 0) return
  const holder = element("div", "us-measure")
  holder.setAttribute("aria-hidden", "true")
  holder.append(...cells.values())
  document.body.append(holder)
  cells.forEach((cell, key) => measured.set(key, Math.ceil(cell.getBoundingClientRect().height)))
  holder.remove()
}

function explainedCell(data) {
  const cell = new StateCell()
  cell.gui = element("div", "us-cell")
  cell.gui.style.width = `${explainedWidth(data)}px`
  cell.draw({ data })
  return cell.gui
}

function measureKey(data) {
  const { state, next_state: next, since, explanation } = data
  return JSON.stringify([explainedWidth(data), state, next, since, explanation])
}

function explainedSpan(data) {
  const column = gridApi && gridApi.getColumn("state")
  return column ? stateSpan({ data, api: gridApi, column }) : 1
}

function explainedWidth(data) {
  const column = gridApi && gridApi.getColumn("state")
  if (!column) return 0
  const beside = explainedSpan(data) === 2 ? gridApi.getDisplayedColAfter(column) : null
  return column.getActualWidth() + (beside ? beside.getActualWidth() : 0) - AROUND_WIDTH
}

/* Before the columns have their widths nothing is measured yet; `fitExplained` follows. */
function rowHeight({ data }) {
  if (!data || !data.explanation) return ROW_HEIGHT
  const height = measured.get(measureKey(data))
  return height ? Math.max(ROW_HEIGHT, height + AROUND_HEIGHT) : 2 * ROW_HEIGHT
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
