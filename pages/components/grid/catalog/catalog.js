/* A component without a face: it takes a catalog (products, or companies) once per version and
   keeps it on the page, where the grid's frame reads it. Later runs of the page bring the version
   only. It also lets the browser ask before a reload or a closed tab drops unsaved changes. */
const page = window.parent

// A script of the page itself: what is added from this frame stops running once the frame is gone,
// which it is as soon as another page is shown, while the changes are still unsaved.
if (!page.usageSyncLeaving) {
  page.usageSyncLeaving = true
  const script = page.document.createElement("script")
  script.textContent =
    'window.addEventListener("beforeunload", (event) => { if (window.usageSyncUnsaved) event.preventDefault() })'
  page.document.head.append(script)
}

function post(type, values) {
  page.postMessage({ isStreamlitMessage: true, type: `streamlit:${type}`, ...values }, "*")
}

window.addEventListener("message", ({ data }) => {
  if (data.type !== "streamlit:render") return
  const { name, version, packed, unsaved } = data.args
  page.usageSyncUnsaved = unsaved
  const catalogs = (page.usageSyncCatalogs ??= {})
  const known = catalogs[name]
  if (!packed || (known && known.version === version)) return
  catalogs[name] = { version, ...JSON.parse(packed) }
  page.dispatchEvent(new CustomEvent("usage-sync-catalog"))
})

window.frameElement?.setAttribute("aria-hidden", "true")
window.frameElement?.setAttribute("tabindex", "-1")
post("componentReady", { apiVersion: 1 })
post("setFrameHeight", { height: 0 })
