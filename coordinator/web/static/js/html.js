// Templates without a compiler: html`<p>${text}</p>`. Texts are always set as text, never as markup.
import htm from "htm";
import { h } from "preact";

export const html = htm.bind(h);
