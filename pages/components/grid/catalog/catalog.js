/* A component without a face: it takes the product catalog once per version and keeps it on the
   page, where the grid's frame reads it. Later runs of the page bring the version only. */
const page = window.parent

function post(type, values) {
  page.postMessage({ isStreamlitMessage: true, type: `streamlit:${type}`, ...values }, "*")
}

window.addEventListener("message", ({ data }) => {
  if (data.type !== "streamlit:render") return
  const { version, packed } = data.args
  const known = page.usageSyncCatalog
  if (!packed || (known && known.version === version)) return
  page.usageSyncCatalog = { version, ...JSON.parse(packed) }
  page.dispatchEvent(new CustomEvent("usage-sync-catalog"))
})

window.frameElement?.setAttribute("aria-hidden", "true")
window.frameElement?.setAttribute("tabindex", "-1")
post("componentReady", { apiVersion: 1 })
post("setFrameHeight", { height: 0 })
