// Metres of the map frame (x east, y north) to pixels of the canvas (right, down), and back.

const CLOSEST = 60;
const MARGIN = 0.92;

export class Camera {
  constructor() {
    this.x_m = 0;
    this.y_m = 0;
    this.scale = 8;
    this.width = 1;
    this.height = 1;
    this.farthest = 0.2;
  }

  px = (x_m) => (x_m - this.x_m) * this.scale + this.width / 2;
  py = (y_m) => (this.y_m - y_m) * this.scale + this.height / 2;
  xOf = (px) => (px - this.width / 2) / this.scale + this.x_m;
  yOf = (py) => this.y_m - (py - this.height / 2) / this.scale;

  resize(width, height) {
    this.width = width;
    this.height = height;
  }

  /** Show a whole rectangle. */
  fit({ west, south, east, north }) {
    this.x_m = (west + east) / 2;
    this.y_m = (south + north) / 2;
    const scale = Math.min(this.width / Math.max(1, east - west), this.height / Math.max(1, north - south)) * MARGIN;
    this.scale = Math.min(CLOSEST, scale);
    this.farthest = scale / 3;
  }

  pan(right_px, down_px) {
    this.x_m -= right_px / this.scale;
    this.y_m += down_px / this.scale;
  }

  /** Zoom, so that what lies under a pixel stays there. */
  zoom(factor, px = this.width / 2, py = this.height / 2) {
    const [x_m, y_m] = [this.xOf(px), this.yOf(py)];
    this.scale = Math.min(CLOSEST, Math.max(this.farthest, this.scale * factor));
    this.x_m = x_m - (px - this.width / 2) / this.scale;
    this.y_m = y_m + (py - this.height / 2) / this.scale;
  }

  center(x_m, y_m) {
    this.x_m = x_m;
    this.y_m = y_m;
  }

  get key() {
    return `${this.x_m} ${this.y_m} ${this.scale} ${this.width} ${this.height}`;
  }
}
