// How the search ranks. A page whose own title has a word of the query comes first, before pages that
// have it in a heading and before names in the reference. Pages about how the SDK is built come last.
var Scorer = {
  score: ([page, title, , , score]) => {
    const query = new URLSearchParams(window.location.search).get("q") ?? "";
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    if (page.startsWith("architecture/")) return score - 15;
    const named = !page.startsWith("reference/") && !title.includes(" > ");
    return named && words.some((word) => title.toLowerCase().includes(word)) ? score + 10 : score;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
