// Which page is shown, and of what: #/robots/sim-01?level=deck
import { signal } from "@preact/signals";

function parse() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [page = "map", ...rest] = path.split("/");
  const name = rest.length ? decodeURIComponent(rest.join("/")) : null;
  return { page: page || "map", name, query: new URLSearchParams(query) };
}

export const route = signal(parse());

addEventListener("hashchange", () => {
  route.value = parse();
});

export const href = (page, name, query) =>
  `#/${page}${name ? `/${encodeURIComponent(name)}` : ""}${query ? `?${new URLSearchParams(query)}` : ""}`;

export const go = (page, name, query) => {
  location.hash = href(page, name, query);
};
