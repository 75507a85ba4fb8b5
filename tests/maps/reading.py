"""A reader of reports: headings, paragraphs and tables of a page, by Python's own parser."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """What a page says; ``tables`` by caption, each a list of rows of texts, the head first."""

    def __init__(self, text):
        super().__init__()
        self.headings, self.items, self.paragraphs, self.tables, self.tags = [], [], [], {}, []
        self.meta, self.lang, self.title, self.alts = [], None, "", []
        self._rows, self._open, self._hidden = [], [], 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append((tag, given))
        if tag == "html":
            self.lang = given.get("lang")
        if tag == "meta":
            self.meta.append(given)
            return
        if tag == "svg":
            self.alts += [given["aria-label"]] if "aria-label" in given else []
        if tag == "span" and "label" in given.get("class", ""):
            self._hidden += 1
        if tag == "tr":
            self._rows.append([])
        if tag in ("td", "th"):
            self._rows[-1].append("")
        if tag != "col":
            self._open.append((tag, given, []))

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        while self._open:
            opened, given, said = self._open.pop()
            text = " ".join("".join(said).replace("\u2060", "").replace("\u00a0", " ").split())
            self._close(opened, given, text)
            if opened == tag:
                return

    def _close(self, tag, given, text):
        if tag == "span" and "label" in given.get("class", ""):
            self._hidden -= 1
        {"h1": self.headings, "h2": self.headings, "li": self.items, "p": self.paragraphs}.get(tag, []).append(text)
        if tag == "title":
            self.title = text
        if tag == "caption":
            self.caption = text
        if tag in ("td", "th"):
            self._rows[-1][-1] = text
        if tag == "table":
            self.tables[self.caption], self._rows = self._rows, []

    def handle_data(self, data):
        inside = [tag for tag, _, _ in self._open]
        if self._hidden or "svg" in inside or "style" in inside:
            return
        for _, _, said in self._open:
            said.append(data)
        if self._open and self._open[-1][0] == "span":
            for _, _, said in self._open:
                said.append(" ")
