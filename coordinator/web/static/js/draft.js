// The mission that is being put together: points picked on the map, on the rounds board or from the list.
import { signal } from "@preact/signals";

const picked = signal([]);

export const draft = {
  get points() {
    return picked.value;
  },
  has: (id) => picked.value.includes(id),
  add(id) {
    if (!picked.value.includes(id)) picked.value = [...picked.value, id];
  },
  addAll(ids) {
    picked.value = [...new Set([...picked.value, ...ids])];
  },
  remove(id) {
    picked.value = picked.value.filter((point) => point !== id);
  },
  toggle(id) {
    if (picked.value.includes(id)) draft.remove(id);
    else draft.add(id);
  },
  clear() {
    picked.value = [];
  },
};
