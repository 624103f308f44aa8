/** Colours and shapes of categories: nine hues, and another shape each time they come round. */

import { isDark } from "../theme.js";

const LIGHT = ["#0e6a70", "#b4561b", "#5a4fa2", "#3f7d2c", "#b03060", "#2f6fb3", "#8a6a00", "#7a4a2b", "#5b6673"];
const DARK = ["#5fc2bf", "#f0a063", "#a9a0f0", "#93cf78", "#f089ae", "#7fb8f2", "#dcbc4f", "#cf9f7c", "#aab4c0"];
const SHAPES = ["circle", "diamond", "square", "triangle-up", "cross", "star"];

/** category -> {place, shape}; names in the order in which they take a colour. */
export function paletteOf(names) {
  const shape = (place) => SHAPES[Math.floor(place / LIGHT.length) % SHAPES.length];
  return new Map(names.map((name, place) => [name, { place: place % LIGHT.length, shape: shape(place) }]));
}

/** The colour of a place in the theme of now. */
export function hue(place) {
  return (isDark() ? DARK : LIGHT)[place];
}
