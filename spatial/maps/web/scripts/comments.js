// Comments pinned to places: listed with who and when, settled by who draws, and written in a form.
import { byId, h } from "./elements.js";
import { remember, remembered } from "./correct.js";
/** @import { Comment, FirstSight } from "./talk.js" */
/** @import { Words } from "./words.js" */

/** @typedef {ReturnType<typeof createComments>} Comments */
/** @typedef {{ by: string, text: string }} Remark */

/**
 * @typedef {object} CommentEvents
 * @property {() => void} begin somebody wants to say something of a place
 * @property {(comment: Comment) => void} show
 * @property {(comment: Comment, settled: boolean) => void} settle
 * @property {(space: string) => string | null} spaceName
 */

/**
 * Make what writes comments.
 *
 * @param {Words} words
 * @param {Pick<FirstSight, "role">} first
 * @param {CommentEvents} on
 */
export function createComments(words, { role }, on) {
  const t = words.t;

  /** Who, when, and where. @param {Comment} comment */
  function about(comment) {
    const day = new Intl.DateTimeFormat(t("format.locale"), { dateStyle: "long", timeStyle: "short" }).format(new Date(comment.at));
    const space = comment.space && on.spaceName(comment.space);
    return [t("studio.commented", { by: comment.by, role: t("studio.role." + comment.role), day }), space && t("studio.comment_at", { space }), comment.settled && t("studio.comment_settled")].filter(Boolean).join(" · ");
  }
  /** @param {Comment} comment */
  function row(comment) {
    const { number, settled, text } = comment, name = t("studio.comment_number", { n: number });
    const button = (/** @type {string} */ key, /** @type {() => void} */ press) => h("button", { type: "button", class: "fr-more", "aria-label": t("studio." + key) + ": " + name, on: press }, t("studio." + key));
    return h("li", { class: settled ? "fr-settled" : undefined }, h("p", {}, h("b", {}, number + " "), text), h("p", { class: "fr-quiet" }, about(comment)),
      h("div", { class: "fr-buttons" }, button("comment_show", () => on.show(comment)),
        role === "edit" ? button(settled ? "comment_reopen" : "comment_settle", () => on.settle(comment, !settled)) : null));
  }
  /** @param {Comment[]} comments */
  function write(comments) {
    const sorted = [...comments.filter((each) => !each.settled), ...comments.filter((each) => each.settled)];
    byId("fr-comments").replaceChildren(h("h2", {}, t("studio.comments")),
      ...(role === "look" ? [] : [h("p", { class: "fr-quiet" }, t("studio.comments_text")),
        h("div", { class: "fr-buttons" }, h("button", { type: "button", class: "fr-more", id: "fr-comment", on: on.begin }, t("studio.comment_here")))]),
      ...(comments.length ? [h("ul", { class: "fr-said" }, ...sorted.map(row)), h("p", {}, h("a", { href: "/api/comments.geojson", download: "" }, t("studio.save_comments")))] : [h("p", { class: "fr-quiet" }, t("studio.comments_none"))]));
  }
  /** What is to be said. @param {(remark: Remark) => void} onSend */
  function form(onSend) {
    const text = h("textarea", { id: "fr-comment-text", required: true, maxlength: 2000, rows: 4 });
    const by = h("input", { id: "fr-comment-by", type: "text", required: true, maxlength: 60, autocomplete: "name", value: remembered() });
    const made = h("form", { class: "fr-naming" }, h("label", { for: text.id }, t("studio.comment_text")), text, h("label", { for: by.id }, t("studio.comment_by")), by,
      h("button", { class: "fr-more", type: "submit", id: "fr-comment-ok" }, t("studio.ok")));
    made.addEventListener("submit", (event) => {
      event.preventDefault();
      remember(by.value);
      onSend({ by: by.value, text: text.value });
    });
    return made;
  }
  return { write, form, about };
}
