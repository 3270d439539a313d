// How the search ranks. First come pages that have the words of the query in their title, then those
// that have them together in a heading, then names in the reference. Whole words count, in any form
// ("retry" is "retries"); parts of words do not. Pages about how the SDK is built come last.
var Scorer = {
  score: ([page, title, , , score]) => {
    const stems = (text) => splitQuery(text.toLowerCase()).map((word) => new Stemmer().stemWord(word));
    const query = stems(new URLSearchParams(window.location.search).get("q") ?? "");
    const words = query.filter((word) => !stopwords.has(word));
    // The share of the query that a title or a heading has.
    const share = (text) => words.filter((word) => stems(text).includes(word)).length / (words.length || 1);
    const { docnames, alltitles } = Search._index;
    const headings = Object.keys(alltitles).filter((heading) =>
      alltitles[heading].some(([file]) => docnames[file] === page),
    );
    if (page.startsWith("architecture/")) return score - 15;
    if (page.startsWith("reference/") || title.includes(" > ")) return score;
    return score + 10 * share(title) + 10 * Math.max(...headings.map(share));
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 1,
  term: 5,
  partialTerm: 1,
};
