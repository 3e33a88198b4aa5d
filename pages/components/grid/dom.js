/* Small DOM builders. Text always goes in through textContent: what a vendor's API sends is data. */
function element(tag, className, text) {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (text !== undefined && text !== "") node.textContent = text
  return node
}

const ICONS = {
  plus: "M12 5v14M5 12h14",
  details: "M4 5h16v14H4zM8 10h8M8 14h5",
  history: "M4 12a8 8 0 1 0 2.6-5.9L4 8.5M4 4v4.5h4.5M12 8v4.5l3 2",
  active: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8 12.3l2.8 2.7L16 9.5",
  off: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8 12h8",
  unmapped: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9.6 9.6a2.5 2.5 0 1 1 3.4 2.3c-.7.3-1 .8-1 1.6M12 16.6v.1",
  stopped: "M8 3h8l5 5v8l-5 5H8l-5-5V8zM10 9v6M14 9v6",
  broken: "M12 4 2.8 20h18.4zM12 10v4.5M12 17.2v.1",
  refresh: "M20 5v5h-5M4 19v-5h5M18.5 10a7 7 0 0 0-12-3L4 9.5M5.5 14a7 7 0 0 0 12 3l2.5-2.5",
  shared: "M9 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM3 19c0-3 2.7-5 6-5s6 2 6 5M16 5.2a3 3 0 0 1 0 5.6M18 14.4c1.8.7 3 2.3 3 4.6",
  unlisted: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM5.6 5.6l12.8 12.8",
  blocked: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7.5V13M12 16.2v.1",
  conflict: "M7 4 3 8l4 4M3 8h12M17 12l4 4-4 4M21 16H9",
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("viewBox", "0 0 24 24")
  svg.setAttribute("aria-hidden", "true")
  svg.setAttribute("class", "us-icon")
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path")
  path.setAttribute("d", ICONS[name])
  svg.appendChild(path)
  return svg
}

function iconButton(name, label, onClick) {
  const button = element("button", "us-icon-button")
  button.type = "button"
  button.tabIndex = -1
  button.title = label
  button.setAttribute("aria-label", label)
  button.appendChild(icon(name))
  button.onclick = (event) => {
    event.stopPropagation()
    onClick()
  }
  return button
}

/* A day as the reader writes it, from `2026-12-01`. */
function dayText(iso) {
  const format = new Intl.DateTimeFormat(readerLocale, { dateStyle: "medium", timeZone: "UTC" })
  return format.format(new Date(`${iso}T00:00:00Z`))
}

/* A label with one place, whatever it is called there. */
function naming(template, name) {
  return template.replace(/\{\w+\}/, () => name)
}

function fill(template, places) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in places ? places[name] : whole))
}
