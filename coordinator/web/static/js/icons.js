// Line icons on a 24 x 24 grid, in the text's colour.
import { html } from "./html.js";

const PATHS = {
  map: "M9 4 3.5 6.5v13L9 17l6 3 5.5-2.5v-13L15 7 9 4Zm0 0v13m6-10v13",
  robots: "M5 9.5h14v8H5zM12 9.5V6m-4 15v-3.5m8 3.5v-3.5M9 13.5h.01m5.99 0h.01M12 6a1.2 1.2 0 1 0 0-2.4A1.2 1.2 0 0 0 12 6Z",
  missions: "M6 4h9l3 3v13H6zM9 11l1.5 1.5L13 10m-4 6.5h6",
  rounds: "M12 4a8 8 0 1 0 8 8m-8-5v5l3.5 2M16.5 3.5 20 4.5l-1 3.5",
  alarms: "M12 4a6 6 0 0 0-6 6v4l-1.5 3h15L18 14v-4a6 6 0 0 0-6-6Zm-2 13.5a2 2 0 0 0 4 0",
  observations: "M4 19.5h16M4 4.5v15M7.5 15l3.5-4.5 3 2.5 5-7",
  traffic: "M8 3.5h8v17H8zM12 7.5h.01M12 12h.01M12 16.5h.01M8 6.5H5m3 5.5H5m3 5.5H5m14-11h-3m3 5.5h-3m3 5.5h-3",
  stop: "M8 3.5h8L20.5 8v8L16 20.5H8L3.5 16V8zM9 9h6v6H9z",
  play: "M7 4.5v15l12-7.5z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8Zm0-5v2m0 14v2m9-9h-2M5 12H3m15.4-6.4L17 7M7 17l-1.4 1.4m12.8 0L17 17M7 7 5.6 5.6",
  moon: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10Z",
  user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7.5 8.5a7.5 7.5 0 0 1 15 0",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13Zm5-1.5L21 21",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  fit: "M4 9V4h5m6 0h5v5m0 6v5h-5m-6 0H4v-5",
  layers: "m12 4 8.5 4.5L12 13 3.5 8.5zm-8.5 9L12 18l8.5-4.5",
  close: "m6 6 12 12M18 6 6 18",
  follow: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8Zm0-5v4m0 10v4m9-9h-4M7 12H3",
  check: "m5 12.5 4.5 4.5L19 7",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16Zm0 3.5V12l3 2",
  book: "M5 4.5h9.5A3.5 3.5 0 0 1 18 8v11.5H8A3 3 0 0 1 5 16.5zM5 16.5A3 3 0 0 1 8 14h10",
  bolt: "M13 3 5 13.5h6L10.5 21 19 10h-6z",
  link: "M4 17.5v-3m5 3v-6m5 6v-9m5 9v-12",
  warning: "M12 4.5 3.5 19.5h17zM12 10v4.5m0 2.5h.01",
  replay: "M4.5 12a7.5 7.5 0 1 1 2.2 5.3M4.5 12V7m0 5h5M12 8.5V12l2.5 2",
  pause: "M8.5 5v14m7-14v14",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
};

export function Icon({ name, size = 20 }) {
  return html`<svg
    class="icon"
    width=${size}
    height=${size}
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="1.8"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
    focusable="false"
  >
    <path d=${PATHS[name]} />
  </svg>`;
}
