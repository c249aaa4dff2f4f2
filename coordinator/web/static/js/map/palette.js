// The map's colours, from the page's style so that both themes have theirs.

const NAMES = [
  "map-floor", "map-way", "map-way-edge", "map-node", "map-ink", "map-halo", "map-closed", "map-locked", "map-slow",
  "map-jam", "map-point-0", "map-point-1", "map-point-2", "map-point-3", "map-point-4", "map-point-none", "map-dock",
  "map-parking", "map-holding", "map-exit", "map-route", "map-picked", "map-door", "robot-busy", "robot-work", "robot-charge",
  "robot-idle", "robot-wait", "robot-bad", "zone-blocked", "zone-single_vehicle", "zone-capacity", "zone-speed_limit",
  "zone-penalty", "zone-permit_to_work",
];

export function readPalette() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

export const ROBOT_COLORS = {
  driving: "robot-busy",
  working: "robot-work",
  charging: "robot-charge",
  idle: "robot-idle",
  unknown: "robot-idle",
  manual: "robot-wait",
  waiting: "robot-wait",
  suspect: "robot-wait",
  stopped: "robot-bad",
  blocked: "robot-bad",
  faulted: "robot-bad",
  lost: "robot-bad",
};

// Upper end of a band of the age ratio, and its colour; overdue points have the last one.
export const AGE_BANDS = [
  [0.5, "map-point-0"],
  [0.8, "map-point-1"],
  [1.0, "map-point-2"],
  [Infinity, "map-point-3"],
];

export function ageColor(ratio, isOverdue) {
  if (ratio === null) return "map-point-none";
  return isOverdue ? "map-point-4" : AGE_BANDS.find(([end]) => ratio < end)[1];
}

// Received power in dBm from which a band begins, and its tint; below the first a connection isn't to be counted on.
export const RADIO_BANDS = [
  [-Infinity, [214, 69, 61, 0.34]],
  [-110, [229, 155, 58, 0.26]],
  [-100, [224, 195, 106, 0.22]],
  [-90, [120, 180, 140, 0.22]],
  [-80, [60, 160, 150, 0.3]],
];
