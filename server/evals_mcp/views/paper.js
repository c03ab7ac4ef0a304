// For paper, where nothing can be chosen: what is listed is printed with both outputs, else the worst datapoints of a
// report. This goes on with the script of the comparison.
const ON_PAPER = 10, PAPER_TEXT = 3000;
const CAME = { regressed: "that got worse", lower: "that got lower", higher: "that got higher", changed: "that changed" };
const undone = [];
function toPaper() {
  if (undone.length || !written) return;
  undone.push(() => {});
  for (const part of document.querySelectorAll("details:not([open])")) {
    part.open = true;
    undone.push(() => { part.open = false; });
  }
  for (const button of document.querySelectorAll("#list .open[aria-expanded=false]")) {
    button.click();
    undone.push(() => button.click());
  }
  const list = document.getElementById("list");
  if (!list || list.firstChild) return;
  list.append(...worst(JSON.parse(written.textContent)));
  undone.push(() => list.replaceChildren());
}
function fromPaper() {
  while (undone.length) undone.pop()();
}
function worst(doc) {
  if (doc.kind !== "comparison") return [];
  if (evals.callTool) return [h("p", {}, "To have datapoints on paper, list them before printing, or print this report's html file.")];
  return doc.datapoints.filter((page) => page.rows.length && CAME[page.outcome]).map((page) => {
    const rows = page.rows.slice(0, ON_PAPER), total = Math.max(page.total, page.rows.length);
    const told = `${rows.length < total ? `${rows.length} of ` : ""}${count(total, "datapoint")} ${CAME[page.outcome]}`;
    return h("section", {}, h("h2", {}, `${runLabel(doc, page.run)} against ${runLabel(doc, doc.baseline)}: ${told}`),
      rows.map((item) => h("section", { class: "datapoint" }, h("h3", {}, item.evaluators.map((id) => changeBy(doc, item, id)).join("; ")),
        opened(doc, page.run, shortened(item), ""))));
  });
}
function changeBy(doc, item, evaluator) {
  const words = [item.baseline, item.candidate].map((log) =>
    log ? log.judgments.filter((j) => j.evaluator === evaluator).map((j) => j.word).join(" + ") || "no judgment" : "no log");
  return `${evaluatorLabel(doc, evaluator)} ${words.join(" → ")}`;
}
function shortened(item) {
  const cut = (parts) => parts.map((part) => ({ ...part, text: part.text.slice(0, PAPER_TEXT), length: part.length || part.text.length }));
  const log = (found) => found && { ...found, output: cut(found.output) };
  return { ...item, input: cut(item.input), target: cut(item.target), baseline: log(item.baseline), candidate: log(item.candidate) };
}
addEventListener("beforeprint", toPaper);
addEventListener("afterprint", fromPaper);
