// Amounts in words: exact digits from minor units, never through a floating-point number.
import { scaleOf } from "./currencies";
import { big, type Minor } from "./exact";

const MINUS = "\u2212";
const GROUP = /\B(?=(\d{3})+(?!\d))/g;

export function formatMinor(value: Minor, scale: number): string {
  const minor = big(value);
  const digits = (minor < 0n ? -minor : minor).toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale).replace(GROUP, ",");
  const figure = scale === 0 ? whole : `${whole}.${digits.slice(-scale)}`;
  return minor < 0n ? MINUS + figure : figure;
}

export function formatMoney(value: Minor, currency: string, scale = scaleOf(currency)): string {
  return `${formatMinor(value, scale)} ${currency}`;
}

export function formatCount(value: Minor): string {
  const count = big(value);
  return (count < 0n ? MINUS : "") + (count < 0n ? -count : count).toString().replace(GROUP, ",");
}

// For axes only, where a pixel is coarser than a double.
export function toPixels(value: Minor, scale: number): number {
  return Number(big(value)) / 10 ** scale;
}

export function formatAxis(value: number): string {
  return new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 }).format(value);
}
