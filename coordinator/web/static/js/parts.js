// Pieces that many pages are made of.
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { percent } from "./format.js";
import { replayed } from "./store.js";
import { t, word } from "./words.js";

const share = (ratio) => `${Math.min(1, Math.max(0, ratio)) * 100}%`;

/** A coloured word; the shape tells the same as the colour. */
export const Badge = ({ tone = "plain", children }) => html`<span class=${`badge ${tone}`}>${children}</span>`;

const STATE_TONES = {
  driving: "busy",
  working: "busy",
  charging: "good",
  idle: "plain",
  waiting: "warn",
  suspect: "warn",
  manual: "warn",
  unknown: "plain",
  lost: "bad",
  stopped: "bad",
  blocked: "bad",
  faulted: "bad",
};

export const RobotBadge = ({ state }) =>
  html`<${Badge} tone=${STATE_TONES[state] ?? "plain"}>${word("state", state)}<//>`;

const MISSION_TONES = { running: "busy", waiting: "plain", paused: "warn", succeeded: "good", partly_done: "warn", failed: "bad", cancelled: "plain" };

export const MissionBadge = ({ state }) =>
  html`<${Badge} tone=${MISSION_TONES[state] ?? "plain"}>${word("mission", state)}<//>`;

const POINT_TONES = { ok: "good", due: "warn", overdue: "bad", none: "plain" };

export const PointBadge = ({ state }) => html`<${Badge} tone=${POINT_TONES[state]}>${word("point", state)}<//>`;

export function Severity({ severity }) {
  return html`<span class=${`severity ${severity}`}><i aria-hidden="true"></i>${word("severity", severity)}</span>`;
}

export function Charge({ ratio }) {
  // The journal doesn't hold it.
  if (replayed.value) return "–";
  const tone = ratio < 0.2 ? "bad" : ratio < 0.35 ? "warn" : "good";
  return html`<span class="charge">
    <span class="meter" aria-hidden="true"><i class=${tone} style=${{ width: share(ratio) }}></i></span>
    <span class="digits">${percent(ratio)}</span>
  </span>`;
}

/** How full a thing is, from 0 to 1; `mark` is where the limit lies. */
export function Bar({ ratio, tone = "busy", mark }) {
  return html`<span class="bar" aria-hidden="true">
    <i class=${tone} style=${{ width: share(ratio) }}></i>
    ${mark === undefined ? null : html`<b style=${{ left: share(mark) }}></b>`}
  </span>`;
}

export function Button({ icon, children, tone = "", ...more }) {
  return html`<button type="button" class=${`button ${tone}`} ...${more}>
    ${icon ? html`<${Icon} name=${icon} size=${18} />` : null}${children}
  </button>`;
}

export function IconButton({ icon, label, ...more }) {
  return html`<button type="button" class="icon-button" aria-label=${label} title=${label} ...${more}>
    <${Icon} name=${icon} />
  </button>`;
}

export const Empty = ({ children }) => html`<p class="empty">${children}</p>`;

export function Tile({ label, value, tone = "", onClick, pressed }) {
  const body = html`<span class="tile-value digits">${value}</span><span class="tile-label">${label}</span>`;
  return onClick
    ? html`<button type="button" class=${`tile ${tone}`} aria-pressed=${pressed} onClick=${onClick}>${body}</button>`
    : html`<div class=${`tile ${tone}`}>${body}</div>`;
}

/** Choices of which one is taken. */
export function Choice({ label, options, value, onChange }) {
  return html`<div class="choice" role="group" aria-label=${label}>
    ${options.map(
      ([key, text]) =>
        html`<button type="button" key=${key} aria-pressed=${key === value} onClick=${() => onChange(key)}>${text}</button>`,
    )}
  </div>`;
}

/**
 * A table that can be sorted by its heads.
 * columns: {key, title, sort?: row -> comparable, cell: row -> node, className?}
 */
export function Table({ columns, rows, rowKey, onRow, selected, initialSort, label }) {
  const [order, setOrder] = useState(initialSort ?? null);
  const by = order && columns.find((column) => column.key === order.key);
  const sorted = by
    ? [...rows].sort((a, b) => {
        const [x, y] = [by.sort(a), by.sort(b)];
        return (x < y ? -1 : x > y ? 1 : 0) * (order.down ? -1 : 1);
      })
    : rows;
  const head = (column) => {
    if (!column.sort) return html`<th scope="col" key=${column.key} class=${column.className}>${column.title}</th>`;
    const isBy = order?.key === column.key;
    const next = { key: column.key, down: isBy ? !order.down : Boolean(column.down) };
    return html`<th
      scope="col"
      key=${column.key}
      class=${column.className}
      aria-sort=${isBy ? (order.down ? "descending" : "ascending") : "none"}
    >
      <button type="button" class="sort" onClick=${() => setOrder(next)}>
        ${column.title}<span aria-hidden="true">${isBy ? (order.down ? "↓" : "↑") : ""}</span>
      </button>
    </th>`;
  };
  return html`<div class="table-frame" tabindex="0" role="region" aria-label=${label}>
    <table>
      <thead>
        <tr>
          ${columns.map(head)}
        </tr>
      </thead>
      <tbody>
        ${sorted.map(
          (row) =>
            html`<tr
              key=${rowKey(row)}
              class=${onRow ? "linked" : ""}
              aria-selected=${selected === undefined ? undefined : selected === rowKey(row)}
              onClick=${onRow ? (event) => event.target.closest("button, a, input") || onRow(row) : undefined}
            >
              ${columns.map((column) => html`<td key=${column.key} class=${column.className}>${column.cell(row)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** A modal window; Escape and the cross close it. */
export function Dialog({ title, onClose, children }) {
  const element = useRef(null);
  useEffect(() => {
    const dialog = element.current;
    if (!dialog.open) dialog.showModal();
    dialog.querySelector("[data-first]")?.focus();
  }, []);
  return html`<dialog ref=${element} class="dialog" aria-labelledby="dialog-title" onClose=${onClose}>
    <header>
      <h2 id="dialog-title">${title}</h2>
      <${IconButton} icon="close" label=${t("close_window")} onClick=${() => element.current.close()} />
    </header>
    ${children}
  </dialog>`;
}

/** A dialog with a reason; `act` gets the reason and tells by its answer whether to close. */
export function ReasonDialog({ title, text, isNeeded = true, action, tone = "main", extra, act, onClose }) {
  const [reason, setReason] = useState("");
  const [isBusy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    const answer = await act(reason.trim());
    setBusy(false);
    if (answer) onClose();
  };
  const isReady = !isBusy && (!isNeeded || reason.trim() !== "");
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <form class="form" onSubmit=${submit}>
      ${text ? html`<p>${text}</p>` : null} ${extra}
      <label class="field">
        <span>${isNeeded ? t("reason") : t("reason_optional")}</span>
        <input
          data-first
          name="reason"
          maxlength="200"
          autocomplete="off"
          value=${reason}
          onInput=${(event) => setReason(event.target.value)}
        />
      </label>
      <footer>
        <${Button} onClick=${onClose}>${t("cancel")}<//>
        <button class=${`button ${tone}`} disabled=${!isReady}>${action}</button>
      </footer>
    </form>
  <//>`;
}

/** Facts as name and value. */
export const Facts = ({ rows }) =>
  html`<dl class="facts">
    ${rows
      .filter(([, value]) => value !== null && value !== undefined && value !== "" && value.length !== 0)
      .map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>`;
