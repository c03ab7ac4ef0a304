// Joins a view to a page of `evals-mcp serve`: it asks this server, which only reads.
window.evals = {
  async callTool(name, given) {
    const query = new URLSearchParams({ name, arguments: JSON.stringify(given) });
    const response = await fetch(`${location.pathname.replace(/\/$/, "")}/document?${query}`, { credentials: "same-origin" });
    const found = await response.json().catch(() => null);
    if (!response.ok || !found) throw new Error(found && found.detail || `The server answered ${response.status}.`);
    return found;
  },
  logAddress: (id) => `../logs/${encodeURIComponent(id)}?evaluation=${location.pathname.replace(/\/$/, "").split("/").pop()}`,
};
